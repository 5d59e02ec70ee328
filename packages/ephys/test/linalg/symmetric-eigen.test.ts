import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Random } from "../../src/core/random.ts";
import { EphysError, ShapeError } from "../../src/errors.ts";
import { multiplyTransposed } from "../../src/linalg/matmul.ts";
import { makeSymmetricEigenWork, symmetricEigen } from "../../src/linalg/symmetric-eigen.ts";
import { largestDifference, largestMagnitude, readLinalgFixtures } from "./support/fixtures.ts";

/** Relative to the largest |eigenvalue|: rounding gives some size x 1e-16. */
const TOLERANCE = 1e-12;

/** How far V' diag(values) V is from the matrix, and V V' from the identity, relative to the largest element. */
function residuals(matrix: Float64Array, size: number): { rebuilt: number; orthonormal: number } {
  const { values, vectors } = symmetricEigen(matrix, size);
  const rebuilt = new Float64Array(size * size);
  for (let k = 0; k < size; k++)
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++)
        rebuilt[i * size + j] += vectors[k * size + i] * values[k] * vectors[k * size + j];
  const products = multiplyTransposed(vectors, vectors, size, size, size, new Float64Array(size * size));
  for (let i = 0; i < size; i++) products[i * size + i] -= 1;
  return {
    rebuilt: largestDifference(rebuilt, matrix) / (largestMagnitude(matrix) || 1),
    orthonormal: largestMagnitude(products),
  };
}

function randomSymmetric(size: number, random: Random): Float64Array {
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let j = i; j < size; j++) {
      matrix[i * size + j] = random.normal();
      matrix[j * size + i] = matrix[i * size + j];
    }
  return matrix;
}

describe("symmetricEigen", () => {
  for (const { name, size, matrix, values } of readLinalgFixtures().eigen) {
    it(`gives numpy's eigenvalues of '${name}' (${size} x ${size})`, () => {
      const found = symmetricEigen(Float64Array.from(matrix), size).values;
      assert.ok(largestDifference(found, values) <= TOLERANCE * largestMagnitude(values));
    });
    it(`rebuilds '${name}' from orthonormal vectors`, () => {
      const { rebuilt, orthonormal } = residuals(Float64Array.from(matrix), size);
      assert.ok(rebuilt < TOLERANCE && orthonormal < TOLERANCE, `${rebuilt} ${orthonormal}`);
    });
  }

  it("decomposes a matrix of 150 rows", () => {
    const { rebuilt, orthonormal } = residuals(randomSymmetric(150, new Random(1)), 150);
    assert.ok(rebuilt < TOLERANCE && orthonormal < TOLERANCE, `${rebuilt} ${orthonormal}`);
  });

  it("rebuilds any symmetric matrix, ascending, with the largest component of each vector positive", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.integer(), fc.boolean(), (size, seed, coarse) => {
        const matrix = randomSymmetric(size, new Random(seed));
        // whole numbers make equal eigenvalues and zero couplings likely
        if (coarse) for (let i = 0; i < matrix.length; i++) matrix[i] = Math.round(matrix[i]);
        const { values, vectors } = symmetricEigen(matrix, size);
        const { rebuilt, orthonormal } = residuals(matrix, size);
        assert.ok(rebuilt < TOLERANCE && orthonormal < TOLERANCE);
        for (let k = 1; k < size; k++) assert.ok(values[k] >= values[k - 1]);
        for (let k = 0; k < size; k++) {
          const row = vectors.subarray(k * size, (k + 1) * size);
          assert.ok(Math.max(...row) >= largestMagnitude(row) * (1 - 1e-8));
        }
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it("decomposes covariances of fewer points than dimensions (regression: couplings among zero eigenvalues never became small)", () => {
    for (let seed = 0; seed < 60; seed++) {
      const random = new Random(seed);
      const [points, size] = [14, 70];
      const rows = Float64Array.from(
        { length: points * size },
        () => (seed % 2 === 0 ? 1 : 20) * random.normal(),
      );
      const matrix = new Float64Array(size * size);
      for (let k = 0; k < points; k++)
        for (let i = 0; i < size; i++)
          for (let j = 0; j < size; j++) matrix[i * size + j] += rows[k * size + i] * rows[k * size + j];
      const { rebuilt, orthonormal } = residuals(matrix, size);
      assert.ok(rebuilt < TOLERANCE && orthonormal < TOLERANCE, `seed ${seed}: ${rebuilt} ${orthonormal}`);
    }
  });

  it("reads only the upper triangle", () => {
    const full = symmetricEigen(Float64Array.of(2, 1, 1, 3), 2);
    assert.deepEqual(symmetricEigen(Float64Array.of(2, 1, 99, 3), 2), full);
  });

  it("gives the same result with scratch space that another matrix has used", () => {
    const work = makeSymmetricEigenWork(6);
    symmetricEigen(randomSymmetric(6, new Random(2)), 6, work);
    const matrix = randomSymmetric(6, new Random(3));
    assert.deepEqual(symmetricEigen(matrix, 6, work), symmetricEigen(matrix, 6));
  });

  it("decomposes the empty matrix", () => {
    assert.deepEqual(symmetricEigen(new Float64Array(0), 0).values, new Float64Array(0));
  });

  it("refuses NaN, infinity and a wrong length", () => {
    assert.throws(() => symmetricEigen(Float64Array.of(1, Number.NaN, 0, 1), 2), EphysError);
    assert.throws(() => symmetricEigen(Float64Array.of(Number.POSITIVE_INFINITY), 1), /element \(0, 0\)/);
    assert.throws(() => symmetricEigen(new Float64Array(5), 2), ShapeError);
    assert.throws(() => symmetricEigen(new Float64Array(4), 2, makeSymmetricEigenWork(3)), ShapeError);
  });
});
