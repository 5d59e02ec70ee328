/**
 * @module
 * Units with fewer channels than others in `pc_feature_ind.npy`: filled up on writing, recognized on reading.
 *
 * What a newcomer would get wrong: -1 says "none" well, but phylib makes 4294967295 of it and fails, and the number of channels fails
 * too. So columns that a unit has not get other channels of the probe, each once, with features of 0: they weigh nothing.
 */

export interface FilledChannels {
  /** Int32Array [units x perUnit], every one a channel. */
  readonly indices: Int32Array;
  /** The features, 0 in the columns that were filled. */
  readonly features: Float32Array;
}

/**
 * Gives every column a channel.
 *
 * @param indices  [units x perUnit], -1 for none; perUnit is at most `channelCount`
 * @param features  [spikes x components x perUnit]; @param unitOfSpikes  row of `indices` of each spike
 */
export function fillChannels(
  indices: Int32Array,
  perUnit: number,
  channelCount: number,
  features: Float32Array,
  unitOfSpikes: Int32Array,
): FilledChannels {
  if (!indices.some((channel) => channel < 0)) return { indices, features };
  const filled = indices.slice();
  for (let from = 0; from < filled.length; from += perUnit) {
    const own = new Set(filled.subarray(from, from + perUnit));
    let next = 0;
    for (let at = from; at < from + perUnit; at++) {
      if (filled[at] >= 0) continue;
      while (own.has(next) && next < channelCount - 1) next++;
      filled[at] = next++;
    }
  }
  const width = unitOfSpikes.length === 0 ? 0 : features.length / unitOfSpikes.length;
  const zeroed = features.map((value, at) => {
    const unit = unitOfSpikes[Math.floor(at / width)];
    return indices[unit * perUnit + (at % perUnit)] < 0 ? 0 : value;
  });
  return { indices: filled, features: zeroed };
}

/**
 * Turns filled columns back into -1: those without a feature other than 0 in any of a template's rows. Templates without rows stay.
 *
 * @param channels  [templates x perTemplate]; @param data  [rows x components x perTemplate]
 * @param templates  of each row
 */
export function markFilled(
  channels: Int32Array,
  perTemplate: number,
  data: Float32Array,
  templates: ArrayLike<number>,
): Int32Array {
  const hasRows = new Uint8Array(channels.length / perTemplate);
  const isUsed = new Uint8Array(channels.length);
  const width = templates.length === 0 ? 0 : data.length / templates.length;
  for (let row = 0; row < templates.length; row++) {
    const template = templates[row];
    hasRows[template] = 1;
    for (let at = 0; at < width; at++)
      if (data[row * width + at] !== 0) isUsed[template * perTemplate + (at % perTemplate)] = 1;
  }
  return channels.map((channel, at) =>
    hasRows[Math.floor(at / perTemplate)] === 1 && isUsed[at] === 0 ? -1 : channel,
  );
}
