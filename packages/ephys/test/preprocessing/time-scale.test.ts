import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../../src/core/random.ts";
import { liveNoiseInPlace } from "../../src/preprocessing/live-noise.ts";
import { samplesAtRate } from "../../src/preprocessing/time-scale.ts";

test("samples of 30 kHz take as long at a higher rate and are as many at a lower one", () => {
  assert.deepEqual(
    [15_000, 30_000, 40_000].map((rate) => samplesAtRate(53, rate)),
    [53, 53, 71],
  );
});

test("the noise of a channel is that of the part that was recorded", () => {
  const random = new Random(1);
  const noise = Float32Array.from({ length: 30_000 }, (_, i) => (i % 10 < 4 ? 0 : 7 * random.normal()));
  assert.ok(Math.abs(liveNoiseInPlace(noise) - 7) < 0.15);
  assert.equal(liveNoiseInPlace(new Float32Array(100)), 0);
});
