import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random } from "../../src/core/random.ts";
import { trimmedMembers } from "../../src/templates/trimmed-members.ts";
import { ChunkSums, joinMeans, WaveformSums } from "../../src/templates/waveform-sums.ts";

describe("members that are averaged", () => {
  const random = () => new Random(1);
  // 20 spikes near 0 and four strangers, at rows 3, 8, 13 and 18
  const strangers = [3, 8, 13, 18];
  const source = new Random(2);
  const features = Float32Array.from({ length: 48 }, (_, i) =>
    strangers.includes(i >> 1) ? 30 : 0.1 * source.normal(),
  );
  const members = Int32Array.from({ length: 24 }, (_, i) => i);

  it("are without those farthest from the median", () => {
    const kept = trimmedMembers(features, 2, members, { limit: 100, trim: 0.2, random: random() });
    // 24 spikes, a fifth of them rounded down
    assert.equal(kept.length, 20);
    assert.ok(!strangers.some((row) => kept.includes(row)));
    assert.deepEqual(kept, kept.slice().sort());
  });

  it("are few of many, the same for the same seed, and all of very few", () => {
    const some = trimmedMembers(features, 2, members, { limit: 10, trim: 0, random: random() });
    assert.equal(some.length, 10);
    assert.equal(new Set(some).size, 10);
    assert.deepEqual(trimmedMembers(features, 2, members, { limit: 10, trim: 0, random: random() }), some);
    const few = Int32Array.of(3, 8, 9);
    assert.deepEqual(trimmedMembers(features, 2, few, { limit: 10, trim: 0.5, random: random() }), few);
    assert.equal(
      trimmedMembers(features, 2, new Int32Array(0), { limit: 5, trim: 0.2, random: random() }).length,
      0,
    );
  });
});

describe("mean waveforms", () => {
  it("are summed chunk by chunk; a unit without spikes has zeros", () => {
    const sums = new WaveformSums([Int32Array.of(4, 5), Int32Array.of(5), Int32Array.of(6)], 2);
    const first = new ChunkSums();
    first.add(1, Float32Array.of(1, 2, 99), 2);
    first.add(0, Float32Array.of(1, 1, 1, 1), 4);
    const second = new ChunkSums();
    second.add(1, Float32Array.of(5, 6), 2);
    sums.add(first.finish());
    sums.add(second.finish());
    const { waveforms, counts } = sums.means();
    assert.deepEqual(Array.from(counts), [1, 2, 0]);
    assert.deepEqual(
      waveforms.map((waveform) => Array.from(waveform)),
      [
        [1, 1, 1, 1],
        [3, 4],
        [0, 0],
      ],
    );
  });

  it("of units that are one are joined by their spikes, each channel among those that have it", () => {
    const joined = joinMeans(
      {
        channels: [Int32Array.of(4, 5), Int32Array.of(5, 6), Int32Array.of(7)],
        waveforms: [Float32Array.of(1, 2), Float32Array.of(10, 20), Float32Array.of(3)],
        counts: Int32Array.of(30, 10, 5),
      },
      [[0, 1], [2]],
      1,
    );
    assert.deepEqual(
      joined.channels.map((list) => Array.from(list)),
      [[4, 5], [7]],
    );
    // channel 5: (30 x 2 + 10 x 10) / 40
    assert.deepEqual(
      joined.waveforms.map((waveform) => Array.from(waveform)),
      [[1, 4], [3]],
    );
    assert.deepEqual(Array.from(joined.counts), [40, 5]);
  });
});
