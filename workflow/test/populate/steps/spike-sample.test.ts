import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random } from "@tenon/ephys";
import { stretchesOf } from "../../../src/populate/steps/spike-sample.ts";

const options = (more = {}) => ({
  sampleCount: 3_000_000,
  chunkSamples: 30_000,
  before: 30,
  after: 160,
  gap: 500,
  most: 500,
  enough: 200,
  random: new Random(1),
  ...more,
});

/** Spikes every `interval` samples. */
const train = (interval: number, sampleCount = 3_000_000) =>
  Float64Array.from({ length: Math.floor(sampleCount / interval) }, (_, i) => 10 + i * interval);

describe("stretchesOf", () => {
  it("takes enough spikes of every unit, and all of a rare one's", () => {
    const trains = [train(1000), train(100_000), train(5000)];
    const counts = new Int32Array(3);
    for (const { units } of stretchesOf(trains, options())) for (const unit of units) counts[unit]!++;
    assert.ok(counts[0]! >= 200 && counts[0]! <= 230, `${counts[0]}`);
    // the first spike's window begins before the recording
    assert.equal(counts[1], 29);
    assert.ok(counts[2]! >= 200 && counts[2]! <= 206, `${counts[2]}`);
  });

  it("keeps every window inside its stretch and the recording, stretches in order and apart", () => {
    const trains = [train(777), train(5011)];
    const stretches = stretchesOf(trains, options());
    let last = 0;
    for (const { start, end, samples } of stretches) {
      assert.ok(start >= last && end <= 3_000_000);
      last = end;
      for (const sample of samples) assert.ok(sample - 30 >= start && sample + 160 <= end);
    }
  });

  it("never reads more than two chunks at once", () => {
    const stretches = stretchesOf([train(20)], options({ most: 1e9, enough: 1e9 }));
    assert.ok(stretches.every(({ start, end }) => end - start <= 60_000));
    assert.ok(stretches.length > 40);
  });

  it("takes spikes of the whole recording, not of its beginning", () => {
    const stretches = stretchesOf([train(1000)], options());
    assert.ok(stretches.at(-1)!.end > 1_500_000 && stretches[0]!.start < 1_500_000);
  });

  it("has nothing to read without spikes", () => {
    assert.deepEqual(stretchesOf([new Float64Array(0)], options()), []);
    assert.deepEqual(stretchesOf([], options()), []);
    assert.deepEqual(stretchesOf([Float64Array.of(5, 2_999_990)], options()), []);
  });
});
