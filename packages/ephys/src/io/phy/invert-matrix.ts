/**
 * @module
 * The inverse of a square matrix, for Phy's `whitening_mat_inv.npy`: Gauss and Jordan with the largest pivot of each column.
 */
import { ParameterError, ShapeError } from "../../errors.ts";

/** Inverts. @param matrix  [size x size], not changed; @throws ShapeError, and ParameterError when the matrix is singular */
export function invertMatrix(matrix: Float64Array, size: number): Float64Array {
  if (matrix.length !== size * size)
    throw new ShapeError(`A matrix of ${size} x ${size} needs ${size * size} numbers, got ${matrix.length}`);
  const work = matrix.slice();
  const out = new Float64Array(size * size);
  for (let i = 0; i < size; i++) out[i * size + i] = 1;
  let largest = 0;
  for (const value of matrix) largest = Math.max(largest, Math.abs(value));
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let row = column + 1; row < size; row++)
      if (Math.abs(work[row * size + column]) > Math.abs(work[pivot * size + column])) pivot = row;
    const value = work[pivot * size + column];
    if (!(Math.abs(value) > largest * size * Number.EPSILON))
      throw new ParameterError(
        `The whitening matrix of ${size} x ${size} cannot be inverted: column ${column} depends on those before it`,
        "whiteningMatrix",
      );
    swapRows(work, size, pivot, column);
    swapRows(out, size, pivot, column);
    for (let i = 0; i < size; i++) {
      work[column * size + i] /= value;
      out[column * size + i] /= value;
    }
    for (let row = 0; row < size; row++) {
      const factor = work[row * size + column];
      if (row === column || factor === 0) continue;
      for (let i = 0; i < size; i++) {
        work[row * size + i] -= factor * work[column * size + i];
        out[row * size + i] -= factor * out[column * size + i];
      }
    }
  }
  return out;
}

function swapRows(matrix: Float64Array, size: number, a: number, b: number): void {
  if (a === b) return;
  for (let i = 0; i < size; i++) {
    const value = matrix[a * size + i];
    matrix[a * size + i] = matrix[b * size + i];
    matrix[b * size + i] = value;
  }
}
