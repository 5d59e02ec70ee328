/**
 * @module
 * How a recording is cut into chunks, and which of them templates are learned from. Neither depends on the number of threads.
 */
import type { Chunk } from "./job-tools.ts";
import type { SorterParameters } from "./parameters.ts";

export interface ChunkPlan {
  readonly chunks: readonly Chunk[];
  /** Indices of the chunks that templates are learned from, ascending. */
  readonly learning: readonly number[];
}

/** Cuts a recording into chunks of equal length, and spreads the learning over it. */
export function planChunks(
  sampleCount: number,
  samplingRateHz: number,
  parameters: SorterParameters,
): ChunkPlan {
  const wanted = parameters.chunkSeconds * samplingRateHz;
  const count = Math.max(1, Math.round(sampleCount / wanted));
  const border = (i: number): number => Math.floor((sampleCount * i) / count);
  const chunks = Array.from({ length: count }, (_, i) => ({ start: border(i), end: border(i + 1) }));
  const most = Math.max(1, Math.ceil(parameters.learningSeconds / parameters.chunkSeconds));
  const learning = Array.from({ length: Math.min(most, count) }, (_, i) =>
    Math.floor((i * count) / Math.min(most, count)),
  );
  return { chunks, learning };
}

/** Index of the first of ascending `samples` that is at least `sample`. */
export function firstAtLeast(samples: ArrayLike<number>, sample: number): number {
  let [low, high] = [0, samples.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (samples[middle] < sample) low = middle + 1;
    else high = middle;
  }
  return low;
}
