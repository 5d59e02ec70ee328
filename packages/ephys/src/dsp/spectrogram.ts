/**
 * @module
 * Power spectral density over time, as `scipy.signal.spectrogram(x, fs, nperseg, noverlap)` gives with its defaults: Tukey window (0.25),
 * each segment's mean removed, one-sided, density (uV^2/Hz for uV).
 *
 * What a newcomer would get wrong: there is no padding. Samples after the last whole segment are not used.
 */
import { ParameterError } from "../errors.ts";
import { FourierTransform } from "./fft.ts";

export interface SpectrogramOptions {
  readonly samplingRateHz: number;
  /** Samples of a segment. */
  readonly segmentSamples: number;
  /** Samples that neighbouring segments share. */
  readonly overlapSamples: number;
}

export interface Spectrogram {
  /** Float64Array [frequencies x times]. */
  readonly power: Float64Array;
  /** Hz, from 0 to half the sampling rate. */
  readonly frequenciesHz: Float64Array;
  /** Middle of each segment, s from the first sample. */
  readonly timesS: Float64Array;
}

/** Computes a spectrogram.
 * @throws ParameterError when the signal is shorter than a segment, or the overlap is not less than the segment */
export function spectrogram(signal: Float32Array | Float64Array, options: SpectrogramOptions): Spectrogram {
  const { samplingRateHz, segmentSamples, overlapSamples } = options;
  checkOptions(signal.length, options);
  const step = segmentSamples - overlapSamples;
  const segmentCount = Math.floor((signal.length - overlapSamples) / step);
  const binCount = Math.floor(segmentSamples / 2) + 1;
  const window = tukeyWindow(segmentSamples, 0.25);
  let energy = 0;
  for (let i = 0; i < segmentSamples; i++) energy += window[i] * window[i];
  const density = 1 / (samplingRateHz * energy);
  const power = new Float64Array(binCount * segmentCount);
  const transform = new FourierTransform(segmentSamples);
  const re = new Float64Array(segmentSamples);
  const im = new Float64Array(segmentSamples);
  // two segments at a time, one as the real and one as the imaginary part; an odd last one goes with zeros
  for (let segment = 0; segment < segmentCount; segment += 2) {
    windowed(signal, segment * step, window, re);
    const hasSecond = segment + 1 < segmentCount;
    if (hasSecond) windowed(signal, (segment + 1) * step, window, im);
    else im.fill(0);
    transform.forward(re, im);
    for (let bin = 0; bin < binCount; bin++) {
      const mirror = (segmentSamples - bin) % segmentSamples;
      // 0 Hz and half the rate have no twin at negative frequencies
      const factor = bin === 0 || 2 * bin === segmentSamples ? density : 2 * density;
      const firstRe = (re[bin] + re[mirror]) / 2;
      const firstIm = (im[bin] - im[mirror]) / 2;
      const at = bin * segmentCount + segment;
      power[at] = factor * (firstRe * firstRe + firstIm * firstIm);
      if (!hasSecond) continue;
      const secondRe = (im[bin] + im[mirror]) / 2;
      const secondIm = (re[mirror] - re[bin]) / 2;
      power[at + 1] = factor * (secondRe * secondRe + secondIm * secondIm);
    }
  }
  return {
    power,
    frequenciesHz: Float64Array.from(
      { length: binCount },
      (_, bin) => (bin * samplingRateHz) / segmentSamples,
    ),
    timesS: Float64Array.from(
      { length: segmentCount },
      (_, segment) => (segmentSamples / 2 + segment * step) / samplingRateHz,
    ),
  };
}

/** A cosine-tapered window for spectra (periodic, as scipy makes it for them). @param taper  fraction of the length that is tapered */
export function tukeyWindow(length: number, taper: number): Float64Array {
  const window = new Float64Array(length).fill(1);
  if (length === 1) return window;
  // periodic: the symmetric window of one sample more, without its last
  const last = length;
  const width = Math.floor((taper * last) / 2);
  for (let i = 0; i < length; i++) {
    const fromStart = (2 * i) / taper / last;
    if (i <= width) window[i] = 0.5 * (1 + Math.cos(Math.PI * (fromStart - 1)));
    else if (i >= last - width) window[i] = 0.5 * (1 + Math.cos(Math.PI * (fromStart - 2 / taper + 1)));
  }
  return window;
}

function windowed(
  signal: Float32Array | Float64Array,
  start: number,
  window: Float64Array,
  out: Float64Array,
): void {
  let sum = 0;
  for (let i = 0; i < window.length; i++) sum += signal[start + i];
  const mean = sum / window.length;
  for (let i = 0; i < window.length; i++) out[i] = (signal[start + i] - mean) * window[i];
}

function checkOptions(
  length: number,
  { samplingRateHz, segmentSamples, overlapSamples }: SpectrogramOptions,
): void {
  if (!(samplingRateHz > 0))
    throw new ParameterError(`samplingRateHz must be above 0, got ${samplingRateHz}`, "samplingRateHz");
  if (!Number.isInteger(segmentSamples) || segmentSamples < 1)
    throw new ParameterError(
      `segmentSamples must be a whole number above 0, got ${segmentSamples}`,
      "segmentSamples",
    );
  if (segmentSamples > length)
    throw new ParameterError(
      `A segment of ${segmentSamples} samples is longer than the signal of ${length} samples; choose a shorter window`,
      "segmentSamples",
    );
  if (!Number.isInteger(overlapSamples) || overlapSamples < 0 || overlapSamples >= segmentSamples)
    throw new ParameterError(
      `overlapSamples must be a whole number in 0..${segmentSamples - 1}, got ${overlapSamples}`,
      "overlapSamples",
    );
}
