/**
 * @module
 * The preprocessing chain against numpy and scipy, and against itself cut in other places.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { Worker } from "node:worker_threads";
import type { KernelVariant } from "../../src/dsp/wasm/load.ts";
import { planPreprocessing } from "../../src/preprocessing/plan.ts";
import { planFromJson, planToJson } from "../../src/preprocessing/preprocessing-plan.ts";
import { Preprocessor } from "../../src/preprocessing/preprocessor.ts";
import { formulaRecording, formulaSamples } from "./support/formula-recording.ts";

interface Case {
  name: string;
  samples: number;
  channels: number;
  x: number[];
  y: number[];
  noiseUv: number[];
  rows: number[];
  filtered: number[][];
  whitened: number[][];
  whiteningRow: number[];
}

const { cases }: { cases: Case[] } = JSON.parse(
  readFileSync(new URL("./fixtures/preprocessing.json", import.meta.url), "utf8"),
);

/** float32 against float64: uV of a signal with a slow wave of 230 uV. */
const FILTER_TOLERANCE_UV = 1e-3;
/** Sigma; the weights differ too, by the noise estimates' rounding. */
const WHITEN_TOLERANCE = 1e-4;
const CHUNK_TOLERANCE = 1e-4;

function worst(data: Float32Array, channels: number, rows: number[], expected: number[][]): number {
  let largest = 0;
  for (const [i, row] of rows.entries())
    for (let c = 0; c < channels; c++)
      largest = Math.max(largest, Math.abs(data[row * channels + c] - expected[i][c]));
  return largest;
}

describe("the preprocessing chain", () => {
  for (const fixture of cases)
    for (const variant of ["relaxed", "plain"] as KernelVariant[])
      test(`equals numpy and scipy on ${fixture.name} (${variant} kernels)`, async (t) => {
        const { samples, channels, x, y } = fixture;
        const recording = formulaRecording(samples, channels, {
          x: Float64Array.from(x),
          y: Float64Array.from(y),
        });
        const plan = await planPreprocessing(recording);
        for (let c = 0; c < channels; c++)
          assert.ok(Math.abs(plan.noiseUv[c] / fixture.noiseUv[c] - 1) < 1e-4);
        const preprocessor = Preprocessor.create(plan, variant);
        const filtered = await preprocessor.filter(recording, 0, samples);
        const filterError = worst(filtered.data, channels, fixture.rows, fixture.filtered);
        const whitened = await preprocessor.whiten(recording, 0, samples);
        const whitenError = worst(whitened.data, channels, fixture.rows, fixture.whitened);
        t.diagnostic(`largest errors: ${filterError} uV, ${whitenError} sigma`);
        assert.ok(filterError < FILTER_TOLERANCE_UV, `filtered: ${filterError} uV`);
        assert.ok(whitenError < WHITEN_TOLERANCE, `whitened: ${whitenError} sigma`);
        const middle = Math.floor(channels / 2);
        for (let k = plan.whitening.rowStart[middle]; k < plan.whitening.rowStart[middle + 1]; k++)
          assert.ok(
            Math.abs(plan.whitening.weights[k] - fixture.whiteningRow[plan.whitening.channels[k]]) < 1e-4,
          );
      });

  test("gives the same samples however a recording is cut", async (t) => {
    const recording = formulaRecording(36_000, 38);
    const preprocessor = Preprocessor.create(await planPreprocessing(recording));
    for (const method of ["whiten", "filter"] as const) {
      const whole = await preprocessor[method](recording, 0, 36_000);
      let largest = 0;
      const cuts = [0, 1, 2, 65, 500, 1471, 1472, 9001, 9001, 30_000, 35_999, 36_000];
      for (const [i, end] of cuts.slice(1).entries()) {
        const { data } = await preprocessor[method](recording, cuts[i], end);
        for (let k = 0; k < data.length; k++)
          largest = Math.max(largest, Math.abs(data[k] - whole.data[cuts[i] * 38 + k]));
      }
      t.diagnostic(`${method}: largest difference ${largest}`);
      assert.ok(
        largest < CHUNK_TOLERANCE * (method === "filter" ? Math.max(...preprocessor.plan.noiseUv) : 1),
        `${largest}`,
      );
    }
  });

  test("runs calls that overlap one after the other", async () => {
    const recording = formulaRecording(20_000, 18);
    const preprocessor = Preprocessor.create(await planPreprocessing(recording));
    const alone = await preprocessor.whiten(recording, 5000, 15_000);
    const both = await Promise.all([
      preprocessor.whiten(recording, 5000, 15_000),
      preprocessor.filter(recording, 0, 9000),
    ]);
    assert.deepEqual(both[0].data, alone.data);
    await assert.rejects(preprocessor.whiten(recording, 5, 20_001), RangeError);
    preprocessor.dispose();
    await assert.rejects(preprocessor.whiten(recording, 0, 10), /disposed/);
  });

  for (const channels of [1, 2, 3, 4, 5, 15, 16, 17, 31, 33, 64, 97, 129, 385, 400])
    test(`whitens ${channels} channels to noise 1`, async () => {
      const samples = channels > 100 ? 6000 : 20_000;
      const recording = formulaRecording(samples, channels);
      const plan = await planPreprocessing(recording);
      const out = new Float32Array(samples * channels);
      const { data } = await Preprocessor.create(plan).whiten(recording, 0, samples, out);
      assert.equal(data, out);
      for (let c = 0; c < channels; c += Math.ceil(channels / 7)) {
        const values = new Float32Array(samples - 500);
        for (let t = 0; t < values.length; t++) values[t] = Math.abs(data[(t + 500) * channels + c]);
        const noise = values.sort()[values.length >> 1] / 0.6745;
        assert.ok(Math.abs(noise - 1) < 0.05, `channel ${c}: noise ${noise}`);
      }
    });

  for (const channels of [1, 4, 38])
    test(`gives the same from int16 rows with a sync column, ${channels} channels`, async () => {
      const samples = 36_000;
      const recording = formulaRecording(samples, channels);
      const raw = formulaSamples(samples, channels);
      const columnCount = channels + 1;
      const rows = new Int16Array(samples * columnCount).fill(64);
      for (let t = 0; t < samples; t++)
        rows.set(raw.subarray(t * channels, (t + 1) * channels), t * columnCount);
      let reads = 0;
      const read = async (start: number, end: number, out: Int16Array) => {
        assert.equal(out.length, (end - start) * columnCount);
        out.set(rows.subarray(start * columnCount, end * columnCount));
        reads++;
        return out;
      };
      const preprocessor = Preprocessor.create(await planPreprocessing(recording));
      for (const [start, end] of [
        [0, 36_000],
        [777, 2001],
        [20_000, 20_001],
      ]) {
        const expected = await preprocessor.whiten(recording, start, end);
        const fast = await preprocessor.whiten(
          Object.assign({ int16Samples: { columnCount, read } }, recording),
          start,
          end,
        );
        let largest = 0;
        for (let i = 0; i < expected.data.length; i++)
          largest = Math.max(largest, Math.abs(fast.data[i] - expected.data[i]));
        assert.ok(largest < CHUNK_TOLERANCE, `from ${start}: ${largest}`);
      }
      assert.ok(reads >= 3);
    });

  test("works in a worker thread that is handed the plan", async () => {
    const recording = formulaRecording(9000, 18);
    const plan = await planPreprocessing(recording);
    const expected = await Preprocessor.create(plan).whiten(recording, 3000, 8000);
    const worker = new Worker(new URL("./support/whiten-worker.ts", import.meta.url), { workerData: plan });
    const data = await new Promise<Float32Array>((resolve, reject) =>
      worker.on("message", resolve).on("error", reject),
    );
    assert.deepEqual(data, expected.data);
  });

  test("survives JSON and structured clone", async () => {
    const recording = formulaRecording(20_000, 18);
    const plan = await planPreprocessing(recording);
    assert.deepEqual(planFromJson(JSON.parse(JSON.stringify(planToJson(plan)))), plan);
    assert.deepEqual(structuredClone(plan), plan);
  });
});

describe("planning", () => {
  test("leaves out channels that are marked unused or silent, and their columns are zero", async () => {
    const raw = formulaSamples(20_000, 20);
    for (let t = 0; t < 20_000; t++) raw[t * 20 + 7] = 5;
    const recording = formulaRecording(
      20_000,
      20,
      { isUsed: Uint8Array.from({ length: 20 }, (_, c) => Number(c !== 3)) },
      raw,
    );
    const plan = await planPreprocessing(recording);
    assert.deepEqual(
      [...plan.isUsed].flatMap((used, c) => (used === 0 ? [c] : [])),
      [3, 7],
    );
    assert.ok(!plan.whitening.channels.includes(3) && !plan.whitening.channels.includes(7));
    assert.equal(plan.noiseUv[3], 0);
    const preprocessor = Preprocessor.create(plan);
    for (const traces of [
      await preprocessor.whiten(recording, 100, 1100),
      await preprocessor.filter(recording, 100, 1100),
    ])
      for (let t = 0; t < 1000; t++) {
        assert.equal(traces.data[t * 20 + 3], 0);
        assert.equal(traces.data[t * 20 + 7], 0);
        assert.notEqual(traces.data[t * 20 + 4], 0);
      }
  });

  test("keeps medians and neighbours within a shank, and lets small shanks share a median", async () => {
    const shank = Int32Array.from({ length: 44 }, (_, c) => (c < 16 ? 0 : c < 24 ? 1 : c < 32 ? 2 : 3));
    const plan = await planPreprocessing(formulaRecording(16_000, 44, { shank }));
    assert.deepEqual([...new Set(plan.medianGroup.subarray(0, 16))], [0]);
    assert.deepEqual([...new Set(plan.medianGroup.subarray(16))], [1]);
    for (let c = 0; c < 44; c++)
      for (let k = plan.whitening.rowStart[c]; k < plan.whitening.rowStart[c + 1]; k++)
        assert.equal(shank[plan.whitening.channels[k]], shank[c]);
    const few = await planPreprocessing(formulaRecording(16_000, 15));
    assert.deepEqual([...new Set(few.medianGroup)], [-1]);
  });

  test("refuses a recording with a sample that is no number, wherever it is", async () => {
    const recording = formulaRecording(20_000, 18);
    const preprocessor = Preprocessor.create(await planPreprocessing(recording));
    for (const [sample, value] of [
      [3000, Number.NaN],
      [4999, Number.POSITIVE_INFINITY],
    ]) {
      const read: typeof recording.read = async (start, end, out) => {
        const traces = await recording.read(start, end, out);
        if (sample >= start && sample < end) traces.data[(sample - start) * 18 + 2] = value;
        return traces;
      };
      await assert.rejects(preprocessor.whiten({ ...recording, read }, 2000, 5000), { code: "not-finite" });
    }
  });

  test("stops when told to and refuses what it cannot use", async () => {
    const recording = formulaRecording(20_000, 18);
    const stopped = AbortSignal.abort(new Error("stop here"));
    await assert.rejects(planPreprocessing(recording, {}, { signal: stopped }), /stop here/);
    await assert.rejects(planPreprocessing(recording, { whiteningNeighbours: 0 }), /whiteningNeighbours/);
    await assert.rejects(planPreprocessing(formulaRecording(0, 4)), /no samples/);
    await assert.rejects(
      planPreprocessing(formulaRecording(500, 2, {}, new Int16Array(1000))),
      /no channel to use/,
    );
  });
});
