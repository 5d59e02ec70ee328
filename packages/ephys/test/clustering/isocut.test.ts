import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { isocut } from "../../src/clustering/isocut.ts";
import { Random } from "../../src/core/random.ts";
import { ParameterError } from "../../src/errors.ts";
import { gaussianMixture, readClusteringFixtures } from "./support/mixtures.ts";

/** The same formulas in the same precision; only the order of sums differs. */
const TOLERANCE = 1e-9;

describe("isocut", () => {
  for (const { name, sample, dip, cut } of readClusteringFixtures().isocut)
    it(`gives the study's dip and cut of '${name}' (${sample.length} values)`, () => {
      const found = isocut(Float64Array.from(sample));
      assert.ok(Math.abs(found.dip - dip) < TOLERANCE, `dip ${found.dip} instead of ${dip}`);
      assert.ok(Math.abs(found.cut - cut) < TOLERANCE * Math.max(1, Math.abs(cut)), `cut ${found.cut}`);
    });

  it("finds two humps 5 sigma apart and cuts between them", () => {
    for (let seed = 0; seed < 20; seed++) {
      const { dip, cut } = isocut(gaussianMixture([300, 300], [[0], [5]], 1, new Random(seed)));
      assert.ok(dip > 2 && cut > 1 && cut < 4, `seed ${seed}: dip ${dip}, cut ${cut}`);
    }
  });

  it("stays below 1.4 for at least 95 of 100 normal samples", () => {
    let above = 0;
    for (let seed = 0; seed < 100; seed++)
      if (isocut(gaussianMixture([400], [[0]], 1, new Random(seed))).dip >= 1.4) above++;
    assert.ok(above <= 5, `${above} of 100`);
  });

  it("does not depend on the order or the place of the sample", () => {
    // it does depend a little on the scale: one candidate turn of the unimodal fit weighs log densities
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 8, max: 300 }), (seed, count) => {
        const random = new Random(seed);
        const sample = gaussianMixture([count], [[0]], 1, random);
        const shuffled = Float64Array.from(sample);
        random.shuffle(shuffled);
        assert.deepEqual(isocut(shuffled), isocut(sample));
        const moved = isocut(sample.map((value) => value + 16));
        assert.ok(Math.abs(moved.dip - isocut(sample).dip) < 1e-9);
      }),
      { seed: 5, numRuns: 100 },
    );
  });

  it("gives dip 0 for fewer than 8 values and NaN as the cut of none", () => {
    assert.deepEqual(isocut(Float64Array.of(3, 1, 2)), { dip: 0, cut: 2 });
    assert.deepEqual(isocut(new Float64Array(0)), { dip: 0, cut: Number.NaN });
  });

  it("refuses NaN and infinity, naming the place", () => {
    assert.throws(() => isocut(Float64Array.of(1, Number.NaN)), ParameterError);
    assert.throws(() => isocut(Float64Array.of(Number.NEGATIVE_INFINITY)), /value 0/);
  });
});
