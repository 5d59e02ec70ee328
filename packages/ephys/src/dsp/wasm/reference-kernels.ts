/**
 * @module
 * What the WebAssembly kernels compute, in plain TypeScript and float64: the reference of their tests, and the place to read what they do.
 *
 * A block is [rows x pitch], one row per channel; here the pitch counts numbers, in the kernels bytes.
 */

import type { SparseRows } from "../../preprocessing/preprocessing-plan.ts";
import { medianInPlace } from "../median.ts";

/** Filters traces by second-order sections from rest, after subtracting `offset`, into a new block [channels x samples]. */
export function filterToBlock(
  traces: Float64Array,
  channelCount: number,
  offset: ArrayLike<number>,
  sections: Float64Array,
): Float64Array {
  const samples = traces.length / channelCount;
  const block = new Float64Array(traces.length);
  for (let c = 0; c < channelCount; c++) {
    for (let t = 0; t < samples; t++) block[c * samples + t] = traces[t * channelCount + c] - offset[c];
    for (let at = 0; at < sections.length; at += 6) {
      const [b0, b1, b2, , a1, a2] = sections.subarray(at, at + 6);
      let first = 0;
      let second = 0;
      for (let i = c * samples; i < (c + 1) * samples; i++) {
        const x = block[i];
        const y = b0 * x + first;
        first = b1 * x - a1 * y + second;
        second = b2 * x - a2 * y;
        block[i] = y;
      }
    }
  }
  return block;
}

/** The median over the named rows of a block at every sample. */
export function medianOverRows(
  block: Float32Array,
  pitch: number,
  rows: readonly number[],
  samples: number,
): Float32Array {
  const values = new Float32Array(rows.length);
  return Float32Array.from({ length: samples }, (_, t) => {
    for (const [i, row] of rows.entries()) values[i] = block[row * pitch + t];
    return medianInPlace(values);
  });
}

/** The product of sparse rows and a block. */
export function sparseTimesBlock(
  rows: SparseRows,
  block: ArrayLike<number>,
  pitch: number,
  samples: number,
): Float64Array {
  const rowCount = rows.rowStart.length - 1;
  const out = new Float64Array(rowCount * samples);
  for (let row = 0; row < rowCount; row++)
    for (let k = rows.rowStart[row]; k < rows.rowStart[row + 1]; k++)
      for (let t = 0; t < samples; t++)
        out[row * samples + t] += rows.weights[k] * block[rows.channels[k] * pitch + t];
  return out;
}

/** out[row, t] = sum weights[k] block[row, t + k]. */
export function correlateBlock(
  block: ArrayLike<number>,
  rowCount: number,
  pitch: number,
  weights: ArrayLike<number>,
  samples: number,
): Float64Array {
  const out = new Float64Array(rowCount * samples);
  for (let row = 0; row < rowCount; row++)
    for (let t = 0; t < samples; t++)
      for (let k = 0; k < weights.length; k++)
        out[row * samples + t] += weights[k] * block[row * pitch + t + k];
  return out;
}
