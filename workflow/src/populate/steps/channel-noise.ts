/**
 * @module
 * Noise of each channel: median absolute deviation of the band-passed signal without delay, the one that mean waveforms are cut from.
 */
import {
  filterBackwards,
  makeTraces,
  medianInPlace,
  type PreprocessingPlan,
  Preprocessor,
  type Recording,
} from "@tenon/ephys";

/** Twenty stretches of a third of a second, as SpikeInterface takes 20 of 10 000 samples. */
const stretchCount = 20;
const stretchSamples = 10_000;
/** Of the normal distribution: MAD to standard deviation. */
const madToDeviation = 1 / 0.67449;

/** @returns Float64Array [channels], uV; 0 for a channel that is not used */
export async function channelNoise(
  recording: Recording,
  plan: PreprocessingPlan,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Float64Array> {
  const { channelCount, sampleCount } = recording;
  const length = Math.min(stretchSamples, sampleCount);
  const count = Math.max(1, Math.min(stretchCount, Math.floor(sampleCount / length)));
  const rows = Array.from({ length: channelCount }, () => new Float32Array(count * length));
  const preprocessor = Preprocessor.create(plan);
  try {
    const traces = makeTraces(length, channelCount);
    for (let i = 0; i < count; i++) {
      options.signal?.throwIfAborted();
      const start = count === 1 ? 0 : Math.floor(((sampleCount - length) * i) / (count - 1));
      await preprocessor.filter(recording, start, start + length, traces.data);
      filterBackwards(plan.sections, traces);
      for (let t = 0; t < length; t++)
        for (let c = 0; c < channelCount; c++) rows[c]![i * length + t] = traces.data[t * channelCount + c]!;
    }
  } finally {
    preprocessor.dispose();
  }
  return Float64Array.from(rows, (row, channel) => (plan.isUsed[channel] === 0 ? 0 : deviation(row)));
}

/** Robust standard deviation; the values are put in another order and changed. */
function deviation(values: Float32Array): number {
  const centre = medianInPlace(values);
  for (let i = 0; i < values.length; i++) values[i] = Math.abs(values[i]! - centre);
  return medianInPlace(values) * madToDeviation;
}
