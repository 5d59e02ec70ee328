import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random } from "../../src/core/random.ts";
import { makeTraces } from "../../src/core/traces.ts";
import { addRows, gatherRows, TraceMemory } from "../../src/dsp/trace-memory.ts";

const SAMPLES = 90;
const ROWS = 76;
/** Neighbours, a list with holes, one channel, and a list padded with the first channel. */
const LISTS = [[2, 3, 4, 5, 6, 7], [0, 3, 4, 9], [8], [5, 6, 7, 0], Array.from({ length: 11 }, (_, c) => c)];

describe("traces in WebAssembly memory", () => {
  const random = new Random(1);
  const plain = makeTraces(
    SAMPLES,
    11,
    Float32Array.from({ length: SAMPLES * 11 }, () => random.normal()),
  );
  const memory = new TraceMemory(SAMPLES, 11);

  it("are copied out as other traces are", () => {
    const traces = memory.traces(SAMPLES);
    traces.data.set(plain.data);
    for (const list of LISTS) {
      const [a, b] = [new Float32Array(ROWS * list.length + 1), new Float32Array(ROWS * list.length + 1)];
      gatherRows(plain, 7, ROWS, Int32Array.from(list), a);
      gatherRows(traces, 7, ROWS, Int32Array.from(list), b);
      assert.equal(a[list.length], plain.data[8 * 11 + list[0]]);
      assert.deepEqual(b, a);
    }
  });

  it("take waveforms as other traces do, and leave other channels and rows alone", () => {
    for (const list of LISTS.filter((_, i) => i !== 3)) {
      const traces = memory.traces(SAMPLES);
      traces.data.set(plain.data);
      const other = makeTraces(SAMPLES, 11, plain.data.slice());
      const waveform = Float32Array.from({ length: ROWS * list.length }, () => random.normal());
      for (const y of [traces, other]) addRows(y, 5, ROWS, Int32Array.from(list), waveform, -0.7);
      for (const [i, value] of traces.data.entries()) {
        // one float32 rounding more than where the sum is made in float64
        assert.ok(Math.abs(value - other.data[i]) < 1e-6);
        const row = Math.floor(i / 11) - 5;
        if (row < 0 || row >= ROWS || !list.includes(i % 11)) assert.equal(value, plain.data[i]);
      }
      assert.notDeepEqual(other.data, plain.data);
    }
  });
});
