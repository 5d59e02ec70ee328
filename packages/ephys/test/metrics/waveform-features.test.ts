import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { channelWaveform, mainChannel } from "../../src/metrics/main-channel.ts";
import { unitMetrics } from "../../src/metrics/unit-metrics.ts";
import { upsample } from "../../src/metrics/upsample.ts";
import { waveformFeatures } from "../../src/metrics/waveform-features.ts";
import {
  assertNear,
  fixture,
  inputOf,
  SAMPLING_RATE_HZ,
  type WaveformCase,
} from "./support/metrics-fixture.ts";

function inputFor(given: WaveformCase, shankOf: (channel: number) => number = () => 0) {
  const channelCount = given.x.length;
  return {
    ...inputOf({ waveformUv: Float32Array.from(given.waveform) }),
    probe: {
      x: Float64Array.from(given.x),
      y: Float64Array.from(given.y),
      shank: Int32Array.from(given.x, (_, channel) => shankOf(channel)),
    },
    noiseUv: new Float64Array(channelCount).fill(7),
  };
}

describe("features of waveforms", () => {
  for (const given of fixture.waveforms) {
    it(`are SpikeInterface's or scipy's: ${given.name}`, () => {
      const input = inputFor(given);
      const [got] = waveformFeatures(input);
      // the waveform is float32 here and float64 there: 6e-8 of values up to 300 uV, which moves no index
      for (const name of ["duration", "halfwidth", "spread"] as const)
        assertNear(got[name], given[name], 1e-12, name);
      for (const name of ["pt_ratio", "repolarization_slope", "recovery_slope"] as const)
        assertNear(got[name], given[name], 1e-5, name);
      for (const name of ["velocity_above", "velocity_below"] as const)
        assertNear(got[name], given[name], 1e-9, name);
      assertNear(unitMetrics(input)[0].snr, given.snr, 1e-6, "snr");
    });
  }

  it("upsampling is scipy's resample_poly", () => {
    for (const { x, waveform, upsampled } of fixture.waveforms) {
      const values = Float32Array.from(waveform);
      const one = channelWaveform(values, x.length, mainChannel(values, x.length));
      const fine = upsample(one, 10);
      // float32 input: 300 uV x 6e-8, times the filter's gain
      for (const [i, value] of upsampled.entries())
        assertNear(fine[13 * i], value, 0, `sample ${13 * i}`, 1e-4);
    }
  });

  it("upsampling keeps the samples it was given", () => {
    const fine = upsample(Float64Array.of(0, 1, -3, 2, 0, 5), 10);
    for (const [i, value] of [0, 1, -3, 2, 0, 5].entries())
      assertNear(fine[10 * i], value, 1e-3, `sample ${i}`, 1e-12);
  });

  it("another shank at the same depth is not part of the spread", () => {
    const given = fixture.waveforms[0];
    const twice: WaveformCase = {
      ...given,
      x: [...given.x, ...given.x.map((x) => x + 250)],
      y: [...given.y, ...given.y.map((y) => y + 400)],
      waveform: given.waveform.flatMap((_, i) => {
        const width = given.x.length;
        if (i % width !== 0) return [];
        const row = given.waveform.slice(i, i + width);
        return [...row, ...row.map((value) => 0.9 * value)];
      }),
    };
    const [got] = waveformFeatures(inputFor(twice, (channel) => (channel < given.x.length ? 0 : 1)));
    assert.equal(got.spread, given.spread);
    assertNear(got.velocity_above, given.velocity_above, 1e-9, "velocity_above");
  });

  it("a waveform of NaN has no feature but its spikes' amplitude; a flat one has no ratio", () => {
    const [nothing] = waveformFeatures(inputOf({ waveformUv: new Float32Array(8).fill(Number.NaN) }));
    assert.deepEqual(
      Object.entries(nothing).filter(([, value]) => value !== null),
      [["amplitude", 50]],
    );
    const [flat] = waveformFeatures(inputOf({ waveformUv: new Float32Array(8) }));
    assert.equal(flat.pt_ratio, null);
    for (const value of Object.values(flat)) assert.ok(value === null || Number.isFinite(value));
  });

  it("a silent channel's noise of 0 gives no signal-to-noise ratio", () => {
    assert.equal(unitMetrics({ ...inputOf({}), noiseUv: [0, 0] })[0].snr, null);
    assertNear(unitMetrics(inputOf({}))[0].snr, 5, 1e-12, "snr");
  });

  it("the rate sets the times", () => {
    const given = fixture.waveforms[0];
    const [slow] = waveformFeatures({ ...inputFor(given), samplingRateHz: SAMPLING_RATE_HZ / 2 });
    assertNear(slow.duration, 2 * (given.duration ?? Number.NaN), 1e-12, "duration");
  });
});
