/**
 * @module
 * The content of `analysis.LFPSpectrogram` for one LFP trace: its spectrogram, the power of each band over time, and two summaries
 * (pipeline contract 2.9).
 *
 * What a newcomer would get wrong: a band's power is the *mean* density of its frequencies (lower <= f < upper), not their sum, and with
 * a window of 0.25 s frequencies are 4 Hz apart, so that slow bands hold one frequency or none; a band without any has power 0.
 */
import { spectrogram } from "../dsp/spectrogram.ts";

export interface FrequencyBand {
  readonly name: string;
  readonly lowerHz: number;
  readonly upperHz: number;
}

export interface LfpSpectrogramOptions {
  readonly samplingRateHz: number;
  readonly windowS: number;
  readonly overlapS: number;
  readonly bands: readonly FrequencyBand[];
}

export interface BandPower {
  readonly name: string;
  /** Float64Array [times], uV^2/Hz. */
  readonly power: Float64Array;
  readonly mean: number;
  /** Divided by n, as numpy.std. */
  readonly std: number;
}

export interface LfpSpectrogram {
  /** Float64Array [frequencies x times], uV^2/Hz. */
  readonly spectrogram: Float64Array;
  /** Middle of each window, s. */
  readonly timesS: Float64Array;
  readonly frequenciesHz: Float64Array;
  readonly bands: readonly BandPower[];
  /** Mean over time of the band named "delta" (1-4 Hz when no band has that name), uV^2/Hz. */
  readonly deltaBandMeanPower: number;
  /** 95th minus 5th percentile over time of sqrt(mean density over all frequencies), uV/sqrt(Hz). */
  readonly powerRange90pct: number;
}

const DELTA: FrequencyBand = { name: "delta", lowerHz: 1, upperHz: 4 };

/** Computes it. @param lfp  uV; @throws ParameterError when the trace is shorter than the window or the overlap not below it */
export function lfpSpectrogram(
  lfp: Float32Array | Float64Array,
  options: LfpSpectrogramOptions,
): LfpSpectrogram {
  const { samplingRateHz, windowS, overlapS } = options;
  const { power, frequenciesHz, timesS } = spectrogram(lfp, {
    samplingRateHz,
    segmentSamples: wholeSamples(windowS * samplingRateHz),
    overlapSamples: wholeSamples(overlapS * samplingRateHz),
  });
  const measure = (band: FrequencyBand) => bandPower(power, frequenciesHz, timesS.length, band);
  const bands = options.bands.map(measure);
  const delta = bands.find(({ name }) => name === DELTA.name) ?? measure(DELTA);
  const envelope = meanOfRows(power, 0, frequenciesHz.length, timesS.length).map(Math.sqrt).sort();
  return {
    spectrogram: power,
    timesS,
    frequenciesHz,
    bands,
    deltaBandMeanPower: delta.mean,
    powerRange90pct: percentile(envelope, 95) - percentile(envelope, 5),
  };
}

/** The whole part, as Python's int(); a product that misses a whole number by rounding alone counts as it. */
function wholeSamples(samples: number): number {
  const nearest = Math.round(samples);
  return Math.abs(samples - nearest) < 1e-6 ? nearest : Math.trunc(samples);
}

function bandPower(
  power: Float64Array,
  frequenciesHz: Float64Array,
  timeCount: number,
  band: FrequencyBand,
): BandPower {
  let first = 0;
  while (first < frequenciesHz.length && frequenciesHz[first] < band.lowerHz) first++;
  let last = first;
  while (last < frequenciesHz.length && frequenciesHz[last] < band.upperHz) last++;
  const series = meanOfRows(power, first, last, timeCount);
  let sum = 0;
  for (let t = 0; t < timeCount; t++) sum += series[t];
  const mean = sum / timeCount;
  let squares = 0;
  for (let t = 0; t < timeCount; t++) squares += (series[t] - mean) ** 2;
  return { name: band.name, power: series, mean, std: Math.sqrt(squares / timeCount) };
}

/** Mean of rows [first, last) at each time; 0 for no rows. */
function meanOfRows(power: Float64Array, first: number, last: number, timeCount: number): Float64Array {
  const mean = new Float64Array(timeCount);
  for (let row = first; row < last; row++)
    for (let t = 0; t < timeCount; t++) mean[t] += power[row * timeCount + t] / (last - first);
  return mean;
}

/** Linear between ranks, as numpy.percentile. */
function percentile(sorted: Float64Array, percent: number): number {
  const place = ((sorted.length - 1) * percent) / 100;
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}
