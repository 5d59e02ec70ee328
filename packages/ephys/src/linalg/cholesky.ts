/**
 * @module
 * Cholesky factorisation of a symmetric positive definite matrix, and the solution of its linear equations.
 */
import { NotPositiveDefiniteError, ShapeError } from "../errors.ts";

/**
 * Factorises a = l l' with l lower triangular.
 *
 * @param a  Float64Array [size x size]; only the lower triangle is read
 * @param out  Float64Array [size x size], l with zeros above the diagonal; may be `a` itself; a new one when absent
 * @throws ShapeError when an array is not size x size
 * @throws NotPositiveDefiniteError naming the row where the factorisation stops (also for NaN)
 */
export function choleskyFactor(
  a: Float64Array,
  size: number,
  out: Float64Array = new Float64Array(size * size),
): Float64Array {
  if (a.length !== size * size || out.length !== size * size)
    throw new ShapeError(
      `choleskyFactor: a ${size} x ${size} matrix needs ${size * size} values, got ${a.length} (out: ${out.length})`,
    );
  const stopped = factorKernel(a, size, out);
  if (stopped >= 0)
    throw new NotPositiveDefiniteError(
      `choleskyFactor: the ${size} x ${size} matrix is not positive definite: its leading ${stopped + 1} x ${stopped + 1} part fails. ` +
        "Add a small multiple of the identity, or look for a constant or repeated column",
      stopped,
    );
  return out;
}

function factorKernel(a: Float64Array, n: number, l: Float64Array): number {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j];
      for (let k = 0; k < j; k++) sum -= l[i * n + k] * l[j * n + k];
      if (i === j) {
        if (!(sum > 0)) return i;
        l[i * n + i] = Math.sqrt(sum);
      } else l[i * n + j] = sum / l[j * n + j];
    }
  }
  for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) l[i * n + j] = 0;
  return -1;
}

/**
 * Solves l l' x = b for one right-hand side. A kernel: checks nothing.
 *
 * @param factor  Float64Array [size x size], from `choleskyFactor`
 * @param b  Float64Array [size]
 * @param out  Float64Array [size]; may be `b` itself
 */
export function choleskySolve(
  factor: Float64Array,
  size: number,
  b: Float64Array,
  out: Float64Array = new Float64Array(size),
): Float64Array {
  for (let i = 0; i < size; i++) {
    let sum = b[i];
    for (let k = 0; k < i; k++) sum -= factor[i * size + k] * out[k];
    out[i] = sum / factor[i * size + i];
  }
  for (let i = size - 1; i >= 0; i--) {
    let sum = out[i];
    for (let k = i + 1; k < size; k++) sum -= factor[k * size + i] * out[k];
    out[i] = sum / factor[i * size + i];
  }
  return out;
}
