/**
 * @module
 * Orders candidates, and keeps of those that are near each other in time and space the largest.
 */
import type { DetectorModel, Events } from "./detector-model.ts";

/**
 * Makes events of a flat list, in order of sample, then channel.
 *
 * @param found  sample, channel, score of each, one after the other
 */
export function arrangeEvents(found: readonly number[], channelCount: number): Events {
  const count = found.length / 3;
  // one number holds place and index, so that numbers are sorted and nothing is compared by a function
  const keys = new Float64Array(count);
  for (let i = 0; i < count; i++) keys[i] = (found[3 * i] * channelCount + found[3 * i + 1]) * count + i;
  keys.sort();
  const samples = new Int32Array(count);
  const channels = new Int32Array(count);
  const scores = new Float32Array(count);
  for (let to = 0; to < count; to++) {
    const at = 3 * (keys[to] % count);
    samples[to] = found[at];
    channels[to] = found[at + 1];
    scores[to] = found[at + 2];
  }
  return { samples, channels, scores };
}

/**
 * Drops every candidate that has a larger one within `exclusionSamples` on a near channel; of equal ones the first remains.
 *
 * @param candidates  in order of sample, then channel
 * @param isNear  Uint8Array [channels x channels]
 */
export function largestEvents(
  candidates: Events,
  isNear: Uint8Array,
  { channelCount, exclusionSamples }: Pick<DetectorModel, "channelCount" | "exclusionSamples">,
): Events {
  const { samples, channels, scores } = candidates;
  const count = samples.length;
  const isOutdone = new Uint8Array(count);
  let kept = count;
  for (let i = 0; i < count; i++) {
    const end = samples[i] + exclusionSamples;
    const row = channels[i] * channelCount;
    const score = scores[i];
    for (let j = i + 1; j < count && samples[j] <= end; j++) {
      if (isNear[row + channels[j]] === 0) continue;
      const loser = scores[j] <= score ? j : i;
      kept -= 1 - isOutdone[loser];
      isOutdone[loser] = 1;
    }
  }
  const out = {
    samples: new Int32Array(kept),
    channels: new Int32Array(kept),
    scores: new Float32Array(kept),
  };
  for (let i = 0, to = 0; i < count; i++) {
    if (isOutdone[i] === 1) continue;
    out.samples[to] = samples[i];
    out.channels[to] = channels[i];
    out.scores[to] = scores[i];
    to++;
  }
  return out;
}
