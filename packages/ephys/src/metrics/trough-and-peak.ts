/**
 * @module
 * The shape of a unit's waveform on its main channel: trough, the peak that follows it, and what lies between (pipeline contract 5.2).
 *
 * Definitions are SpikeInterface's (0.101) on the waveform upsampled ten times; times are converted to the columns' ms, the ratio is
 * absolute. What a newcomer would get wrong: a positive spike has a trough too, its lowest sample, however shallow.
 */

export interface WaveformShape {
  /** From the trough to the highest sample after it, ms. */
  readonly durationMs: number;
  /** Around the trough, from one sample before the first to one after the last below half of it, ms; NaN when it has no such side. */
  readonly halfwidthMs: number;
  /** Size of the peak over that of the trough. */
  readonly peakTroughRatio: number;
  /** Line through the samples from the trough to the first return to 0, uV/s; NaN when it does not return or at once. */
  readonly repolarizationSlope: number;
  /** Line through the 0.7 ms from the peak on, uV/s; NaN for a peak at an end of the waveform. */
  readonly recoverySlope: number;
}

const RECOVERY_WINDOW_S = 0.7e-3;
const LEAST_SAMPLES = 3;

/** Measures a waveform. @param waveform  uV, at `samplingRateHz` (upsampled already); NaN values give NaN */
export function waveformShape(waveform: Float64Array, samplingRateHz: number): WaveformShape {
  const count = waveform.length;
  let trough = 0;
  for (let t = 1; t < count; t++) if (waveform[t] < waveform[trough]) trough = t;
  let peak = trough;
  for (let t = trough + 1; t < count; t++) if (waveform[t] > waveform[peak]) peak = t;
  const stepMs = 1000 / samplingRateHz;
  return {
    durationMs: (peak - trough) * stepMs,
    halfwidthMs: halfwidthSamples(waveform, trough) * stepMs,
    peakTroughRatio: Math.abs(waveform[peak] / waveform[trough]),
    repolarizationSlope: repolarization(waveform, trough) * samplingRateHz,
    recoverySlope: recovery(waveform, peak, samplingRateHz) * samplingRateHz,
  };
}

function halfwidthSamples(waveform: Float64Array, trough: number): number {
  const threshold = 0.5 * waveform[trough];
  let first = 0;
  while (first < trough && !(waveform[first] < threshold)) first++;
  let last = waveform.length - 1;
  while (last >= trough && !(waveform[last] < threshold)) last--;
  return first >= trough || last < trough ? Number.NaN : last + 1 - (first - 1);
}

function repolarization(waveform: Float64Array, trough: number): number {
  if (trough === 0) return Number.NaN;
  let back = trough;
  while (back < waveform.length && !(waveform[back] >= 0)) back++;
  if (back === waveform.length || back - trough < LEAST_SAMPLES) return Number.NaN;
  return slope(waveform, trough, back);
}

function recovery(waveform: Float64Array, peak: number, samplingRateHz: number): number {
  if (peak === 0 || peak === waveform.length - 1) return Number.NaN;
  // 0.7 ms of a whole number of samples must not lose one to rounding
  const window = Math.floor(RECOVERY_WINDOW_S * samplingRateHz + 1e-6);
  return slope(waveform, peak, Math.min(peak + window, waveform.length));
}

/** Slope of the least-squares line through samples [start, end), per sample. */
function slope(values: Float64Array, start: number, end: number): number {
  const count = end - start;
  const middle = (count - 1) / 2;
  let mean = 0;
  for (let t = start; t < end; t++) mean += values[t];
  mean /= count;
  let up = 0;
  let across = 0;
  for (let i = 0; i < count; i++) {
    up += (i - middle) * (values[start + i] - mean);
    across += (i - middle) * (i - middle);
  }
  return up / across;
}
