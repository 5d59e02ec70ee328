/**
 * @module
 * Products of small dense matrices, row-major in flat Float64Arrays: element (i, j) of an [m x n] matrix is at `i * n + j`.
 *
 * These are kernels: they own their loops, write `out`, allocate nothing and check nothing. `out` never aliases an input.
 */

/**
 * Multiplies two matrices: out = a b.
 *
 * @param a  Float64Array [rows x inner]
 * @param b  Float64Array [inner x columns]
 * @param out  Float64Array [rows x columns]; overwritten
 *
 * Cost: rows x inner x columns multiply-adds, streaming over rows of `b`.
 */
export function multiply(
  a: Float64Array,
  b: Float64Array,
  rows: number,
  inner: number,
  columns: number,
  out: Float64Array,
): Float64Array {
  out.fill(0, 0, rows * columns);
  for (let i = 0; i < rows; i++) {
    const outRow = i * columns;
    for (let k = 0; k < inner; k++) {
      const factor = a[i * inner + k];
      if (factor === 0) continue;
      const bRow = k * columns;
      for (let j = 0; j < columns; j++) out[outRow + j] += factor * b[bRow + j];
    }
  }
  return out;
}

/**
 * Multiplies a matrix with the transpose of another: out = a b'.
 *
 * @param a  Float64Array [rows x inner]
 * @param b  Float64Array [columns x inner]
 * @param out  Float64Array [rows x columns]; overwritten
 */
export function multiplyTransposed(
  a: Float64Array,
  b: Float64Array,
  rows: number,
  inner: number,
  columns: number,
  out: Float64Array,
): Float64Array {
  for (let i = 0; i < rows; i++) {
    const aRow = i * inner;
    for (let j = 0; j < columns; j++) {
      const bRow = j * inner;
      let sum = 0;
      for (let k = 0; k < inner; k++) sum += a[aRow + k] * b[bRow + k];
      out[i * columns + j] = sum;
    }
  }
  return out;
}

/**
 * Multiplies a matrix with a vector: out = a x.
 *
 * @param a  Float64Array [rows x columns]
 * @param x  Float64Array [columns]
 * @param out  Float64Array [rows]; overwritten
 */
export function multiplyVector(
  a: Float64Array,
  x: Float64Array,
  rows: number,
  columns: number,
  out: Float64Array,
): Float64Array {
  for (let i = 0; i < rows; i++) {
    const row = i * columns;
    let sum = 0;
    for (let j = 0; j < columns; j++) sum += a[row + j] * x[j];
    out[i] = sum;
  }
  return out;
}

/**
 * Computes the Gram matrix of a matrix's columns: out = a' a, both triangles.
 *
 * @param a  Float64Array [rows x columns]
 * @param out  Float64Array [columns x columns]; overwritten
 *
 * Cost: rows x columns^2 / 2 multiply-adds.
 */
export function gram(a: Float64Array, rows: number, columns: number, out: Float64Array): Float64Array {
  out.fill(0, 0, columns * columns);
  for (let r = 0; r < rows; r++) {
    const row = r * columns;
    for (let i = 0; i < columns; i++) {
      const factor = a[row + i];
      const outRow = i * columns;
      for (let j = i; j < columns; j++) out[outRow + j] += factor * a[row + j];
    }
  }
  for (let i = 1; i < columns; i++) for (let j = 0; j < i; j++) out[i * columns + j] = out[j * columns + i];
  return out;
}
