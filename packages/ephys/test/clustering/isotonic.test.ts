import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { isotonicRegression } from "../../src/clustering/isotonic.ts";
import { ParameterError, ShapeError } from "../../src/errors.ts";
import { readClusteringFixtures } from "./support/mixtures.ts";

/** Weighted means of up to 200 values of order 1, summed in another order. */
const TOLERANCE = 1e-12;

const weighted = fc.array(
  fc.tuple(fc.double({ min: -100, max: 100, noNaN: true }), fc.double({ min: 0.01, max: 10, noNaN: true })),
  { minLength: 1, maxLength: 40 },
);

describe("isotonicRegression", () => {
  for (const { values, weights, decreasing, fit } of readClusteringFixtures().pava)
    it(`agrees with scipy on ${values.length} values, ${decreasing ? "falling" : "rising"}`, () => {
      const found = isotonicRegression(Float64Array.from(values), Float64Array.from(weights), { decreasing });
      fit.forEach((value, i) => {
        assert.ok(Math.abs(found[i] - value) < TOLERANCE, `${i}: ${found[i]} instead of ${value}`);
      });
    });

  it("keeps the weighted mean, is monotone, and leaves its own result alone", () => {
    fc.assert(
      fc.property(weighted, (pairs) => {
        const values = Float64Array.from(pairs, (pair) => pair[0]);
        const weights = Float64Array.from(pairs, (pair) => pair[1]);
        const fit = isotonicRegression(values, weights);
        let difference = 0;
        for (let i = 0; i < fit.length; i++) {
          difference += weights[i] * (fit[i] - values[i]);
          if (i > 0) assert.ok(fit[i] >= fit[i - 1] - 1e-12);
        }
        assert.ok(Math.abs(difference) < 1e-8);
        const again = isotonicRegression(fit, weights);
        for (let i = 0; i < fit.length; i++) assert.ok(Math.abs(again[i] - fit[i]) < 1e-10);
      }),
      { seed: 3, numRuns: 200 },
    );
  });

  it("falls as the mirror image of rising", () => {
    fc.assert(
      fc.property(weighted, (pairs) => {
        const values = Float64Array.from(pairs, (pair) => pair[0]);
        const weights = Float64Array.from(pairs, (pair) => pair[1]);
        const falling = isotonicRegression(values, weights, { decreasing: true });
        const mirrored = isotonicRegression(values.toReversed(), weights.toReversed());
        assert.deepEqual(falling, mirrored.toReversed());
      }),
      { seed: 4, numRuns: 100 },
    );
  });

  it("fits nothing to nothing", () => {
    assert.equal(isotonicRegression(new Float64Array(0)).length, 0);
  });

  it("refuses a weight that is not above zero and lengths that differ", () => {
    assert.throws(() => isotonicRegression(new Float64Array(2), Float64Array.of(1, 0)), ParameterError);
    assert.throws(
      () => isotonicRegression(new Float64Array(2), Float64Array.of(1, Number.NaN)),
      ParameterError,
    );
    assert.throws(() => isotonicRegression(new Float64Array(2), new Float64Array(3)), ShapeError);
  });
});
