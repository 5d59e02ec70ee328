import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random } from "../../src/core/random.ts";
import { NormalSource, normalQuantile } from "../../src/generate/normal-source.ts";
import { makeSpatialMixer, mixSpatially } from "../../src/generate/spatial-noise.ts";

describe("noise of a probe", () => {
  it("has the covariance that was asked for among near channels, and close to it farther away", () => {
    const channelCount = 64;
    const x = Float64Array.from({ length: channelCount }, (_, c) => [27, 59, 11, 43][c % 4]);
    const y = Float64Array.from({ length: channelCount }, (_, c) => 20 * (c >> 1));
    const wanted = (distance: number) => 0.7 * Math.exp(-distance / 25) + 0.3 * Math.exp(-distance / 300);
    // what one unit of each channel's own noise becomes: covariance = the sum over channels of the products, without any chance
    const answers = Float32Array.from({ length: channelCount ** 2 }, (_, i) =>
      Math.floor(i / channelCount) === i % channelCount ? 1 : 0,
    );
    mixSpatially(makeSpatialMixer(x, y, wanted), answers, channelCount);
    for (let a = 0; a < channelCount; a++)
      for (let b = a; b < channelCount; b++) {
        let sum = 0;
        for (let row = 0; row < channelCount; row++)
          sum += answers[row * channelCount + a] * answers[row * channelCount + b];
        const distance = Math.hypot(x[a] - x[b], y[a] - y[b]);
        const right = wanted(distance);
        // channels within 60 um are always among the five that a channel is regressed on; farther ones it reaches through those, which
        // keeps all but an eighth of the variance (measured: 0.118)
        const allowed = distance <= 60 ? 1e-6 : 0.125;
        assert.ok(Math.abs(sum - right) < allowed, `channels ${a} and ${b}: ${sum}, wanted ${right}`);
      }
  });

  it("normal quantiles are those of tables", () => {
    // Abramowitz and Stegun, table 26.5, and symmetry
    const table: readonly [number, number][] = [
      [0.5, 0],
      [0.025, -1.959963984540054],
      [0.005, -2.5758293035489004],
      [0.0001, -3.719016485455709],
    ];
    for (const [probability, quantile] of table)
      assert.ok(Math.abs(normalQuantile(probability) - quantile) < 1e-9, `${probability}`);
  });

  it("normal numbers by the table have the moments of the normal distribution", () => {
    const values = new Float32Array(400_000);
    new NormalSource(new Random(2)).fill(values, values.length);
    const moment = (power: number) => values.reduce((sum, value) => sum + value ** power, 0) / values.length;
    assert.ok(Math.abs(moment(1)) < 0.007);
    assert.ok(Math.abs(moment(2) - 1) < 0.01);
    assert.ok(Math.abs(moment(4) - 3) < 0.07);
  });
});
