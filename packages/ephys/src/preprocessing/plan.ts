/**
 * @module
 * Learns a recording's preprocessing from a few quiet stretches: which channels are used, common medians, whitening, noise.
 *
 * Method: local ZCA whitening (shared/sorting.md S3-S6). Where contacts sit on several shanks, neighbours and common medians stay within a
 * shank; shanks with fewer than `minimumMedianChannels` used channels (a bundle of tetrodes) share one median if together they have enough.
 */
import type { Recording } from "../core/recording.ts";
import { makeTraces, type Traces } from "../core/traces.ts";
import { butterworth } from "../dsp/filter-design.ts";
import { TraceKernels } from "../dsp/wasm/load.ts";
import { ParameterError } from "../errors.ts";
import { makeSymmetricEigenWork, symmetricEigen } from "../linalg/symmetric-eigen.ts";
import { liveNoiseInPlace } from "./live-noise.ts";
import { nearestChannels } from "./neighbours.ts";
import { maskLoud, quietCovariance } from "./noise-covariance.ts";
import { type PreprocessingParameters, preprocessingParameters } from "./parameters.ts";
import type { PreprocessingPlan, SparseRows } from "./preprocessing-plan.ts";
import { Preprocessor } from "./preprocessor.ts";

export interface PlanOptions {
  /** Stops the planning; it then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Told the fraction that is done, from 0 to 1. */
  readonly progress?: ((fraction: number) => void) | undefined;
}

/** A sample belongs to a pair's covariance when both channels are below so many times their noise. */
const QUIET_LIMIT = 4;
/** Of the noise stretches every second sample is kept, and fewer of a probe with very many channels: at most so many numbers. */
const KEPT_NUMBERS = 30_000_000;
/** Samples of a channel that its noise is taken from, at least: an error of one percent. */
const NOISE_SAMPLES = 15_000;
const LONGEST_MARGIN = 1500;

/**
 * Learns the preprocessing of a recording.
 *
 * @param parameters  those that differ from `DEFAULT_PREPROCESSING`
 * @returns a plan for `Preprocessor.create`; can be sent to worker threads
 * @throws ParameterError when a parameter is out of range, or the recording has no sample or no channel to use
 */
export async function planPreprocessing(
  recording: Recording,
  parameters: Partial<PreprocessingParameters> = {},
  options: PlanOptions = {},
): Promise<PreprocessingPlan> {
  const full = preprocessingParameters(parameters);
  const { channelCount, samplingRateHz, probe } = recording;
  const sections = butterworth(full.filterOrder, { type: "bandpass", edgeHz: full.bandHz, samplingRateHz });
  if (recording.sampleCount === 0)
    throw new ParameterError("The recording has no samples to learn noise from", "recording");
  const stretches = spread(recording, full, samplingRateHz);
  const isUsed = await usedChannels(recording, stretches);
  if (!isUsed.includes(1))
    throw new ParameterError(
      "The recording has no channel to use: all are constant or marked unused by the probe",
      "recording",
    );
  const bare: PreprocessingPlan = {
    parameters: full,
    samplingRateHz,
    channelCount,
    sections,
    marginSamples: filterMemory(sections),
    isUsed,
    medianGroup: medianGroups(probe.shank, isUsed, full.minimumMedianChannels),
    whitening: {
      rowStart: new Int32Array(channelCount + 1),
      channels: new Int32Array(0),
      weights: new Float32Array(0),
    },
    noiseUv: new Float32Array(channelCount),
  };
  const quiet = await collect(recording, bare, stretches, false, 2, options, [0, 0.5]);
  const noiseUv = channelNoise(quiet);
  for (let c = 0; c < channelCount; c++) if (isUsed[c] === 0) noiseUv[c] = 0;
  const rows = whiteningRows(quiet, recording, isUsed, noiseUv, full);
  options.progress?.(0.7);
  const whitened = { ...bare, noiseUv, whitening: rows };
  const some = stretches.filter((_, i) => i % 2 === 0);
  const scale = channelNoise(await collect(recording, whitened, some, true, 3, options, [0.7, 1]));
  return { ...whitened, whitening: divideRows(rows, scale) };
}

/** Even stretches [start, end) over the recording; fewer when it is short. */
function spread(
  recording: Recording,
  parameters: PreprocessingParameters,
  samplingRateHz: number,
): [number, number][] {
  const length = Math.min(
    recording.sampleCount,
    Math.max(1, Math.round(parameters.noiseStretchSeconds * samplingRateHz)),
  );
  const count = Math.min(parameters.noiseStretches, Math.max(1, Math.floor(recording.sampleCount / length)));
  const room = recording.sampleCount - length;
  const first = Math.min(LONGEST_MARGIN, room);
  return Array.from({ length: count }, (_, i) => {
    const start = Math.floor(first + ((room - first) * i) / Math.max(1, count - 1));
    return [start, start + length];
  });
}

/** Marks channels that the probe uses and that change at all. */
async function usedChannels(
  recording: Recording,
  stretches: readonly [number, number][],
): Promise<Uint8Array> {
  const { channelCount, probe } = recording;
  const changes = new Uint8Array(channelCount);
  for (const [start, end] of stretches) {
    if (!changes.includes(0)) break;
    const { data, sampleCount } = await recording.read(start, end);
    for (let i = channelCount; i < sampleCount * channelCount; i++)
      if (data[i] !== data[i - channelCount]) changes[i % channelCount] = 1;
  }
  return changes.map((change, c) => (probe.isUsed?.[c] === 0 ? 0 : change));
}

/** Numbers the groups of channels that share a median. */
function medianGroups(shank: Int32Array, isUsed: Uint8Array, minimum: number): Int32Array {
  const counts = new Map<number, number>();
  for (let c = 0; c < isUsed.length; c++)
    if (isUsed[c] !== 0) counts.set(shank[c], (counts.get(shank[c]) ?? 0) + 1);
  const large = [...counts].filter(([, count]) => count >= minimum).map(([number]) => number);
  let onSmall = 0;
  for (const count of counts.values()) if (count < minimum) onSmall += count;
  return Int32Array.from(isUsed, (used, c) => {
    if (used === 0) return -1;
    const group = large.indexOf(shank[c]);
    if (group >= 0) return group;
    return onSmall >= minimum ? large.length : -1;
  });
}

/** Samples after which a filter's answer to anything has fallen below 1e-9, from its slowest pole; 1500 at most. */
function filterMemory(sections: Float64Array): number {
  let slowest = 0;
  for (let at = 0; at < sections.length; at += 6) {
    const a1 = sections[at + 4];
    const a2 = sections[at + 5];
    const root = a1 * a1 - 4 * a2;
    slowest = Math.max(slowest, root < 0 ? Math.sqrt(a2) : (Math.abs(a1) + Math.sqrt(root)) / 2);
  }
  return Math.min(LONGEST_MARGIN, Math.ceil(Math.log(1e-9) / Math.log(slowest)));
}

/** Traces turned round and thinned: Float32Array [channels x count], one row per channel. */
interface Rows {
  readonly data: Float32Array;
  readonly channelCount: number;
  /** Row length, a multiple of 32. */
  readonly count: number;
  /** Samples in a row; the rest is zero. */
  readonly filled: number;
}

async function collect(
  recording: Recording,
  plan: PreprocessingPlan,
  stretches: readonly [number, number][],
  isWhitened: boolean,
  smallestStep: number,
  options: PlanOptions,
  progress: readonly [number, number],
): Promise<Rows> {
  const { channelCount } = plan;
  const length = stretches[0][1] - stretches[0][0];
  const step = Math.max(
    Math.min(smallestStep, length),
    Math.ceil((stretches.length * length * channelCount) / KEPT_NUMBERS),
  );
  const each = Math.ceil(length / step);
  const filled = each * stretches.length;
  const count = Math.ceil(filled / 32) * 32;
  const rows = { data: new Float32Array(channelCount * count), channelCount, count, filled };
  const preprocessor = Preprocessor.create(plan);
  const traces = makeTraces(length, channelCount);
  for (const [i, [start, end]] of stretches.entries()) {
    options.signal?.throwIfAborted();
    if (isWhitened) await preprocessor.whiten(recording, start, end, traces.data);
    else await preprocessor.filter(recording, start, end, traces.data);
    turnThinned(traces, step, rows, i * each);
    options.progress?.(progress[0] + ((progress[1] - progress[0]) * (i + 1)) / stretches.length);
  }
  preprocessor.dispose();
  return rows;
}

function turnThinned(traces: Traces, step: number, rows: Rows, at: number): void {
  const { data, sampleCount, channelCount } = traces;
  for (let t = 0, to = at; t < sampleCount; t += step, to++)
    for (let c = 0; c < channelCount; c++) rows.data[c * rows.count + to] = data[t * channelCount + c];
}

function channelNoise(rows: Rows): Float32Array {
  const noise = new Float32Array(rows.channelCount);
  const step = Math.max(1, Math.floor(rows.filled / NOISE_SAMPLES));
  const copy = new Float32Array(Math.floor(rows.filled / step));
  for (let c = 0; c < rows.channelCount; c++) {
    for (let i = 0, from = c * rows.count; i < copy.length; i++, from += step) copy[i] = rows.data[from];
    noise[c] = liveNoiseInPlace(copy);
  }
  return noise;
}

/** Row c of V (Lambda + eps)^(-1/2) V' of the covariance among channel c's neighbours. */
function whiteningRows(
  quiet: Rows,
  recording: Recording,
  isUsed: Uint8Array,
  noiseUv: Float32Array,
  parameters: PreprocessingParameters,
): SparseRows {
  const { channelCount } = quiet;
  const { whiteningNeighbours, whiteningRadiusUm, whiteningShrinkage } = parameters;
  const neighbours = Array.from({ length: channelCount }, (_, c) =>
    isUsed[c] === 0
      ? []
      : nearestChannels(recording.probe, isUsed, c, whiteningRadiusUm, whiteningNeighbours),
  );
  const limits = noiseUv.map((noise) => QUIET_LIMIT * noise);
  const masked = maskLoud(quiet.data, channelCount, quiet.count, limits);
  const covariance = quietCovariance(masked, neighbours, new TraceKernels());
  const rowStart = new Int32Array(channelCount + 1);
  for (let c = 0; c < channelCount; c++) rowStart[c + 1] = rowStart[c] + neighbours[c].length;
  const weights = new Float32Array(rowStart[channelCount]);
  for (let c = 0; c < channelCount; c++) {
    const near = neighbours[c];
    const size = near.length;
    if (size === 0) continue;
    const local = Float64Array.from(
      { length: size * size },
      (_, i) => covariance[near[Math.floor(i / size)] * channelCount + near[i % size]],
    );
    const { values, vectors } = symmetricEigen(local, size, makeSymmetricEigenWork(size));
    const shrinkage = whiteningShrinkage * values[size - 1];
    for (let k = 0; k < size; k++) {
      const gain = vectors[k * size] / Math.sqrt(Math.max(values[k], 0) + shrinkage);
      for (let j = 0; j < size; j++) weights[rowStart[c] + j] += gain * vectors[k * size + j];
    }
  }
  return { rowStart, channels: Int32Array.from(neighbours.flat()), weights };
}

function divideRows(rows: SparseRows, divisors: Float32Array): SparseRows {
  const weights = rows.weights.slice();
  for (let c = 0; c < divisors.length; c++)
    for (let k = rows.rowStart[c]; k < rows.rowStart[c + 1]; k++)
      weights[k] /= divisors[c] === 0 ? 1 : divisors[c];
  return { ...rows, weights };
}
