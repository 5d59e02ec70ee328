/**
 * @module
 * The temporal basis of a recording: the few waveforms that its spikes are made of, and the coordinates in which noise is N(0, I).
 *
 * What a newcomer would get wrong: whitening was in space only. After a band-pass the noise of neighbouring samples is alike, so features
 * on a plain basis have a variance of 1.4 to 2.8, and every threshold in sigma would be off by that much. B_w = C^(-1/2) B mends it.
 *
 * Source: shared/prototypes/sorter, section 1 C.
 */
import type { Random } from "../core/random.ts";
import type { Recording } from "../core/recording.ts";
import type { PeakWaveforms } from "../detection/peak-waveforms.ts";
import { symmetricEigen } from "../linalg/symmetric-eigen.ts";
import type { MatchingBasis } from "../matching/matching-context.ts";
import type { Preprocessor } from "../preprocessing/preprocessor.ts";

/** Waveforms are scaled down to this norm, so that a few large units do not decide the basis. */
const NORM_CAP = 30;
/** Snippets whose largest |value| is above this are not noise ... */
const QUIET_LIMIT = 4.5;
/** ... and those that stay below this are silence: nothing was recorded there. */
const SILENCE_LIMIT = 0.3;
const NOISE_STRETCHES = 8;
const NOISE_SNIPPETS = 500;
/** Weight of the noise in the scatter: decides nothing but the directions that no spike fills. */
const NOISE_SHARE = 1e-6;

/** Snippets of noise: Float32Array [count x length]. */
export interface NoiseSnippets {
  readonly data: Float32Array;
  readonly count: number;
}

/** Collects snippets of single channels at random places where nothing stands out.
 * @param length  samples of a snippet */
export async function collectNoiseSnippets(
  preprocessor: Preprocessor,
  recording: Recording,
  length: number,
  options: { readonly random: Random; readonly signal?: AbortSignal | undefined },
): Promise<NoiseSnippets> {
  const { random, signal } = options;
  const used = Array.from(preprocessor.plan.isUsed.keys()).filter(
    (channel) => preprocessor.plan.isUsed[channel] === 1,
  );
  const data = new Float32Array(NOISE_STRETCHES * NOISE_SNIPPETS * length);
  const stretch = Math.min(recording.sampleCount, Math.round(recording.samplingRateHz / 4));
  if (used.length === 0 || stretch <= length) return { data: data.subarray(0, 0), count: 0 };
  let count = 0;
  for (let i = 0; i < NOISE_STRETCHES; i++) {
    signal?.throwIfAborted();
    const start = Math.floor(((recording.sampleCount - stretch) * (i + 0.5)) / NOISE_STRETCHES);
    const traces = await preprocessor.whiten(recording, start, start + stretch);
    for (let n = 0; n < NOISE_SNIPPETS; n++) {
      const first = random.integer(stretch - length);
      const channel = used[random.integer(used.length)];
      let largest = 0;
      for (let w = 0; w < length; w++) {
        const value = traces.data[(first + w) * traces.channelCount + channel];
        data[count * length + w] = value;
        largest = Math.max(largest, Math.abs(value));
      }
      if (largest > SILENCE_LIMIT && largest < QUIET_LIMIT) count++;
    }
  }
  return { data: data.subarray(0, count * length), count };
}

/**
 * Learns the basis: the leading eigenvectors of the scatter of peak waveforms, each also moved by a sample to both sides.
 *
 * @param rank  waveforms of the basis; at most the length of the waveforms
 */
export function learnTemporalBasis(peaks: PeakWaveforms, noise: NoiseSnippets, rank: number): MatchingBasis {
  const { length } = peaks;
  const own = new Float64Array(length * length);
  const waveform = new Float64Array(length);
  for (let i = 0; i < peaks.count; i++) {
    let energy = 0;
    for (let w = 0; w < length; w++) energy += peaks.data[i * length + w] ** 2;
    const scale = Math.min(1, NORM_CAP / Math.max(Math.sqrt(energy), 1e-9));
    for (let w = 0; w < length; w++) waveform[w] = peaks.data[i * length + w] * scale;
    addOuter(own, waveform, 1);
  }
  // the scatter of waveforms moved by a sample is the scatter moved by a row and a column
  const scatter = new Float64Array(length * length);
  for (let a = 0; a < length; a++)
    for (let b = 0; b < length; b++)
      for (let shift = -1; shift <= 1; shift++)
        scatter[((a + shift + length) % length) * length + ((b + shift + length) % length)] +=
          own[a * length + b];
  for (let i = 0; i < noise.count; i++) {
    for (let w = 0; w < length; w++) waveform[w] = noise.data[i * length + w];
    addOuter(scatter, waveform, NOISE_SHARE);
  }
  const { vectors } = symmetricEigen(scatter, length);
  const plain = new Float64Array(rank * length);
  for (let r = 0; r < rank; r++)
    plain.set(vectors.subarray((length - 1 - r) * length, (length - r) * length), r * length);
  const { inverseRoot, root } = noiseRoots(plain, rank, length, noise);
  return {
    rank,
    windowSamples: length,
    samplesBefore: peaks.trough,
    features: combine(inverseRoot, plain, rank, length),
    waveforms: combine(root, plain, rank, length),
  };
}

/** C^(-1/2) and C^(1/2) of the noise in the basis; the identity when there is no noise to learn from. */
function noiseRoots(
  plain: Float64Array,
  rank: number,
  length: number,
  noise: NoiseSnippets,
): { inverseRoot: Float64Array; root: Float64Array } {
  const covariance = new Float64Array(rank * rank);
  const features = new Float64Array(rank);
  for (let i = 0; i < noise.count; i++) {
    for (let r = 0; r < rank; r++) {
      let sum = 0;
      for (let w = 0; w < length; w++) sum += plain[r * length + w] * noise.data[i * length + w];
      features[r] = sum;
    }
    addOuter(covariance, features, 1 / noise.count);
  }
  if (noise.count < 10 * rank) {
    covariance.fill(0);
    for (let r = 0; r < rank; r++) covariance[r * rank + r] = 1;
  }
  const { values, vectors } = symmetricEigen(covariance, rank);
  const power = (exponent: number): Float64Array => {
    const out = new Float64Array(rank * rank);
    for (let k = 0; k < rank; k++)
      addOuter(out, vectors.subarray(k * rank, (k + 1) * rank), Math.max(values[k], 1e-6) ** exponent);
    return out;
  };
  return { inverseRoot: power(-0.5), root: power(0.5) };
}

function addOuter(matrix: Float64Array, vector: Float64Array, weight: number): void {
  const size = vector.length;
  for (let i = 0; i < size; i++) {
    const scaled = weight * vector[i];
    for (let j = 0; j < size; j++) matrix[i * size + j] += scaled * vector[j];
  }
}

function combine(matrix: Float64Array, rows: Float64Array, rank: number, length: number): Float32Array {
  const out = new Float32Array(rank * length);
  for (let r = 0; r < rank; r++)
    for (let w = 0; w < length; w++) {
      let sum = 0;
      for (let q = 0; q < rank; q++) sum += matrix[r * rank + q] * rows[q * length + w];
      out[r * length + w] = sum;
    }
  return out;
}
