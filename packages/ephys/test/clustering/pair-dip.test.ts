import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fisherAxis } from "../../src/clustering/fisher-axis.ts";
import { MERGE_GAP_RULE, pairDip } from "../../src/clustering/pair-dip.ts";
import { pcaAboveNoise } from "../../src/clustering/pca.ts";
import { Random } from "../../src/core/random.ts";
import { ParameterError, ShapeError } from "../../src/errors.ts";
import { gaussianMixture, readClusteringFixtures } from "./support/mixtures.ts";

const TOLERANCE = 1e-9;
const fixtures = readClusteringFixtures();

describe("pairDip", () => {
  for (const { a, b, countA, countB, dimensions, gap, dip, distance, axis } of fixtures.pair) {
    const name = `${countA} and ${countB} points, ${dimensions} dimensions, gap ratio ${gap}`;
    const pointsA = Float64Array.from(a);
    const pointsB = Float64Array.from(b);
    it(`gives the study's axis for ${name}`, () => {
      const found = fisherAxis(pointsA, countA, pointsB, countB, dimensions);
      axis.forEach((value, j) => {
        assert.ok(Math.abs(found[j] - value) < TOLERANCE);
      });
    });
    it(`gives the study's dip and distance for ${name}`, () => {
      const rule = { gapRatio: gap, gapDistance: 5 };
      const found = pairDip(pointsA, countA, pointsB, countB, dimensions, rule);
      // the study writes 99 where the gap rule separates
      const expected = dip === 99 ? Number.POSITIVE_INFINITY : dip;
      assert.ok(found.dip === expected || Math.abs(found.dip - expected) < TOLERANCE, `dip ${found.dip}`);
      assert.ok(Math.abs(found.distance - distance) < TOLERANCE, `distance ${found.distance}`);
    });
  }

  it("separates two groups of 8 that are 9 sigma apart by the gap rule alone", () => {
    const random = new Random(6);
    const a = gaussianMixture([8], [[0]], 4, random);
    const b = gaussianMixture([8], [[9]], 4, random);
    assert.ok(pairDip(a, 8, b, 8, 4).dip < 1.6, "isocut has little power with 8 points");
    assert.equal(pairDip(a, 8, b, 8, 4, MERGE_GAP_RULE).dip, Number.POSITIVE_INFINITY);
  });

  it("does not call a gap what lies inside one group's own spread", () => {
    const random = new Random(7);
    const a = gaussianMixture([400], [[0]], 1, random).map((value) => 6 * value);
    const b = gaussianMixture([12], [[8]], 1, random);
    assert.ok(Number.isFinite(pairDip(a, 400, b, 12, 1, MERGE_GAP_RULE).dip));
  });

  it("sees a group of 30 beside one of 1000 by the balance rule", () => {
    const random = new Random(8);
    const a = gaussianMixture([1000], [[0]], 2, random);
    const b = gaussianMixture([30], [[8]], 2, random);
    assert.ok(pairDip(a, 1000, b, 30, 2).dip > 1.4);
  });

  it("does not depend on which group comes first", () => {
    const random = new Random(9);
    const a = gaussianMixture([300], [[0]], 3, random);
    const b = gaussianMixture([20], [[4]], 3, random);
    const there = pairDip(a, 300, b, 20, 3, MERGE_GAP_RULE);
    const back = pairDip(b, 20, a, 300, 3, MERGE_GAP_RULE);
    assert.ok(Math.abs(there.distance - back.distance) < TOLERANCE);
  });

  it("takes float32 features", () => {
    const random = new Random(10);
    const a = gaussianMixture([50], [[0]], 2, random);
    const b = gaussianMixture([50], [[6]], 2, random);
    const narrow = pairDip(Float32Array.from(a), 50, Float32Array.from(b), 50, 2);
    assert.ok(Math.abs(narrow.dip - pairDip(a, 50, b, 50, 2).dip) < 1e-3);
  });

  it("refuses points that do not fit their shape or are not finite", () => {
    assert.throws(() => pairDip(new Float64Array(5), 2, new Float64Array(4), 2, 2), ShapeError);
    const bad = Float64Array.of(0, 0, Number.NaN, 0);
    assert.throws(() => pairDip(bad, 2, new Float64Array(4), 2, 2), /point 1, dimension 0 is NaN/);
    assert.throws(() => fisherAxis(bad, 2, bad, 2, 2), ParameterError);
  });
});

describe("pcaAboveNoise", () => {
  for (const fixture of fixtures.pca)
    it(`keeps the study's components of ${fixture.count} x ${fixture.dimensions}`, () => {
      const found = pcaAboveNoise(Float64Array.from(fixture.points), fixture.count, fixture.dimensions);
      assert.equal(found.components, fixture.components);
      fixture.variances.forEach((variance, q) => {
        assert.ok(Math.abs(found.variances[q] - variance) < TOLERANCE * variance);
      });
      fixture.absoluteScores.forEach((score, i) => {
        assert.ok(Math.abs(Math.abs(found.scores[i]) - score) < 1e-8, `score ${i}`);
      });
    });

  it("keeps one component of pure noise and never more than asked", () => {
    const noise = gaussianMixture([500], [[0]], 20, new Random(11));
    assert.equal(pcaAboveNoise(noise, 500, 20).components, 1);
    const signal = gaussianMixture([200, 200, 200], [[0], [20, 20], [0, 20, 20]], 20, new Random(12));
    assert.equal(pcaAboveNoise(signal, 600, 20).components, 2);
    assert.equal(pcaAboveNoise(signal, 600, 20, { maximumComponents: 1 }).components, 1);
  });
});
