/** @module Matching on traces made of known spikes: all found, nothing else, noise left; alike in chunks and in any repetition. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { scoreSorting } from "../../src/comparison/score-sorting.ts";
import { makeTraces, type Traces } from "../../src/core/traces.ts";
import { cleanedFeatures, cleanedSnippets } from "../../src/matching/cleaned-spikes.ts";
import { Matcher } from "../../src/matching/matcher.ts";
import type { MatchedSpikes } from "../../src/matching/spike-list.ts";
import { makeTemplateBank, projectColumns, supportOf, waveformOf } from "../../src/matching/template-bank.ts";
import {
  columnContext,
  render,
  someSpikes,
  someUnits,
  type TrueSpike,
  thresholdSource,
  trueMeans,
  WINDOW,
} from "./support/synthetic-units.ts";

const context = columnContext(40);
const units = someUnits(10, context);
const bank = makeTemplateBank(trueMeans(units, context, 1e6), context);
const source = thresholdSource(context);
const COUNT = 30000;

function copy(y: Traces): Traces {
  return makeTraces(y.sampleCount, y.channelCount, y.data.slice());
}

function variance(y: Traces): number {
  let sum = 0;
  for (const value of y.data) sum += value * value;
  return sum / y.data.length;
}

function accuracies(truth: readonly TrueSpike[], found: MatchedSpikes): number[] {
  const sorted = truth.toSorted((a, b) => a.time - b.time);
  const score = scoreSorting(
    {
      samplingRateHz: 30000,
      units: units.map((_, id) => ({ id, snr: 10 })),
      spikeSamples: Float64Array.from(sorted, (s) => s.time),
      spikeUnits: Int32Array.from(sorted, (s) => s.unit),
    },
    {
      samplingRateHz: 30000,
      sampleCount: COUNT,
      unitIds: Int32Array.from(units.keys()),
      spikeSamples: Float64Array.from(found.samples),
      spikeUnits: found.units,
      spikeAmplitudes: found.amplitudes,
    },
  );
  return score.units.map((unit) => unit.accuracy);
}

/** The found spike of the same unit within 2 samples. */
function partner(spike: TrueSpike, found: MatchedSpikes): number {
  return found.samples.findIndex(
    (sample, i) => found.units[i] === spike.unit && Math.abs(sample - spike.time) <= 2,
  );
}

test("finds lone spikes with amplitudes and places as exact as the noise allows", () => {
  const spikes = someSpikes(units.length, COUNT, 100 / 30000, true);
  const y = render(spikes, units, context, COUNT, 1);
  const found = Matcher.create(bank, context).match(y, source, 4);
  assert.equal(found.samples.length, spikes.length);
  let amplitudes = 0;
  let places = 0;
  let limit = 0;
  for (const spike of spikes) {
    const i = partner(spike, found);
    assert.ok(i >= 0, `spike of unit ${spike.unit} at ${spike.time}`);
    amplitudes += (found.amplitudes[i] - spike.amplitude) ** 2 / spikes.length;
    places += (found.samples[i] + found.shifts[i] - spike.time) ** 2 / spikes.length;
    limit += 1 / bank.energies[spike.unit] / spikes.length;
  }
  assert.ok(
    Math.sqrt(amplitudes) < 1.3 * Math.sqrt(limit),
    `${Math.sqrt(amplitudes)}, limit ${Math.sqrt(limit)}`,
  );
  assert.ok(Math.sqrt(places) < 0.16, `place error ${Math.sqrt(places)}`);
});

test("finds every spike of crowded trains with its amplitude and place, and leaves the noise", () => {
  const spikes = someSpikes(units.length, COUNT, 800 / 30000, true);
  const y = render(spikes, units, context, COUNT, 1);
  const before = variance(y);
  const found = Matcher.create(bank, context).match(y, source, 4);
  const scores = accuracies(spikes, found);
  assert.ok(Math.min(...scores) > 0.97, `accuracies ${scores.map((v) => v.toFixed(3))}`);
  let amplitudes = 0;
  let places = 0;
  let matched = 0;
  for (const spike of spikes) {
    const i = partner(spike, found);
    if (i < 0) continue;
    matched++;
    amplitudes += (found.amplitudes[i] - spike.amplitude) ** 2;
    places += (found.samples[i] + found.shifts[i] - spike.time) ** 2;
  }
  assert.ok(matched > 0.98 * spikes.length, `${matched} of ${spikes.length}`);
  assert.ok(Math.sqrt(amplitudes / matched) < 0.08, `amplitude error ${Math.sqrt(amplitudes / matched)}`);
  assert.ok(Math.sqrt(places / matched) < 0.3, `place error ${Math.sqrt(places / matched)}`);
  assert.ok(before > 1.2, `variance before ${before}`);
  assert.ok(Math.abs(variance(y) - 1) < 0.02, `variance of the residual ${variance(y)}`);
});

test("separates two units that fire together at every lag", () => {
  const pair = [3, 4];
  for (let lag = -30; lag <= 30; lag += 5) {
    const spikes = [
      { time: 1000, unit: pair[0], amplitude: 1 },
      { time: 1000 + lag, unit: pair[1], amplitude: 1 },
    ];
    const y = render(spikes, units, context, 2000, 1, 40 + lag);
    const found = Matcher.create(bank, context).match(y, source, 4);
    assert.deepEqual([...found.units].toSorted(), pair, `lag ${lag}`);
    for (const spike of spikes) assert.ok(partner(spike, found) >= 0, `lag ${lag}, unit ${spike.unit}`);
  }
});

test("finds nothing in noise, nor without templates, and then leaves the traces as they were", () => {
  const noise = render([], units, context, COUNT, 1, 77);
  const kept = noise.data.slice();
  const found = Matcher.create(bank, context).match(noise, source, 3.6);
  assert.equal(found.samples.length, 0);
  assert.deepEqual(noise.data, kept);
  const none = makeTemplateBank({ channels: [], waveforms: [], counts: [] }, context);
  const y = render(someSpikes(10, 5000, 0.02, false), units, context, 5000, 1);
  assert.equal(Matcher.create(none, context).match(y, source, 4).samples.length, 0);
});

test("removes noiseless spikes of its templates down to what the amplitude prior leaves", () => {
  const spikes = someSpikes(units.length, COUNT, 100 / 30000, false).map((spike) => ({
    ...spike,
    amplitude: 1,
  }));
  const y = render(spikes, units, context, COUNT, 0);
  const before = variance(y);
  const found = Matcher.create(bank, context).match(y, source, 4);
  assert.equal(found.samples.length, spikes.length);
  assert.ok(variance(y) < 1e-3 * before, `${variance(y)} of ${before} left`);
});

test("gives the same answer each time and with the same matcher again", () => {
  const spikes = someSpikes(units.length, COUNT, 800 / 30000, true);
  const y = render(spikes, units, context, COUNT, 1);
  const again = copy(y);
  const third = copy(y);
  const matcher = Matcher.create(bank, context);
  const first = matcher.match(y, source, 4);
  assert.deepEqual(matcher.match(again, source, 4), first);
  assert.deepEqual(Matcher.create(bank, context).match(third, source, 4), first);
  assert.deepEqual(again.data, y.data);
});

test("finds the same spikes in chunks with margins as in one piece", () => {
  const spikes = someSpikes(units.length, COUNT, 600 / 30000, true, 11);
  const whole = render(spikes, units, context, COUNT, 1, 12);
  const pieces = copy(whole);
  const matcher = Matcher.create(bank, context);
  const inOne = matcher.match(whole, source, 4);
  const key = (sample: number, unit: number, amplitude: number): string =>
    `${sample} ${unit} ${amplitude.toFixed(3)}`;
  const expected = new Set(Array.from(inOne.samples, (s, i) => key(s, inOne.units[i], inOne.amplitudes[i])));
  const margin = 4 * matcher.edgeSamples;
  let count = 0;
  let alike = 0;
  for (let from = 0; from < COUNT; from += 7000) {
    const a = Math.max(0, from - margin);
    const b = Math.min(COUNT, from + 7000 + margin);
    const y = makeTraces(b - a, 40, pieces.data.slice(a * 40, b * 40));
    const found = matcher.match(y, source, 4);
    for (let i = 0; i < found.samples.length; i++) {
      const sample = found.samples[i] + a;
      if (sample < from || sample >= from + 7000) continue;
      count++;
      if (expected.has(key(sample, found.units[i], found.amplitudes[i]))) alike++;
    }
  }
  assert.equal(count, expected.size);
  assert.ok(alike >= 0.999 * count, `${alike} of ${count} alike`);
});

test("detects again only near subtractions when the source can", () => {
  const spikes = someSpikes(units.length, COUNT, 800 / 30000, true);
  const y = render(spikes, units, context, COUNT, 1);
  const other = copy(y);
  let calls = 0;
  const narrow = {
    events: source.events,
    eventsNear: (traces: Traces, threshold: number) => {
      calls++;
      return source.events(traces, threshold);
    },
  };
  const matcher = Matcher.create(bank, context);
  assert.deepEqual(matcher.match(y, narrow, 4), matcher.match(other, source, 4));
  assert.equal(calls, 1);
});

test("cleans spikes of their neighbours: features near the template's whatever overlaps", () => {
  const spikes = someSpikes(units.length, COUNT, 800 / 30000, false);
  const y = render(spikes, units, context, COUNT, 1);
  const raw = copy(y);
  const found = Matcher.create(bank, context).match(y, source, 4);
  const cleaned = cleanedFeatures(y, found, bank, context);
  const size = cleaned.neighbourCount * cleaned.rank;
  let sum = 0;
  let used = 0;
  let dirty = 0;
  for (let i = 0; i < found.samples.length; i++) {
    const unit = found.units[i];
    const channels = context.neighbours[bank.mainChannels[unit]];
    const support = supportOf(bank, unit);
    const template = new Float64Array(size);
    for (const [c, channel] of channels.entries()) {
      const at = support.indexOf(channel);
      if (at >= 0)
        for (let r = 0; r < 5; r++)
          template[c * 5 + r] =
            found.amplitudes[i] * bank.coefficients[(bank.supportStart[unit] + at) * 5 + r];
    }
    const snippet = new Float32Array(WINDOW * channels.length);
    for (let w = 0; w < WINDOW; w++)
      for (let c = 0; c < channels.length; c++)
        snippet[w * channels.length + c] = raw.data[(found.samples[i] - 22 + w) * 40 + channels[c]];
    const features = projectColumns(context.basis, snippet, channels.length);
    for (let q = 0; q < 5 * channels.length; q++) {
      sum += (cleaned.values[i * size + q] - template[q]) ** 2;
      dirty += (features[q] - template[q]) ** 2;
      used++;
    }
  }
  assert.ok(sum / used < 1.25, `variance around the template ${sum / used}`);
  assert.ok(dirty / used > 2 * (sum / used), `without cleaning ${dirty / used}`);
});

test("gives cleaned snippets whose mean is the unit's waveform", () => {
  const spikes = someSpikes(units.length, COUNT, 800 / 30000, false);
  const y = render(spikes, units, context, COUNT, 1);
  const found = Matcher.create(bank, context).match(y, source, 4);
  const unit = 5;
  const mine = Array.from(found.units.keys()).filter((i) => found.units[i] === unit);
  const channels = supportOf(bank, unit);
  const snippets = cleanedSnippets(y, found, bank, context, mine, channels);
  const length = WINDOW * channels.length;
  let amplitude = 0;
  for (const i of mine) amplitude += found.amplitudes[i] / mine.length;
  let sum = 0;
  for (let j = 0; j < length; j++) {
    let mean = 0;
    for (let n = 0; n < mine.length; n++) mean += snippets[n * length + j] / mine.length;
    sum += (mean - amplitude * waveformOf(bank, unit)[j]) ** 2;
  }
  const expected = length / mine.length;
  assert.ok(sum < 1.6 * expected, `squared error ${sum}, of estimation noise ${expected}`);
});

test("refuses traces of other channels and costs of another length", () => {
  const matcher = Matcher.create(bank, context);
  assert.throws(() => matcher.match(makeTraces(500, 39), source, 4), { name: "ShapeError" });
  assert.throws(() => Matcher.create(bank, context, { costs: [1, 2] }), { name: "ShapeError" });
});
