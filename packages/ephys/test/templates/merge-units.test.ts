import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../../src/core/random.ts";
import { learnTemporalBasis } from "../../src/features/temporal-basis.ts";
import { makeMatchingContext } from "../../src/matching/matching-context.ts";
import { mergeBursts } from "../../src/templates/burst-pairs.ts";
import { mergeUnits } from "../../src/templates/merge-units.ts";

const W = 76;
const CHANNELS = 6;
const shape = (t: number, width: number) =>
  -Math.exp(-((t / width) ** 2)) + 0.4 * Math.exp(-(((t - 10) / 8) ** 2));
const random = new Random(3);
const peaks = { data: new Float32Array(300 * W), count: 300, length: W, trough: 22 };
for (let i = 0; i < peaks.count; i++)
  for (let w = 0; w < W; w++)
    peaks.data[i * W + w] = 15 * shape(w - 22 - ((i % 9) - 4) / 8, 3 + (i % 3)) + random.normal();
const white = { data: Float32Array.from({ length: 3000 * W }, () => random.normal()), count: 3000 };
const basis = learnTemporalBasis(peaks, white, 5);
const y = Float64Array.from({ length: CHANNELS }, (_, c) => 20 * c);
const context = makeMatchingContext(basis, { x: new Float64Array(CHANNELS), y });
const rules = {
  mergeRadiusUm: 50,
  mergeDistance: 10,
  mergeFraction: 0.15,
  mergeDip: 1.6,
  mergeMedianDistance: 2.5,
};
const everywhere = Int32Array.from({ length: CHANNELS }, (_, c) => c);

/** A unit's waveform on all channels, moved by `shift` samples. */
function waveform(size: number, place: number, width: number, shift: number): Float32Array {
  return Float32Array.from({ length: W * CHANNELS }, (_, at) => {
    const decay = Math.exp(-Math.abs(20 * (at % CHANNELS) - place) / 25);
    return size * decay * shape(Math.floor(at / CHANNELS) - 22 - shift, width);
  });
}

/** Units with 60 noisy spikes each; all main channels are 0. */
function input(waveforms: readonly Float32Array[]) {
  const width = CHANNELS * basis.rank;
  const features = new Float32Array(waveforms.length * 60 * width);
  for (const [unit, data] of waveforms.entries())
    for (let i = 0; i < 60; i++)
      for (let c = 0; c < CHANNELS; c++)
        for (let r = 0; r < basis.rank; r++) {
          let sum = random.normal();
          for (let w = 0; w < W; w++)
            sum += basis.features[r * W + w] * data[w * CHANNELS + context.neighbours[0][c]];
          features[(unit * 60 + i) * width + c * basis.rank + r] = sum;
        }
  return {
    mainChannels: new Int32Array(waveforms.length),
    members: waveforms.map((_, unit) => Int32Array.from({ length: 60 }, (_, i) => unit * 60 + i)),
    features,
    featureChannels: CHANNELS,
    templates: waveforms.map((data) => ({ channels: everywhere, data })),
  };
}

test("halves of a unit that are aligned half a sample apart are one, also when its size makes them ten sigma apart", () => {
  const owner = mergeUnits(
    input([waveform(40, 10, 4, -0.25), waveform(40, 10, 4, 0.25), waveform(40, 10, 4, 1)]),
    context,
    rules,
  );
  assert.equal(new Set(owner).size, 1);
});

test("units of another place or shape stay two, and a unit without spikes stays itself", () => {
  assert.deepEqual(
    [...mergeUnits(input([waveform(20, 0, 4, 0), waveform(20, 14, 4, 0)]), context, rules)],
    [0, 1],
  );
  assert.deepEqual(
    [...mergeUnits(input([waveform(20, 0, 3, 0), waveform(20, 0, 5, 0)]), context, rules)],
    [0, 1],
  );
  const some = input([waveform(20, 0, 4, 0), waveform(20, 0, 4, 0)]);
  assert.deepEqual(
    [...mergeUnits({ ...some, members: [some.members[0], new Int32Array(0)] }, context, rules)],
    [0, 1],
  );
});

test("a smaller unit that follows a larger one of like shape within bursts is part of it; one that fires by itself or meets it is not", () => {
  const large = Array.from({ length: 100 }, (_, i) => 3000 * i + 1500);
  const templates = [1, 0.7].map((size) => ({ channels: everywhere, data: waveform(30 * size, 10, 4, 0) }));
  const ownerFor = (small: number[]) => [
    ...mergeBursts(
      {
        trains: [large, small],
        templates,
        mainChannels: new Int32Array(2),
        samplingRateHz: 30000,
        sampleCount: 300_000,
      },
      context,
    ),
  ];
  assert.deepEqual(ownerFor(large.slice(0, 60).map((sample, i) => sample + 100 + (i % 40))), [0, 0]);
  assert.deepEqual(ownerFor(large.slice(0, 60).map((sample) => sample + 1700)), [0, 1]);
  assert.deepEqual(
    ownerFor(large.slice(0, 60).map((sample, i) => sample + (i % 2 === 0 ? 10 : 120))),
    [0, 1],
  );
});
