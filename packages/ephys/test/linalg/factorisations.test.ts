import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { NotPositiveDefiniteError, ShapeError } from "../../src/errors.ts";
import { choleskyFactor, choleskySolve } from "../../src/linalg/cholesky.ts";
import { covariance } from "../../src/linalg/covariance.ts";
import { gram, multiply, multiplyTransposed, multiplyVector } from "../../src/linalg/matmul.ts";
import { thinQr } from "../../src/linalg/qr.ts";
import { largestDifference, largestMagnitude, readLinalgFixtures } from "./support/fixtures.ts";

const fixtures = readLinalgFixtures();
/** Rounding, times the condition of these small random matrices. */
const TOLERANCE = 1e-10;
const f64 = (values: readonly number[]): Float64Array => Float64Array.from(values);

describe("cholesky", () => {
  for (const { size, matrix, b, x, factor } of fixtures.solve) {
    it(`factorises and solves as numpy does, ${size} x ${size}`, () => {
      const found = choleskyFactor(f64(matrix), size);
      assert.ok(largestDifference(found, factor) < TOLERANCE * largestMagnitude(factor));
      const solved = choleskySolve(found, size, f64(b));
      assert.ok(largestDifference(solved, x) < TOLERANCE * largestMagnitude(x));
    });
    it(`works in place, ${size} x ${size}`, () => {
      const inPlace = f64(matrix);
      choleskyFactor(inPlace, size, inPlace);
      const solved = f64(b);
      choleskySolve(inPlace, size, solved, solved);
      assert.ok(largestDifference(solved, x) < TOLERANCE * largestMagnitude(x));
    });
  }

  it("names the row where a matrix stops being positive definite", () => {
    assert.throws(
      () => choleskyFactor(Float64Array.of(1, 1, 0, 1, 1, 0, 0, 0, 1), 3),
      (error) => error instanceof NotPositiveDefiniteError && error.index === 1,
    );
    assert.throws(
      () => choleskyFactor(Float64Array.of(1, 0, 0, Number.NaN), 2),
      (error) => error instanceof NotPositiveDefiniteError && error.index === 1,
    );
    assert.throws(() => choleskyFactor(new Float64Array(3), 2), ShapeError);
  });
});

describe("thinQr", () => {
  for (const { rows, columns, matrix, q, r } of fixtures.qr)
    it(`agrees with numpy up to signs, ${rows} x ${columns}`, () => {
      const found = thinQr(f64(matrix), rows, columns);
      assert.ok(largestDifference(found.q, q) < TOLERANCE);
      assert.ok(largestDifference(found.r, r) < TOLERANCE * largestMagnitude(r));
    });

  it("gives orthonormal columns and the right product for dependent columns", () => {
    const a = Float64Array.of(1, 2, 3, 2, 4, 6, 3, 6, 9, 4, 8, 12);
    const { q, r } = thinQr(a, 4, 3);
    const products = gram(q, 4, 3, new Float64Array(9));
    for (let i = 0; i < 3; i++) products[i * 3 + i] -= 1;
    assert.ok(largestMagnitude(products) < TOLERANCE);
    assert.ok(largestDifference(multiply(q, r, 4, 3, 3, new Float64Array(12)), a) < TOLERANCE);
  });

  it("refuses a wide matrix and a wrong length", () => {
    assert.throws(() => thinQr(new Float64Array(6), 2, 3), ShapeError);
    assert.throws(() => thinQr(new Float64Array(5), 3, 2), ShapeError);
  });
});

describe("covariance", () => {
  for (const fixture of fixtures.covariance)
    it("agrees with numpy on points far from the origin", () => {
      const found = covariance(f64(fixture.points), fixture.count, fixture.dimensions);
      assert.ok(largestDifference(found, fixture.covariance) < TOLERANCE);
    });

  it("is zero for one point and for none", () => {
    assert.deepEqual(covariance(Float64Array.of(5, 6), 1, 2), new Float64Array(4));
    assert.deepEqual(covariance(new Float64Array(0), 0, 2), new Float64Array(4));
  });

  it("refuses a wrong length", () => {
    assert.throws(() => covariance(new Float64Array(5), 2, 3), ShapeError);
  });
});

describe("products", () => {
  for (const { rows, inner, columns, a, b, product, gram: expectedGram } of fixtures.products) {
    it("multiply agrees with numpy", () => {
      const found = multiply(f64(a), f64(b), rows, inner, columns, new Float64Array(rows * columns).fill(9));
      assert.ok(largestDifference(found, product) < TOLERANCE);
    });
    it("multiplyTransposed agrees with numpy", () => {
      const transposed = new Float64Array(columns * inner);
      for (let i = 0; i < inner; i++)
        for (let j = 0; j < columns; j++) transposed[j * inner + i] = b[i * columns + j];
      const found = multiplyTransposed(
        f64(a),
        transposed,
        rows,
        inner,
        columns,
        new Float64Array(rows * columns),
      );
      assert.ok(largestDifference(found, product) < TOLERANCE);
    });
    it("multiplyVector gives the first column of the product", () => {
      const first = Float64Array.from({ length: inner }, (_, i) => b[i * columns]);
      const found = multiplyVector(f64(a), first, rows, inner, new Float64Array(rows));
      const expected = Float64Array.from({ length: rows }, (_, i) => product[i * columns]);
      assert.ok(largestDifference(found, expected) < TOLERANCE);
    });
    it("gram agrees with numpy in both triangles", () => {
      const found = gram(f64(a), rows, inner, new Float64Array(inner * inner).fill(9));
      assert.ok(largestDifference(found, expectedGram) < TOLERANCE);
    });
  }
});
