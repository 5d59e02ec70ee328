/**
 * @module
 * The hot loop of matching: a snippet onto the temporal basis at every lag, and the products with the templates tried there.
 *
 * A kernel owns its buffers; the caller fills `snippet`, calls `run` and reads `products` before the next call. Channels are padded with
 * zeros to a multiple of 4 in the snippet and in the tables.
 */
import type { MatchingBasis } from "./matching-context.ts";

export interface ScoreKernel {
  /** Float32Array [(W + 2 lags) x up to maxWidth], to be filled with rows of `width` values, time-major. */
  readonly snippet: Float32Array;
  /** Float32Array [lags x R x width] after `run`: B_w y(t + lag). */
  readonly projected: Float32Array;
  /** Float32Array [lags x candidates] after `run`: <U_k, B_w y(t + lag)>. */
  readonly products: Float32Array;
  /**
   * Computes the projection, and the products (none with `candidates` 0).
   *
   * @param width  channels of the snippet, a multiple of 4
   * @param tableStart  where the candidates' coefficients [candidates x R x width] begin in the table given at creation
   */
  run(width: number, tableStart: number, candidates: number): void;
}

/** Largest number of candidates of one channel that a kernel must take. */
export interface KernelShape {
  readonly lagCount: number;
  readonly maxWidth: number;
  readonly maxCandidates: number;
}

/** Makes the kernel in plain TypeScript (double accumulators). */
export function makeScoreKernel(basis: MatchingBasis, shape: KernelShape, table: Float32Array): ScoreKernel {
  const { rank, windowSamples, features } = basis;
  const { lagCount, maxWidth, maxCandidates } = shape;
  const snippet = new Float32Array((windowSamples + lagCount - 1) * maxWidth);
  const projected = new Float32Array(lagCount * rank * maxWidth);
  const products = new Float32Array(lagCount * maxCandidates);
  return { snippet, projected, products, run };

  function run(width: number, tableStart: number, candidates: number): void {
    project(width);
    const length = rank * width;
    for (let lag = 0; lag < lagCount; lag++)
      for (let k = 0; k < candidates; k++)
        products[lag * candidates + k] = dot(projected, lag * length, table, tableStart + k * length, length);
  }

  /** projected[lag][r][c] = sum_w features[r][w] snippet[lag + w][c]. */
  function project(width: number): void {
    for (let lag = 0; lag < lagCount; lag++)
      for (let r = 0; r < rank; r++)
        for (let c = 0; c < width; c += 4) {
          let s0 = 0;
          let s1 = 0;
          let s2 = 0;
          let s3 = 0;
          let at = lag * width + c;
          const end = (r + 1) * windowSamples;
          for (let w = r * windowSamples; w < end; w++) {
            const b = features[w];
            s0 += b * snippet[at];
            s1 += b * snippet[at + 1];
            s2 += b * snippet[at + 2];
            s3 += b * snippet[at + 3];
            at += width;
          }
          const to = (lag * rank + r) * width + c;
          projected[to] = s0;
          projected[to + 1] = s1;
          projected[to + 2] = s2;
          projected[to + 3] = s3;
        }
  }
}

/** Inner product of `length` (a multiple of 4) values. */
function dot(a: Float32Array, aStart: number, b: Float32Array, bStart: number, length: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  for (let i = 0; i < length; i += 4) {
    s0 += a[aStart + i] * b[bStart + i];
    s1 += a[aStart + i + 1] * b[bStart + i + 1];
    s2 += a[aStart + i + 2] * b[bStart + i + 2];
    s3 += a[aStart + i + 3] * b[bStart + i + 3];
  }
  return s0 + s1 + (s2 + s3);
}
