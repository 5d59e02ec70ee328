import assert from "node:assert/strict";
import { test } from "node:test";
import { findMisfits } from "../../src/templates/misfits.ts";
import { findShadows } from "../../src/templates/shadows.ts";

const rules = { shadowFraction: 0.6, shadowRatio: 0.4, shadowLag: 120, shadowRadiusUm: 150 };
const context = { channelCount: 2, distances: Float64Array.of(0, 200, 200, 0) };

/** Unit 0 fires every 1000 samples, unit 1 `lag` later (with a jitter of +-2), or at times of its own. */
function trains(lag: number | undefined, energies: readonly number[], mainChannels: readonly number[]) {
  const spikes = Array.from({ length: 50 }, (_, i) => [
    { sample: 1000 * (i + 1), unit: 0 },
    { sample: 1000 * (i + 1) + (lag === undefined ? (i * 317) % 900 : lag + (i % 5) - 2), unit: 1 },
  ])
    .flat()
    .sort((a, b) => a.sample - b.sample);
  return { samples: spikes.map((s) => s.sample), units: spikes.map((s) => s.unit), energies, mainChannels };
}
const shadowsOf = (all: ReturnType<typeof trains>) => [...findShadows(all, all, context, rules)];

test("a small unit at one lag from a larger one is its shadow, before and after it, up to the longest lag", () => {
  for (const lag of [20, -60, 110]) assert.deepEqual(shadowsOf(trains(lag, [400, 30], [0, 0])), [0, 1]);
});

test("it is none when it is not much smaller, far away, later than the longest lag, or fires by itself", () => {
  assert.deepEqual(shadowsOf(trains(20, [400, 200], [0, 0])), [0, 0]);
  assert.deepEqual(shadowsOf(trains(20, [400, 30], [0, 1])), [0, 0]);
  assert.deepEqual(shadowsOf(trains(200, [400, 30], [0, 0])), [0, 0]);
  assert.deepEqual(shadowsOf(trains(undefined, [400, 30], [0, 0])), [0, 0]);
});

test("a small unit at one lag from several larger ones together is their shadow; one that is near them by chance is not", () => {
  // three large units in turn every 100 samples; the small one follows each spike by 40, or comes at times of its own
  const mixed = (small: (i: number) => number) => {
    const spikes = Array.from({ length: 150 }, (_, i) => [
      { sample: 1000 + 100 * i, unit: i % 3 },
      { sample: 1000 + 100 * i + small(i), unit: 3 },
    ])
      .flat()
      .sort((a, b) => a.sample - b.sample);
    const energies = [400, 500, 600, 30];
    const mainChannels = [0, 0, 0, 0];
    return { samples: spikes.map((s) => s.sample), units: spikes.map((s) => s.unit), energies, mainChannels };
  };
  assert.deepEqual(shadowsOf(mixed((i) => 40 + (i % 3))), [0, 0, 0, 1]);
  assert.deepEqual(shadowsOf(mixed((i) => (i * 37) % 100)), [0, 0, 0, 0]);
});

test("units whose spikes are all smaller than the template are misfits; units without spikes are none", () => {
  const amplitudes = Float32Array.of(1, 0.9, 1.1, 0.6, 0.6, 0.95);
  assert.deepEqual(
    [...findMisfits([Int32Array.of(0, 1, 2), Int32Array.of(3, 4, 5), new Int32Array(0)], amplitudes, 0.8)],
    [0, 1, 0],
  );
});
