/**
 * @module
 * What the figures of one unit are drawn from, and the checks that they share.
 */

export interface UnitWaveformData {
  readonly unitId: number;
  /** Spikes of the unit (not only those averaged). */
  readonly spikeCount: number;
  readonly samplingRateHz: number;
  readonly sampleCount: number;
  readonly channelCount: number;
  /** Sample of the window that is time zero: the trough. */
  readonly peakSample: number;
  /** Index of the channel with the largest waveform. */
  readonly peakChannel: number;
  /** Mean waveform, uV [samples x channels], time-major. */
  readonly mean: ArrayLike<number>;
  /** Standard deviation over spikes, uV, of the same shape; no band is drawn without it. */
  readonly deviation?: ArrayLike<number>;
  /** Contact positions across and along the probe, um [channels]. */
  readonly channelX: ArrayLike<number>;
  readonly channelY: ArrayLike<number>;
  /** Shank of each contact; all on one when absent [channels]. */
  readonly channelShank?: ArrayLike<number>;
  /** Name of the peak channel for the title; its index when absent. */
  readonly peakChannelName?: string;
}

/** @throws RangeError naming the array that does not have its size, or the index that lies outside */
export function checkWaveforms(data: UnitWaveformData): void {
  const { sampleCount, channelCount, peakChannel, unitId, samplingRateHz } = data;
  const where = `Waveforms of unit ${unitId}`;
  const need = (name: string, got: number, expected: number): void => {
    if (got !== expected) throw new RangeError(`${where}: ${name} needs ${expected} values, got ${got}`);
  };
  need("mean", data.mean.length, sampleCount * channelCount);
  if (data.deviation !== undefined) need("deviation", data.deviation.length, sampleCount * channelCount);
  need("channelX", data.channelX.length, channelCount);
  need("channelY", data.channelY.length, channelCount);
  if (data.channelShank !== undefined) need("channelShank", data.channelShank.length, channelCount);
  if (!(samplingRateHz > 0))
    throw new RangeError(`${where}: samplingRateHz must be above 0, got ${samplingRateHz}`);
  if (sampleCount > 0 && !(peakChannel >= 0 && peakChannel < channelCount))
    throw new RangeError(`${where}: peakChannel must be in 0 to ${channelCount - 1}, got ${peakChannel}`);
}

/** One channel of a [samples x channels] array. */
export function channelOf(
  values: ArrayLike<number>,
  sampleCount: number,
  channelCount: number,
  channel: number,
): Float64Array {
  return Float64Array.from({ length: sampleCount }, (_, t) => values[t * channelCount + channel]!);
}
