import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  autocorrelogramPlotly,
  depthWaveformPlotly,
  waveformPlotly,
} from "../../../src/populate/steps/plotly-figures.ts";

interface Trace {
  readonly x: number[];
  readonly y: (number | null)[];
  readonly name?: string;
}

describe("autocorrelogramPlotly", () => {
  it("counts pairs by lag as the pair-by-pair definition does", () => {
    const times = [0, 0.0004, 0.0027, 0.01, 0.1, 0.1005, 0.4, 0.45, 0.9, 1.0];
    const { data } = autocorrelogramPlotly(Float64Array.from(times));
    const { x, y } = data[0] as unknown as Trace;
    assert.deepEqual([x[0], x[500], x[1000], x.length], [-500, 0, 500, 1001]);
    const expected = new Array<number>(1001).fill(0);
    for (const [i, a] of times.entries())
      for (const b of times.slice(i + 1)) {
        const lag = Math.floor(Math.round((b - a) * 1e9) / 1e6);
        if (lag > 500) continue;
        expected[500 + lag]!++;
        if (lag > 0) expected[500 - lag]!++;
      }
    assert.deepEqual(y, expected);
  });

  it("is all zeros for one spike and none", () => {
    for (const times of [[], [3]]) {
      const { y } = autocorrelogramPlotly(Float64Array.from(times)).data[0] as unknown as Trace;
      assert.ok(y.every((count) => count === 0));
    }
  });
});

describe("waveformPlotly", () => {
  it("has time in ms and null where nothing is known", () => {
    const { x, y } = waveformPlotly([1, Number.NaN, -2.5], 30000).data[0] as unknown as Trace;
    assert.deepEqual(x, [0, 0.0333, 0.0667]);
    assert.deepEqual(y, [1, null, -2.5]);
  });
});

describe("depthWaveformPlotly", () => {
  const waveform = (electrode: number, shank: number, yUm: number, size: number) => ({
    electrode,
    shank,
    xUm: 27,
    yUm,
    mean: [0, -size, 0, 0],
  });
  const all = [
    waveform(4, 0, 100, 80),
    waveform(5, 0, 160, 20),
    waveform(6, 0, 161, 20),
    waveform(7, 1, 100, 50),
    waveform(8, 0, 40, 10),
  ];

  it("shows the electrodes of the peak's shank within 60 um, at their places", () => {
    const traces = depthWaveformPlotly(all, 4).data as unknown as Trace[];
    assert.deepEqual(
      traces.map((trace) => trace.name),
      ["electrode 4", "electrode 5", "electrode 8"],
    );
    assert.deepEqual(traces[0]!.y, [100, 82, 100, 100]);
    assert.ok(traces[0]!.x.every((x) => Math.abs(x - 27) <= 7));
  });

  it("is empty when the peak electrode has no waveform", () =>
    assert.deepEqual(depthWaveformPlotly(all, 99).data, []));
});
