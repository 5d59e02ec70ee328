/**
 * @module
 * Every WebAssembly kernel, in both builds, against its TypeScript reference.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Random } from "../../src/core/random.ts";
import { butterworth } from "../../src/dsp/filter-design.ts";
import { type KernelVariant, TraceKernels } from "../../src/dsp/wasm/load.ts";
import {
  correlateBlock,
  filterToBlock,
  medianOverRows,
  sparseTimesBlock,
} from "../../src/dsp/wasm/reference-kernels.ts";
import { SparseProduct } from "../../src/dsp/wasm/sparse-product.ts";
import { kernelSections } from "../../src/preprocessing/preprocessor.ts";

/** float32 sums of some tens of numbers of size 1 against float64. */
const SUM_TOLERANCE = 2e-5;
/** float32 recursion (up to order 3 from 150 Hz, the most delicate) against float64, of the largest input. */
const FILTER_TOLERANCE = 1.5e-5;
const SAMPLES = 64;
const PITCH = SAMPLES * 4;

function normals(random: Random, count: number, size = 1): Float32Array {
  return Float32Array.from({ length: count }, () => size * random.normal());
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assert.equal(a.length, b.length);
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i] - b[i]));
  return largest;
}

const channelCounts = [1, 2, 3, 4, 5, 7, 16, 17, 32, 63, 130, 385, 400];

for (const variant of ["relaxed", "plain"] as KernelVariant[])
  describe(`kernels, ${variant} build`, () => {
    for (const isInt16 of [false, true])
      test(`filterIntoBlock equals the reference on ${isInt16 ? "int16" : "float32"} rows, block after block`, () => {
        for (const channels of channelCounts) {
          const random = new Random(channels);
          const lanes = Math.ceil(channels / 16) * 16;
          const columns = channels + 1;
          const gain = Float32Array.from({ length: channels }, (_, c) => (isInt16 ? 2 + c / 100 : 1));
          const stored = Float64Array.from({ length: 4 * SAMPLES * columns }, (_, i) =>
            Math.round(100 * Math.sin(i / columns / 50) + 20 * random.normal()),
          );
          const traces = new Float64Array(4 * SAMPLES * channels);
          for (let t = 0; t < 4 * SAMPLES; t++)
            for (let c = 0; c < channels; c++)
              traces[t * channels + c] = Math.fround(stored[t * columns + c] * gain[c]);
          const largest = traces.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
          for (const [order, edgeHz] of [
            [2, [300, 6000]],
            [1, [500, 5000]],
            [3, [150, 7000]],
          ] as [number, [number, number]][]) {
            const kernels = new TraceKernels(variant);
            const sections = butterworth(order, { type: "bandpass", edgeHz, samplingRateHz: 30_000 });
            const input = kernels.reserve(4 * stored.length + 4 * lanes);
            const block = kernels.reserve(lanes * PITCH);
            const offset = kernels.reserve(lanes * 4);
            const gains = kernels.reserve(lanes * 4);
            const state = kernels.reserve(lanes * order * 3 * 4);
            const scratch = kernels.reserve(SAMPLES * 64);
            const coefficients = kernels.place(kernelSections(sections));
            if (isInt16) kernels.integers(input, stored.length).set(stored);
            else kernels.floats(input, stored.length).set(stored);
            kernels.floats(offset, channels).set(traces.subarray(0, channels));
            kernels.floats(gains, channels).set(gain);
            const expected = filterToBlock(traces, channels, traces.subarray(0, channels), sections);
            for (let start = 0; start < 4 * SAMPLES; start += SAMPLES) {
              const rowBytes = columns * (isInt16 ? 2 : 4);
              kernels.functions.filterIntoBlock(
                input + start * rowBytes,
                rowBytes,
                Number(isInt16),
                SAMPLES,
                lanes,
                gains,
                offset,
                coefficients,
                order,
                state,
                scratch,
                block,
                PITCH,
              );
              for (let c = 0; c < channels; c++) {
                const row = expected.subarray(c * 4 * SAMPLES + start, c * 4 * SAMPLES + start + SAMPLES);
                const difference = largestDifference(kernels.floats(block + c * PITCH, SAMPLES), row);
                assert.ok(
                  difference < FILTER_TOLERANCE * largest,
                  `${channels} channels, order ${order}, channel ${c}: ${difference}`,
                );
              }
            }
          }
        }
      });

    test("medianOfRows is exact, also with equal values, outliers and infinities", () => {
      for (const channels of channelCounts)
        for (const kind of ["normal", "ties", "constant", "outliers", "halves", "infinite"]) {
          const random = new Random(channels);
          const values = normals(random, channels * SAMPLES, 10);
          for (let i = 0; i < values.length; i++) {
            if (kind === "ties") values[i] = Math.round(values[i] / 5) + 0;
            if (kind === "constant") values[i] = 3;
            if (kind === "outliers" && random.integer(5) === 0) values[i] *= 1e6;
            if (kind === "halves") values[i] = i % 2 === 0 ? -1e-3 : 1e4;
            if (kind === "infinite" && random.integer(9) === 0) values[i] = Number.POSITIVE_INFINITY;
          }
          const kernels = new TraceKernels(variant);
          const block = kernels.place(values);
          const rows = Array.from({ length: channels }, (_, c) => c).filter(
            (c) => channels < 8 || c % 5 !== 1,
          );
          const offsets = kernels.place(Uint32Array.from(rows, (row) => row * PITCH));
          const out = kernels.reserve(PITCH);
          kernels.functions.medianOfRows(
            block,
            offsets,
            rows.length,
            SAMPLES,
            out,
            kernels.reserve(rows.length * 4),
          );
          const expected = medianOverRows(values, SAMPLES, rows, SAMPLES);
          assert.deepEqual(kernels.floats(out, SAMPLES), expected, `${channels} channels, ${kind}`);
        }
    });

    test("the sparse product equals the reference, row by row and in pairs, and keeps the larger when asked", () => {
      for (const channels of channelCounts)
        for (const isLocal of [true, false]) {
          const random = new Random(channels);
          const rowStart = new Int32Array(channels + 1);
          const used: number[] = [];
          for (let c = 0; c < channels; c++) {
            for (let k = 0; k < Math.min(20, channels); k++)
              used.push(isLocal ? Math.min(channels - 1, (c & ~1) + k) : random.integer(channels));
            rowStart[c + 1] = c === 3 ? rowStart[c] : used.length;
            used.length = rowStart[c + 1];
          }
          const rows = { rowStart, channels: Int32Array.from(used), weights: normals(random, used.length) };
          const values = normals(random, channels * SAMPLES);
          const kernels = new TraceKernels(variant);
          const product = new SparseProduct(kernels, rows, PITCH);
          if (channels > 100) assert.equal(product.isPaired, isLocal);
          const block = kernels.place(values);
          const out = kernels.reserve((channels + 1) * PITCH);
          product.run(block, out, SAMPLES);
          const expected = sparseTimesBlock(rows, values, SAMPLES, SAMPLES);
          assert.ok(largestDifference(kernels.floats(out, channels * SAMPLES), expected) < SUM_TOLERANCE);
          kernels.floats(out, channels * SAMPLES).fill(0.5);
          product.run(block, out, SAMPLES, true);
          const larger = expected.map((value) => Math.max(value, 0.5));
          assert.ok(largestDifference(kernels.floats(out, channels * SAMPLES), larger) < SUM_TOLERANCE);
        }
    });

    test("correlateRows equals the reference", () => {
      for (const channels of [1, 4, 37]) {
        const random = new Random(channels);
        const values = normals(random, channels * 96);
        const weights = normals(random, 25);
        const kernels = new TraceKernels(variant);
        const block = kernels.place(values);
        const out = kernels.reserve(channels * PITCH);
        const taps = kernels.place(Uint32Array.from(weights, (_, k) => 4 * k));
        kernels.functions.correlateRows(
          block,
          channels,
          96 * 4,
          taps,
          kernels.place(weights),
          25,
          out,
          PITCH,
          SAMPLES,
        );
        const expected = correlateBlock(values, channels, 96, weights, SAMPLES);
        assert.ok(largestDifference(kernels.floats(out, channels * SAMPLES), expected) < SUM_TOLERANCE);
      }
    });

    test("turning into a block and back gives the same rows and writes nothing beside them", () => {
      for (const channels of channelCounts)
        for (const samples of [1, 3, 4, 61, 64]) {
          const values = normals(new Random(channels), SAMPLES * channels);
          const kernels = new TraceKernels(variant);
          const lanes = Math.ceil(channels / 4) * 4;
          const input = kernels.place(values);
          kernels.reserve(lanes * 4);
          const block = kernels.reserve(lanes * PITCH);
          const out = kernels.reserve((SAMPLES * channels + 16) * 4);
          kernels.floats(out, SAMPLES * channels + 16).fill(7);
          kernels.functions.turnIntoBlock(input, channels * 4, SAMPLES, lanes, block, PITCH);
          kernels.functions.turnFromBlock(block, PITCH, samples, channels, out, channels * 4);
          const expected = new Float32Array(SAMPLES * channels + 16).fill(7);
          expected.set(values.subarray(0, samples * channels));
          assert.deepEqual(kernels.floats(out, expected.length), expected);
        }
    });

    test("toSteps rounds and clips to int16, fromSteps gives back what is within half a step", () => {
      const values = normals(new Random(5), 64, 100);
      values.set([300, -300, 1e9, -1e9]);
      const kernels = new TraceKernels(variant);
      const [input, steps] = [kernels.place(values), kernels.reserve(values.length * 2)];
      kernels.functions.toSteps(input, values.length, 128, steps);
      const rounded = Array.from(kernels.integers(steps, values.length));
      assert.deepEqual(rounded.slice(0, 4), [32767, -32768, 32767, -32768]);
      const out = kernels.reserve(values.length * 4);
      kernels.functions.fromSteps(steps, values.length, 1 / 128, out);
      const back = kernels.floats(out, values.length);
      for (let i = 4; i < values.length; i++) {
        assert.equal(back[i], rounded[i] / 128);
        if (Math.abs(values[i]) < 255) assert.ok(Math.abs(back[i] - values[i]) <= 1 / 256 + 1e-6);
      }
    });

    test("subtractRow, dotRows and peaksAbove do what loops do", () => {
      const channels = 11;
      const values = normals(new Random(4), channels * SAMPLES);
      const kernels = new TraceKernels(variant);
      const block = kernels.place(values);
      const all = kernels.place(Uint32Array.from({ length: channels }, (_, c) => c * PITCH));
      const dots = kernels.reserve(channels * 4);
      kernels.functions.dotRows(block + 2 * PITCH, block, all, channels, SAMPLES, dots);
      for (let c = 0; c < channels; c++) {
        let expected = 0;
        for (let t = 0; t < SAMPLES; t++) expected += values[c * SAMPLES + t] * values[2 * SAMPLES + t];
        assert.ok(Math.abs(kernels.floats(dots, channels)[c] - expected) < SUM_TOLERANCE);
      }
      const peaks = kernels.reserve((channels * SAMPLES * 12) / 2);
      const last = 57;
      const count = kernels.functions.peaksAbove(block, channels, PITCH, last, 0.5, peaks);
      const expected: number[][] = [];
      for (let c = 0; c < channels; c++)
        for (let t = 1; t <= last; t++) {
          const [before, value, after] = values.subarray(c * SAMPLES + t - 1, c * SAMPLES + t + 2);
          if (value > 0.5 && value >= before && value > after) expected.push([t, c, value]);
        }
      const words = kernels.words(peaks, 3 * count);
      const scores = kernels.floats(peaks, 3 * count);
      assert.deepEqual(
        Array.from({ length: count }, (_, i) => [words[3 * i], words[3 * i + 1], scores[3 * i + 2]]),
        expected,
      );
      const row = kernels.place(values.slice(0, SAMPLES));
      kernels.functions.subtractRow(block, all + 4, channels - 1, row, SAMPLES);
      const left = values.map((value, i) => (i < SAMPLES ? value : value - values[i % SAMPLES]));
      assert.deepEqual(kernels.floats(block, left.length), left);
    });
  });
