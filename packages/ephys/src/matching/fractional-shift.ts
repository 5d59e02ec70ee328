/**
 * @module
 * Shifting waveforms by part of a sample: band-limited, with zeros around.
 *
 * A shift is a product with a matrix (the periodic sinc of the padded length), since only a few shifts of a fixed length are ever needed.
 */

import { TraceKernels } from "../dsp/wasm/load.ts";

/** Zeros taken before and after a waveform. */
const PADDING = 16;

/**
 * Makes the matrix that delays a waveform by `shift` samples.
 *
 * @returns Float64Array [sampleCount x sampleCount]: shifted[i] = sum_j matrix[i * sampleCount + j] waveform[j]
 */
export function shiftMatrix(sampleCount: number, shift: number): Float64Array {
  const period = sampleCount + 2 * PADDING;
  const matrix = new Float64Array(sampleCount * sampleCount);
  for (let lag = 1 - sampleCount; lag < sampleCount; lag++) {
    const value = periodicSinc(lag, shift, period);
    for (let i = Math.max(0, lag); i < Math.min(sampleCount, sampleCount + lag); i++)
      matrix[i * sampleCount + i - lag] = value;
  }
  return matrix;
}

/**
 * Delays many columns by many shifts, in WebAssembly.
 *
 * @param matrices  of `shiftMatrix`; @param waveforms  Float32Array [sampleCount x columns]
 * @param take  is given the index of each matrix and the delayed columns, [sampleCount x pitch]; the next call writes over them
 */
export function shiftColumns(
  matrices: readonly Float64Array[],
  waveforms: Float32Array,
  sampleCount: number,
  columns: number,
  take: (index: number, delayed: Float32Array, pitch: number) => void,
): void {
  const pitch = Math.ceil(columns / 32) * 32;
  const kernels = new TraceKernels();
  const block = kernels.reserve(sampleCount * pitch * 4);
  const out = kernels.reserve(sampleCount * pitch * 4);
  const rowStart = kernels.place(Int32Array.from({ length: sampleCount + 1 }, (_, i) => i * sampleCount));
  const offsets = kernels.place(
    Uint32Array.from({ length: sampleCount ** 2 }, (_, i) => (i % sampleCount) * pitch * 4),
  );
  const weights = kernels.reserve(sampleCount ** 2 * 4);
  const rows = kernels.floats(block, sampleCount * pitch);
  for (let w = 0; w < sampleCount; w++)
    rows.set(waveforms.subarray(w * columns, (w + 1) * columns), w * pitch);
  for (const [index, matrix] of matrices.entries()) {
    kernels.floats(weights, matrix.length).set(matrix);
    kernels.functions.combineRows(block, sampleCount, rowStart, offsets, weights, out, pitch * 4, pitch, 0);
    take(index, kernels.floats(out, sampleCount * pitch), pitch);
  }
}

/** Delays each column of `waveforms` [sampleCount x columns] by the shift of `matrix`, into `out` from `outStart`. */
export function applyShift(
  matrix: Float64Array,
  waveforms: Float32Array,
  sampleCount: number,
  columns: number,
  out: Float32Array,
  outStart: number,
): void {
  const row = new Float64Array(columns);
  const blocks = sampleCount - (sampleCount % 4);
  for (let i = 0; i < sampleCount; i++) {
    row.fill(0);
    const at = i * sampleCount;
    for (let j = 0; j < blocks; j += 4) {
      const w0 = matrix[at + j];
      const w1 = matrix[at + j + 1];
      const w2 = matrix[at + j + 2];
      const w3 = matrix[at + j + 3];
      if (w0 === 0 && w1 === 0 && w2 === 0 && w3 === 0) continue;
      const x0 = j * columns;
      const x1 = x0 + columns;
      const x2 = x1 + columns;
      const x3 = x2 + columns;
      for (let c = 0; c < columns; c++)
        row[c] +=
          w0 * waveforms[x0 + c] + w1 * waveforms[x1 + c] + w2 * waveforms[x2 + c] + w3 * waveforms[x3 + c];
    }
    for (let j = blocks; j < sampleCount; j++)
      for (let c = 0; c < columns; c++) row[c] += matrix[at + j] * waveforms[j * columns + c];
    out.set(row, outStart + i * columns);
  }
}

/** The impulse response at `lag` of a delay by `shift`, of period `period`: sum of its cosines, the highest one (even periods) halved. */
function periodicSinc(lag: number, shift: number, period: number): number {
  let sum = 1;
  for (let k = 1; 2 * k < period; k++) sum += 2 * Math.cos((2 * Math.PI * k * (lag - shift)) / period);
  if (period % 2 === 0) sum += Math.cos(Math.PI * lag) * Math.cos(Math.PI * shift);
  const value = sum / period;
  return Math.abs(value) < 1e-12 ? 0 : value;
}
