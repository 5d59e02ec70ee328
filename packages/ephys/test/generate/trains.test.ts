import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random } from "../../src/core/random.ts";
import { drawAmplitudes, drawGamma, drawTrain, type TrainParameters } from "../../src/generate/trains.ts";

const parameters: TrainParameters = {
  rateHz: 10,
  shape: 2,
  refractoryMs: 3,
  isBursting: false,
  amplitudeSd: 0.05,
  burstLoss: 0.4,
};

describe("spike trains", () => {
  it("gamma numbers have mean and variance of their shape", () => {
    const random = new Random(1);
    const count = 100_000;
    for (const shape of [1, 1.7, 3]) {
      let [sum, squares] = [0, 0];
      for (let i = 0; i < count; i++) {
        const value = drawGamma(shape, random);
        assert.ok(value > 0);
        sum += value;
        squares += value * value;
      }
      const mean = sum / count;
      // five standard errors; the fourth moment of a gamma number gives that of the variance
      assert.ok(Math.abs(mean - shape) < 5 * Math.sqrt(shape / count), `mean ${mean} of shape ${shape}`);
      const variance = squares / count - mean * mean;
      const error = Math.sqrt((2 * shape * shape + 6 * shape) / count);
      assert.ok(Math.abs(variance - shape) < 5 * error, `variance ${variance} of shape ${shape}`);
    }
  });

  it("have their rate, bursting or not, keep the refractory time and stay off the ends", () => {
    for (const isBursting of [false, true]) {
      const { samples } = drawTrain({ ...parameters, isBursting }, 30_000 * 600, 30_000, new Random(3));
      // 6000 spikes; bursts make counts vary by twice a Poisson train's deviation at most
      assert.ok(Math.abs(samples.length - 6000) < 5 * 2 * Math.sqrt(6000), `${samples.length} spikes`);
      assert.ok(samples[0] >= 150 && samples[samples.length - 1] <= 30_000 * 600 - 150);
      let short = 0;
      for (let i = 1; i < samples.length; i++) {
        assert.ok(samples[i] - samples[i - 1] >= 90 - 0.125);
        assert.equal((samples[i] * 8) % 1, 0, "on the lattice of 1/8");
        if (samples[i] - samples[i - 1] < 8 * 30) short++;
      }
      assert.equal(short > 0.2 * samples.length, isBursting, `${short} intervals below 8 ms`);
    }
  });

  it("a spike soon after another is smaller by the loss, one long after is not", () => {
    const samples = Float64Array.from(
      { length: 40_000 },
      (_, i) => 30_000 * (i >> 1) + (i % 2 === 0 ? 0 : 150),
    );
    const amplitudes = drawAmplitudes(samples, 30, parameters, new Random(4));
    const mean = (offset: number) =>
      amplitudes.filter((_, i) => i % 2 === offset).reduce((sum, value) => sum + value, 0) / 20_000;
    // 5 ms after: 0.4 exp(-5 / 20) less; five standard errors of 0.05
    assert.ok(Math.abs(mean(0) - 1) < 0.002);
    assert.ok(Math.abs(mean(1) - (1 - 0.4 * Math.exp(-0.25))) < 0.002);
  });
});
