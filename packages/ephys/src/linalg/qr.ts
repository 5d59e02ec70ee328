/**
 * @module
 * Thin QR decomposition by Householder reflections: orthonormal columns also when the input's columns depend on each other.
 */
import { ShapeError } from "../errors.ts";

export interface ThinQr {
  /** Float64Array [rows x columns], orthonormal columns. */
  readonly q: Float64Array;
  /** Float64Array [columns x columns], upper triangular, diagonal >= 0. */
  readonly r: Float64Array;
}

/**
 * Decomposes a = q r.
 *
 * @param a  Float64Array [rows x columns], rows >= columns; not changed
 * @param out  where the result goes; new arrays when absent
 * @throws ShapeError when `a` is not rows x columns, or has fewer rows than columns
 *
 * Cost: 4 rows x columns^2 multiply-adds. Source: Golub and Van Loan, Matrix Computations, 5.2.
 */
export function thinQr(
  a: Float64Array,
  rows: number,
  columns: number,
  out: ThinQr = { q: new Float64Array(rows * columns), r: new Float64Array(columns * columns) },
): ThinQr {
  if (a.length !== rows * columns)
    throw new ShapeError(
      `thinQr: a ${rows} x ${columns} matrix needs ${rows * columns} values, got ${a.length}`,
    );
  if (rows < columns)
    throw new ShapeError(`thinQr: needs at least as many rows as columns, got ${rows} x ${columns}`);
  if (out.q.length !== rows * columns || out.r.length !== columns * columns)
    throw new ShapeError(`thinQr: out must be q [${rows} x ${columns}] and r [${columns} x ${columns}]`);
  const reflected = Float64Array.from(a);
  const beta = new Float64Array(columns);
  reflect(reflected, rows, columns, beta, out.r);
  formQ(reflected, rows, columns, beta, out.q);
  // the diagonal of r made non-negative, so that the result is unique when the columns are independent
  for (let k = 0; k < columns; k++) {
    if (out.r[k * columns + k] >= 0) continue;
    for (let j = k; j < columns; j++) out.r[k * columns + j] = -out.r[k * columns + j];
    for (let i = 0; i < rows; i++) out.q[i * columns + k] = -out.q[i * columns + k];
  }
  return out;
}

function reflect(a: Float64Array, rows: number, columns: number, beta: Float64Array, r: Float64Array): void {
  r.fill(0);
  for (let k = 0; k < columns; k++) {
    let tail = 0;
    for (let i = k + 1; i < rows; i++) tail += a[i * columns + k] * a[i * columns + k];
    const first = a[k * columns + k];
    beta[k] = 0;
    let corner = first;
    if (tail > 0) {
      const norm = Math.sqrt(first * first + tail);
      corner = first > 0 ? -norm : norm;
      const head = first - corner;
      a[k * columns + k] = head;
      beta[k] = 2 / (head * head + tail);
      for (let j = k + 1; j < columns; j++) {
        let sum = 0;
        for (let i = k; i < rows; i++) sum += a[i * columns + k] * a[i * columns + j];
        sum *= beta[k];
        for (let i = k; i < rows; i++) a[i * columns + j] -= sum * a[i * columns + k];
      }
    }
    r[k * columns + k] = corner;
    for (let j = k + 1; j < columns; j++) r[k * columns + j] = a[k * columns + j];
  }
}

function formQ(a: Float64Array, rows: number, columns: number, beta: Float64Array, q: Float64Array): void {
  q.fill(0);
  for (let k = 0; k < columns; k++) q[k * columns + k] = 1;
  for (let k = columns - 1; k >= 0; k--) {
    const factor = beta[k];
    if (factor === 0) continue;
    for (let j = k; j < columns; j++) {
      let sum = 0;
      for (let i = k; i < rows; i++) sum += a[i * columns + k] * q[i * columns + j];
      sum *= factor;
      for (let i = k; i < rows; i++) q[i * columns + j] -= sum * a[i * columns + k];
    }
  }
}
