import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random } from "../../src/core/random.ts";
import { KdTree } from "../../src/linalg/kd-tree.ts";
import { chiSquareTail } from "../../src/metrics/chi-square.ts";
import { dPrime } from "../../src/metrics/d-prime.ts";
import { chooseSpikes, type FeatureSpace, featureSpace } from "../../src/metrics/feature-space.ts";
import { isolation } from "../../src/metrics/mahalanobis.ts";
import type { MetricsFeatures } from "../../src/metrics/metrics-input.ts";
import { neighbourRates } from "../../src/metrics/nearest-neighbours.ts";
import { silhouette } from "../../src/metrics/silhouette.ts";
import { unitMetrics } from "../../src/metrics/unit-metrics.ts";
import { assertNear, fixture, inputOf } from "./support/metrics-fixture.ts";

describe("metrics of the feature space", () => {
  for (const given of fixture.spaces) {
    it(`are SpikeInterface's or numpy's: ${given.name}`, () => {
      const space: FeatureSpace = {
        points: Float64Array.from(given.points),
        dimensions: given.dimensions,
        ownCount: given.units.filter((unit) => unit === 0).length,
        units: Int32Array.from(given.units),
      };
      const apart = isolation(space);
      // the reference inverts the covariance; its condition here is below 1e4, so 1e-9 is a wide margin over rounding
      assertNear(apart.isolationDistance, given.isolation_distance, 1e-9, "isolation_distance");
      // the reference subtracts a probability from 1 for each spike: an error of 1e-16 each
      assertNear(apart.lRatio, given.l_ratio, 1e-9, "l_ratio", 1e-14);
      assertNear(dPrime(space), given.d_prime, 1e-9, "d_prime");
      const rates = neighbourRates(space);
      assertNear(rates.hitRate, given.nn_hit_rate, 1e-12, "nn_hit_rate");
      assertNear(rates.missRate, given.nn_miss_rate, 1e-12, "nn_miss_rate");
      assertNear(silhouette(space), given.silhouette_score, 1e-12, "silhouette_score", 1e-12);
    });
  }

  it("the tail of chi-square is scipy's", () => {
    for (const { value, degrees, tail } of fixture.tails)
      assertNear(chiSquareTail(value, degrees), tail, 1e-12, `${value}, ${degrees} degrees`);
  });

  it("a unit with no neighbour is perfect by its neighbours and not defined by the rest", () => {
    const random = new Random(1);
    const points = Float64Array.from({ length: 40 }, () => random.normal());
    const space = { points, dimensions: 2, ownCount: 20, units: new Int32Array(20) };
    assert.deepEqual(neighbourRates(space), { hitRate: 1, missRate: 0 });
    assert.ok(Number.isNaN(isolation(space).isolationDistance));
    assert.ok(Number.isNaN(dPrime(space)));
    assert.ok(Number.isNaN(silhouette(space)));
  });

  it("fewer spikes than dimensions, or a constant feature, have no Mahalanobis distance", () => {
    const random = new Random(2);
    const few = Float64Array.from({ length: 60 * 8 }, () => random.normal());
    const units = Int32Array.from({ length: 60 }, (_, i) => (i < 6 ? 0 : 1));
    assert.ok(Number.isNaN(isolation({ points: few, dimensions: 8, ownCount: 6, units }).lRatio));
    const constant = few.map((value, i) => (i % 8 === 3 ? 2 : value));
    const half = Int32Array.from({ length: 60 }, (_, i) => (i < 30 ? 0 : 1));
    assert.ok(Number.isNaN(isolation({ points: constant, dimensions: 8, ownCount: 30, units: half }).lRatio));
  });
});

describe("nearest neighbours", () => {
  it("are those of a search through all, for clustered points of many dimensions", () => {
    const random = new Random(3);
    const [count, dimensions, wanted] = [900, 12, 5];
    const points = Float64Array.from(
      { length: count * dimensions },
      (_, i) => random.normal() + 4 * (Math.floor(i / dimensions) % 3),
    );
    const tree = new KdTree(points, dimensions, wanted);
    const found = new Int32Array(wanted);
    for (let point = 0; point < count; point += 7) {
      assert.equal(tree.neighbours(point, found), wanted);
      const square = (other: number): number => {
        let sum = 0;
        for (let j = 0; j < dimensions; j++)
          sum += (points[point * dimensions + j] - points[other * dimensions + j]) ** 2;
        return sum;
      };
      const all = Array.from({ length: count }, (_, i) => i).filter((i) => i !== point);
      all.sort((a, b) => square(a) - square(b));
      assert.deepEqual(Array.from(found), all.slice(0, wanted));
    }
  });

  it("are fewer when there are no more, and equal points are neighbours", () => {
    const found = new Int32Array(5);
    assert.equal(new KdTree(Float64Array.of(1, 2, 4), 1, 5).neighbours(0, found), 2);
    assert.deepEqual(Array.from(found.subarray(0, 2)), [1, 2]);
    assert.equal(new KdTree(Float64Array.of(7), 1, 5).neighbours(0, found), 0);
    const same = new KdTree(new Float64Array(200), 2, 5);
    assert.equal(same.neighbours(50, found), 5);
    assert.ok(!found.includes(50) && new Set(found).size === 5);
  });

  it("of more than 10 000 spikes are counted on evenly spaced ones", () => {
    const random = new Random(4);
    const count = 12_000;
    const points = Float64Array.from({ length: 2 * count }, (_, i) => random.normal() + (i < count ? 0 : 2));
    const units = Int32Array.from({ length: count }, (_, i) => (i < count / 2 ? 0 : 1));
    const all = neighbourRates({ points, dimensions: 2, ownCount: count / 2, units });
    const every = Int32Array.from({ length: 10_000 }, (_, i) => Math.floor((i * count) / 10_000));
    const kept = every.filter((i) => i < count / 2).length;
    const thinned = neighbourRates({
      points: Float64Array.from({ length: 20_000 }, (_, i) => points[2 * every[i >> 1] + (i & 1)]),
      dimensions: 2,
      ownCount: kept,
      units: Int32Array.from(every, (i) => units[i]),
    });
    assert.deepEqual(all, thinned);
  });
});

describe("the feature space of a unit", () => {
  // three channels lists; unit 0 on channels 4 and 5, unit 1 on 5 and 6, unit 2 on 8 and 9
  const features: MetricsFeatures = {
    values: Float32Array.from({ length: 4 * 2 * 2 }, (_, i) => i + 1),
    featuresPerChannel: 2,
    channelCount: 2,
    channels: Int32Array.of(4, 5, 5, 6, 8, 9),
    spikeLists: Int32Array.of(1, 0, 2, 0),
    spikeUnits: Int32Array.of(1, 0, 2, 0),
  };

  it("has the unit's channels, zeros where a neighbour has none, and only near units", () => {
    const chosen = chooseSpikes(features, 3);
    const space = featureSpace(0, features, chosen, Int32Array.of(4, 5, 8));
    assert.ok(space !== undefined);
    assert.deepEqual([space.dimensions, space.ownCount, Array.from(space.units)], [4, 2, [0, 0, 1]]);
    // own spikes 1 and 3 as they are; spike 0 of unit 1 has its features of channel 5 in column 1, nothing on channel 4
    assert.deepEqual(Array.from(space.points), [5, 6, 7, 8, 13, 14, 15, 16, 0, 1, 0, 3]);
    assert.equal(featureSpace(2, features, chosen, Int32Array.of(4, 5, 8))?.units.length, 1);
  });

  it("takes at most 500 spikes of a unit, evenly spaced", () => {
    const many = {
      ...features,
      values: new Float32Array(4 * 1501),
      spikeLists: new Int32Array(1501),
      spikeUnits: new Int32Array(1501),
    };
    const [rows] = chooseSpikes(many, 1);
    assert.equal(rows.length, 500);
    assert.deepEqual([rows[0], rows[1], rows[499]], [0, 3, 1497]);
  });

  it("gives metrics of two units told apart, by way of unitMetrics", () => {
    const random = new Random(5);
    const spikes = 200;
    const unit = inputOf({}).units[0];
    const spikeUnits = Int32Array.from({ length: spikes }, (_, i) => i % 2);
    const values = Float32Array.from(
      { length: spikes * 4 },
      (_, i) => random.normal() + (Math.floor(i / 4) % 2 === 0 ? 0 : 8),
    );
    const input = {
      ...inputOf({}),
      units: [unit, unit],
      features: {
        values,
        featuresPerChannel: 2,
        channelCount: 2,
        channels: Int32Array.of(0, 1, 0, 1),
        spikeLists: spikeUnits,
        spikeUnits,
      },
    };
    const metrics = unitMetrics(input);
    for (const {
      nn_hit_rate,
      nn_miss_rate,
      d_prime,
      silhouette_score,
      isolation_distance,
      l_ratio,
    } of metrics) {
      assert.deepEqual([nn_hit_rate, nn_miss_rate], [1, 0]);
      // 8 sigma along each of four axes: d' = 16, within its sampling error
      assertNear(d_prime, 16, 0.15, "d_prime");
      assert.ok(silhouette_score !== null && silhouette_score > 0.8);
      assert.ok(isolation_distance !== null && isolation_distance > 150);
      assert.ok(l_ratio !== null && l_ratio < 1e-20);
    }
  });
});
