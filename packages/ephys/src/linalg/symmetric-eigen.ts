/**
 * @module
 * Eigenvalues and eigenvectors of a real symmetric matrix: Householder reduction to a tridiagonal matrix, then the implicit QL method.
 *
 * What a newcomer would get wrong: eigenvectors are the *rows* of `vectors` (numpy: columns), because both phases then run over
 * contiguous memory. Values ascend, as numpy's. An eigenvector's sign is free; here its largest component is positive.
 */
import { EphysError, ShapeError } from "../errors.ts";

export interface SymmetricEigen {
  /** Float64Array [size], ascending. */
  readonly values: Float64Array;
  /** Float64Array [size x size]; row k is the unit eigenvector of `values[k]`. */
  readonly vectors: Float64Array;
}

/** Scratch space of `symmetricEigen` for one size; made once and used again by calls in a loop. */
export interface SymmetricEigenWork {
  readonly size: number;
  readonly reduced: Float64Array;
  readonly rotated: Float64Array;
  readonly diagonal: Float64Array;
  readonly coupling: Float64Array;
  readonly beta: Float64Array;
  readonly product: Float64Array;
  readonly order: Int32Array;
}

export function makeSymmetricEigenWork(size: number): SymmetricEigenWork {
  return {
    size,
    reduced: new Float64Array(size * size),
    rotated: new Float64Array(size * size),
    diagonal: new Float64Array(size),
    coupling: new Float64Array(size),
    beta: new Float64Array(size),
    product: new Float64Array(size),
    order: new Int32Array(size),
  };
}

const MAX_ITERATIONS = 60;

/**
 * Decomposes a symmetric matrix into eigenvalues and orthonormal eigenvectors.
 *
 * @param matrix  Float64Array [size x size]; only the upper triangle is read; not changed
 * @param size  rows of the matrix; meant for up to some 400
 * @param work  scratch space of the same size; a new one when absent
 * @param out  where the result goes; new arrays when absent
 * @throws ShapeError when an array does not have the size
 * @throws EphysError when the matrix holds NaN or infinity, or (never seen) QL does not converge
 *
 * Error: some size x 1e-16 of the largest |eigenvalue|, absolute, also for degenerate and zero matrices
 * (test/linalg/symmetric-eigen.test.ts). Cost: about 5 size^3 multiply-adds.
 * Source: Golub and Van Loan, Matrix Computations, 8.3; the QL step with Wilkinson's shift is Bowdler et al. 1968 (EISPACK tql2).
 */
export function symmetricEigen(
  matrix: Float64Array,
  size: number,
  work: SymmetricEigenWork = makeSymmetricEigenWork(size),
  out: SymmetricEigen = { values: new Float64Array(size), vectors: new Float64Array(size * size) },
): SymmetricEigen {
  if (matrix.length !== size * size)
    throw new ShapeError(
      `symmetricEigen: a ${size} x ${size} matrix needs ${size * size} values, got ${matrix.length}`,
    );
  if (work.size !== size || out.values.length !== size || out.vectors.length !== size * size)
    throw new ShapeError(`symmetricEigen: work and out must be made for size ${size}`);
  // a matrix scaled to largest element 1 can neither overflow nor underflow in the sums of squares
  let scale = 0;
  for (let i = 0; i < size; i++) {
    for (let j = i; j < size; j++) {
      const magnitude = Math.abs(matrix[i * size + j]);
      if (!(magnitude <= Number.MAX_VALUE))
        throw new EphysError(
          `symmetricEigen: element (${i}, ${j}) is ${matrix[i * size + j]}; every element must be finite`,
        );
      if (magnitude > scale) scale = magnitude;
    }
  }
  const inverse = scale > 0 ? scale : 1;
  const { reduced } = work;
  for (let i = 0; i < size; i++) {
    for (let j = i; j < size; j++) {
      const value = matrix[i * size + j] / inverse;
      reduced[i * size + j] = value;
      reduced[j * size + i] = value;
    }
  }
  tridiagonalise(work);
  accumulateReflections(work);
  const failed = implicitQl(work);
  if (failed >= 0)
    throw new EphysError(
      `symmetricEigen: eigenvalue ${failed} of ${size} did not converge in ${MAX_ITERATIONS} iterations`,
    );
  sortRows(work, scale, out);
  return out;
}

/** Reduces `reduced` to the tridiagonal (diagonal, coupling); leaves the reflections' vectors in its rows, right of the diagonal. */
function tridiagonalise(work: SymmetricEigenWork): void {
  const { size: n, reduced: a, diagonal, coupling, beta, product } = work;
  for (let k = 0; k < n; k++) {
    const row = k * n;
    diagonal[k] = a[row + k];
    beta[k] = 0;
    coupling[k] = k + 1 < n ? a[row + k + 1] : 0;
    if (k + 2 >= n) continue;
    let tail = 0;
    for (let j = k + 2; j < n; j++) tail += a[row + j] * a[row + j];
    if (tail === 0) continue;
    const first = a[row + k + 1];
    const norm = Math.sqrt(first * first + tail);
    const alpha = first > 0 ? -norm : norm;
    coupling[k] = alpha;
    const head = first - alpha;
    a[row + k + 1] = head;
    const factor = 2 / (head * head + tail);
    beta[k] = factor;
    // p = beta A v, then w = p - (beta/2)(p'v) v
    let overlap = 0;
    for (let i = k + 1; i < n; i++) {
      const other = i * n;
      let sum = 0;
      for (let j = k + 1; j < n; j++) sum += a[other + j] * a[row + j];
      product[i] = factor * sum;
      overlap += product[i] * a[row + i];
    }
    const share = 0.5 * factor * overlap;
    for (let i = k + 1; i < n; i++) product[i] -= share * a[row + i];
    // A := A - v w' - w v'
    for (let i = k + 1; i < n; i++) {
      const other = i * n;
      const v = a[row + i];
      const w = product[i];
      for (let j = k + 1; j < n; j++) a[other + j] -= v * product[j] + w * a[row + j];
    }
  }
}

/** Multiplies the reflections into `rotated`, whose rows then carry the tridiagonal basis. */
function accumulateReflections(work: SymmetricEigenWork): void {
  const { size: n, reduced: a, rotated: z, beta } = work;
  z.fill(0);
  for (let i = 0; i < n; i++) z[i * n + i] = 1;
  for (let k = n - 3; k >= 0; k--) {
    const factor = beta[k];
    if (factor === 0) continue;
    const row = k * n;
    for (let r = k + 1; r < n; r++) {
      const target = r * n;
      let sum = 0;
      for (let j = k + 1; j < n; j++) sum += z[target + j] * a[row + j];
      sum *= factor;
      for (let j = k + 1; j < n; j++) z[target + j] -= sum * a[row + j];
    }
  }
}

/** Diagonalises the tridiagonal matrix and rotates the rows of `rotated` along. Returns the index that failed, or -1. */
function implicitQl(work: SymmetricEigenWork): number {
  const { size: n, rotated: z, diagonal: d, coupling: e } = work;
  // negligible to the whole matrix, not to its neighbours: among the zero eigenvalues of a matrix of low rank there is but rounding
  // noise, whose couplings never become small beside one another
  let largest = 0;
  for (let i = 0; i < n; i++) largest = Math.max(largest, Math.abs(d[i]) + Math.abs(e[i]));
  const negligible = Number.EPSILON * largest + 1e-290;
  for (let l = 0; l < n; l++) {
    for (let iteration = 0; ; iteration++) {
      // the block that ends at the first negligible coupling
      let m = l;
      while (m < n - 1 && Math.abs(e[m]) > negligible) m++;
      if (m === l) break;
      if (iteration === MAX_ITERATIONS) return l;
      // Wilkinson's shift
      let g = (d[l + 1] - d[l]) / (2 * e[l]);
      let r = Math.sqrt(g * g + 1);
      g = d[m] - d[l] + e[l] / (g + (g >= 0 ? r : -r));
      let s = 1;
      let c = 1;
      let p = 0;
      let i = m - 1;
      for (; i >= l; i--) {
        const f = s * e[i];
        const b = c * e[i];
        r = Math.sqrt(f * f + g * g);
        e[i + 1] = r;
        if (r === 0) {
          d[i + 1] -= p;
          e[m] = 0;
          break;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1] - p;
        r = (d[i] - g) * s + 2 * c * b;
        p = s * r;
        d[i + 1] = g + p;
        g = c * r - b;
        const low = i * n;
        const high = low + n;
        for (let k = 0; k < n; k++) {
          const upper = z[high + k];
          const lower = z[low + k];
          z[high + k] = s * lower + c * upper;
          z[low + k] = c * lower - s * upper;
        }
      }
      if (r === 0 && i >= l) continue;
      d[l] -= p;
      e[l] = g;
      e[m] = 0;
    }
  }
  return -1;
}

/** Copies values and rows in ascending order (equal values keep their order), signs fixed. */
function sortRows(work: SymmetricEigenWork, scale: number, out: SymmetricEigen): void {
  const { size: n, rotated: z, diagonal: d, order } = work;
  for (let i = 0; i < n; i++) {
    let place = i;
    while (place > 0 && d[order[place - 1]] > d[i]) {
      order[place] = order[place - 1];
      place--;
    }
    order[place] = i;
  }
  for (let k = 0; k < n; k++) {
    const from = order[k] * n;
    let largest = 0;
    let sign = 1;
    for (let j = 0; j < n; j++) {
      const magnitude = Math.abs(z[from + j]);
      // components that tie to rounding must not let noise choose the sign: the first of them does
      if (magnitude > largest * (1 + 1e-9)) {
        largest = magnitude;
        sign = z[from + j] < 0 ? -1 : 1;
      }
    }
    out.values[k] = d[order[k]] * scale;
    for (let j = 0; j < n; j++) out.vectors[k * n + j] = sign * z[from + j];
  }
}
