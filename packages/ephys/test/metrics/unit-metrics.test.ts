import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ParameterError, ShapeError } from "../../src/errors.ts";
import { gaussianSmooth } from "../../src/metrics/gaussian-smooth.ts";
import type { MetricsFeatures, MetricsInput } from "../../src/metrics/metrics-input.ts";
import { unitMetrics } from "../../src/metrics/unit-metrics.ts";
import { waveformFeatures } from "../../src/metrics/waveform-features.ts";
import { assertNear, fixture, inputOf, SAMPLING_RATE_HZ } from "./support/metrics-fixture.ts";

describe("metrics of spike trains", () => {
  for (const given of fixture.trains) {
    it(`are SpikeInterface's or numpy's: ${given.name}`, () => {
      const spikeTimesS = Float64Array.from(given.samples, (sample) => sample / SAMPLING_RATE_HZ);
      const input = inputOf(
        {
          spikeTimesS,
          // of either sign: their sizes count
          amplitudesUv: Float64Array.from(given.amplitudes, (size, i) => (i % 2 === 0 ? size : -size)),
          depthsUm: Float64Array.from(given.depths),
        },
        given.durationS,
      );
      const [got] = unitMetrics(input);
      assert.equal(got.number_violation, given.number_violation);
      // the same few operations on the same doubles; only the order of sums differs
      for (const name of [
        "firing_rate",
        "presence_ratio",
        "isi_violation",
        "amplitude_cutoff",
        "max_drift",
        "cumulative_drift",
        "contamination_rate",
      ] as const)
        assertNear(got[name], given[name], 1e-9, name, 1e-12);
      assertNear(waveformFeatures(input)[0].amplitude, given.amplitude, 1e-12, "amplitude");
    });
  }

  it("smoothing is scipy's, also wider than the row", () => {
    for (const { values, sigma, out } of fixture.smooth)
      for (const [i, value] of gaussianSmooth(Float64Array.from(values), sigma).entries())
        assertNear(value, out[i], 1e-12, `sigma ${sigma}, ${i}`);
  });

  it("a unit without spikes has rates of 0 and no ratios", () => {
    const [got] = unitMetrics(inputOf({ spikeTimesS: new Float64Array(0) }));
    assert.deepEqual([got.firing_rate, got.presence_ratio, got.number_violation], [0, 0, 0]);
    assert.deepEqual([got.isi_violation, got.contamination_rate, got.amplitude_cutoff], [null, null, null]);
  });

  it("without depths and features their metrics are null, and nothing is NaN", () => {
    const [got] = unitMetrics(inputOf({}));
    assert.deepEqual([got.max_drift, got.cumulative_drift], [null, null]);
    assert.deepEqual([got.isolation_distance, got.nn_hit_rate, got.silhouette_score], [null, null, null]);
    for (const value of Object.values(got)) assert.ok(value === null || Number.isFinite(value));
    assert.equal(Object.keys(got).length, 15);
  });

  it("amplitudes all alike have no histogram to cut", () => {
    const spikeTimesS = Float64Array.from({ length: 600 }, (_, i) => i / 10);
    assert.equal(unitMetrics(inputOf({ spikeTimesS }))[0].amplitude_cutoff, null);
  });
});

describe("bad input is refused", () => {
  const features: MetricsFeatures = {
    values: new Float32Array(6),
    featuresPerChannel: 1,
    channelCount: 2,
    channels: Int32Array.of(0, 1),
    spikeLists: Int32Array.of(0, 0, 0),
    spikeUnits: Int32Array.of(0, 0, -1),
  };
  const refused: readonly [string, MetricsInput, RegExp][] = [
    ["duration", { ...inputOf({}), durationS: 0 }, /durationS must be a number above 0, got 0/],
    ["noise", { ...inputOf({}), noiseUv: [1] }, /noiseUv must have 2 values, got 1/],
    [
      "amplitudes",
      inputOf({ amplitudesUv: new Float32Array(2) }),
      /units\[0\]\.amplitudesUv must have 3 values, got 2/,
    ],
    ["depths", inputOf({ depthsUm: new Float32Array(4) }), /units\[0\]\.depthsUm must have 3 values, got 4/],
    [
      "waveform",
      inputOf({ waveformUv: new Float32Array(3) }),
      /units\[0\]\.waveformUv .* x 2 channels values, got 3/,
    ],
    ["order", inputOf({ spikeTimesS: Float64Array.of(1, 3, 2) }), /spikeTimesS must ascend, got 3 before 2/],
    [
      "feature length",
      { ...inputOf({}), features: { ...features, values: new Float32Array(5) } },
      /features\.values must have 6 values, got 5/,
    ],
    [
      "feature unit",
      { ...inputOf({}), features: { ...features, spikeUnits: Int32Array.of(0, 1, 0) } },
      /spike 1 must be of .* a unit in -1\.\.0, got list 0, unit 1/,
    ],
  ];
  for (const [name, input, sentence] of refused)
    it(name, () => {
      for (const measure of [unitMetrics, waveformFeatures])
        assert.throws(
          () => measure(input),
          (error) =>
            (error instanceof ShapeError || error instanceof ParameterError) && sentence.test(error.message),
        );
    });

  it("and a signal stops it", () => {
    const signal = AbortSignal.abort(new Error("stop"));
    assert.throws(() => unitMetrics({ ...inputOf({}), signal }), /stop/);
    assert.throws(() => waveformFeatures({ ...inputOf({}), signal }), /stop/);
  });
});
