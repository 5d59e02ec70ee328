/**
 * @module
 * The detector against numpy, and what it learns from spikes that are known.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { Random } from "../../src/core/random.ts";
import { makeTraces } from "../../src/core/traces.ts";
import { Detector } from "../../src/detection/detector.ts";
import type { DetectorModel } from "../../src/detection/detector-model.ts";
import { learnDetector } from "../../src/detection/learn-detector.ts";
import type { KernelVariant } from "../../src/dsp/wasm/load.ts";
import { planPreprocessing } from "../../src/preprocessing/plan.ts";
import type { SparseRows } from "../../src/preprocessing/preprocessing-plan.ts";
import { Preprocessor } from "../../src/preprocessing/preprocessor.ts";
import { formulaRecording } from "../preprocessing/support/formula-recording.ts";

interface Case {
  name: string;
  samples: number;
  channels: number;
  x: number[];
  y: number[];
  prototype: number[];
  threshold: number;
  mapRows: number[];
  map: number[][];
  eventSamples: number[];
  eventChannels: number[];
  eventScores: number[];
}

const file = new URL("../preprocessing/fixtures/preprocessing.json", import.meta.url);
const { cases }: { cases: Case[] } = JSON.parse(readFileSync(file, "utf8"));
/** Sigma: float32 whitened traces and scores against float64. */
const TOLERANCE = 2e-4;
/** Of an event's score. */
const RELATIVE_TOLERANCE = 1e-4;

function rows(channels: number, weigh: (c: number, other: number) => number): SparseRows {
  const rowStart = new Int32Array(channels + 1);
  const others: number[] = [];
  const weights: number[] = [];
  for (let c = 0; c < channels; c++) {
    for (let other = 0; other < channels; other++)
      if (weigh(c, other) > 0) {
        others.push(other);
        weights.push(weigh(c, other));
      }
    rowStart[c + 1] = others.length;
  }
  return { rowStart, channels: Int32Array.from(others), weights: Float32Array.from(weights) };
}

function modelOf(fixture: Case): DetectorModel {
  const { channels, x, y } = fixture;
  const distance = (a: number, b: number) => Math.hypot(x[a] - x[b], y[a] - y[b]);
  const pool = (c: number, other: number) =>
    distance(c, other) <= 75 ? Math.exp(-distance(c, other) / 25) : 0;
  const norms = Array.from({ length: channels }, (_, c) =>
    Math.hypot(...x.map((_, other) => pool(c, other))),
  );
  return {
    channelCount: channels,
    prototype: Float32Array.from(fixture.prototype),
    before: 8,
    pools: [
      rows(channels, (c, other) => Number(c === other)),
      rows(channels, (c, other) => pool(c, other) / norms[c]),
    ],
    exclusionSamples: 12,
    near: rows(channels, (c, other) => Number(distance(c, other) <= 60)),
  };
}

describe("Detector", () => {
  for (const fixture of cases)
    for (const variant of ["relaxed", "plain"] as KernelVariant[])
      test(`finds numpy's scores and events on ${fixture.name} (${variant} kernels)`, async (t) => {
        const { samples, channels } = fixture;
        const recording = formulaRecording(samples, channels, {
          x: Float64Array.from(fixture.x),
          y: Float64Array.from(fixture.y),
        });
        const whitened = await Preprocessor.create(await planPreprocessing(recording)).whiten(
          recording,
          0,
          samples,
        );
        const detector = new Detector(modelOf(fixture), variant);
        const map = detector.map(whitened);
        let largest = 0;
        for (const [i, row] of fixture.mapRows.entries())
          for (let c = 0; c < channels; c++)
            largest = Math.max(largest, Math.abs(map.data[row * channels + c] - fixture.map[i][c]));
        t.diagnostic(`largest error ${largest} sigma, ${fixture.eventSamples.length} events`);
        assert.ok(largest < TOLERANCE);
        const events = detector.events(whitened, fixture.threshold);
        assert.deepEqual([...events.samples], fixture.eventSamples);
        assert.deepEqual([...events.channels], fixture.eventChannels);
        for (const [i, score] of events.scores.entries())
          assert.ok(Math.abs(score / fixture.eventScores[i] - 1) < RELATIVE_TOLERANCE);
      });

  test("gives the same events in traces cut with a margin", async () => {
    const [fixture] = cases;
    const recording = formulaRecording(36_000, 38);
    const whitened = await Preprocessor.create(await planPreprocessing(recording)).whiten(
      recording,
      0,
      36_000,
    );
    const detector = new Detector(modelOf(fixture));
    const whole = detector.events(whitened, 6);
    const margin = 100;
    const found: [number, number][] = [];
    for (let start = 0; start < 36_000; start += 7001) {
      const from = Math.max(0, start - margin);
      const to = Math.min(36_000, start + 7001 + margin);
      const events = detector.events(makeTraces(to - from, 38, whitened.data.slice(from * 38, to * 38)), 6);
      for (const [i, sample] of events.samples.entries())
        if (sample + from >= start && sample + from < start + 7001)
          found.push([sample + from, events.channels[i]]);
    }
    assert.deepEqual(
      found,
      Array.from(whole.samples, (sample, i) => [sample, whole.channels[i]]),
    );
  });

  test("takes traces of any length, the empty one included", () => {
    const [fixture] = cases;
    const detector = new Detector(modelOf(fixture));
    for (const samples of [0, 1, 2, 3, 5, 127, 129, 400]) {
      const y = makeTraces(samples, 38);
      if (samples > 2) y.data[1 * 38 + 9] = -50;
      assert.equal(detector.map(y).data.length, samples * 38);
      assert.deepEqual([...detector.events(y, 5).samples], samples > 2 ? [1] : []);
    }
    assert.throws(() => detector.map(makeTraces(10, 37)), /for 38 channels/);
    detector.dispose();
    assert.throws(() => detector.map(makeTraces(10, 38)), /disposed/);
  });
});

describe("learnDetector", () => {
  test("learns a shape that finds the spikes of the recording, and scores of noise 1", async (t) => {
    const samples = 60_000;
    const recording = formulaRecording(samples, 38);
    const preprocessor = Preprocessor.create(await planPreprocessing(recording));
    const model = await learnDetector(preprocessor, recording, { random: new Random(5) });
    assert.ok(Math.abs(Math.hypot(...model.prototype) - 1) < 1e-6);
    assert.equal(model.prototype.indexOf(Math.min(...model.prototype)), model.before);
    const again = await learnDetector(preprocessor, recording, { random: new Random(5) });
    assert.deepEqual(again, model);
    const whitened = await preprocessor.whiten(recording, 0, samples);
    for (const [i, pool] of model.pools.entries()) {
      const map = new Detector({ ...model, pools: [pool] }).map(whitened);
      const values = Array.from({ length: samples }, (_, s) => Math.abs(map.data[s * 38 + 20])).sort(
        (a, b) => a - b,
      );
      assert.ok(
        Math.abs(values[samples / 2] / 0.6745 - 1) < 0.05,
        `pool ${i}: ${values[samples / 2] / 0.6745}`,
      );
    }
    const events = new Detector(model).events(whitened, 5);
    let found = 0;
    let planted = 0;
    for (let k = 0, start = 200; start < samples - 100; k++, start += 397, planted++)
      found += Number(
        events.samples.some(
          (s, i) => Math.abs(s - start) <= 4 && Math.abs(events.channels[i] - ((k * 7) % 38)) <= 4,
        ),
      );
    t.diagnostic(`${found} of ${planted} spikes found, ${events.samples.length} events`);
    assert.ok(found >= 0.98 * planted);
  });

  test("learns of noise alone, and of a recording without any trough", async () => {
    for (const spread of [30, 0.4]) {
      const random = new Random(3);
      const raw = Int16Array.from({ length: 20_000 * 4 }, () => Math.round(spread * random.normal()));
      const recording = formulaRecording(20_000, 4, {}, raw);
      const preprocessor = Preprocessor.create(await planPreprocessing(recording));
      const model = await learnDetector(preprocessor, recording, { random });
      assert.ok(Math.abs(Math.hypot(...model.prototype) - 1) < 1e-6);
      const events = new Detector(model).events(await preprocessor.whiten(recording, 0, 20_000), 8);
      assert.ok(events.samples.length < 20, `${events.samples.length}`);
    }
    const silence = formulaRecording(
      3000,
      4,
      {},
      Int16Array.from({ length: 12_000 }, (_, i) => (i < 8000 ? 0 : (i >> 2) & 1)),
    );
    const preprocessor = Preprocessor.create(await planPreprocessing(silence));
    const model = await learnDetector(preprocessor, silence, { random: new Random(1) });
    assert.ok(model.prototype.every(Number.isFinite));
  });
});
