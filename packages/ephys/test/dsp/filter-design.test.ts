import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type BandType, butterworth, chebyshev1 } from "../../src/dsp/filter-design.ts";
import { ParameterError } from "../../src/errors.ts";

interface Case {
  kind: "butter" | "cheby1";
  order: number;
  rippleDb: number | null;
  type: BandType;
  edgeHz: number | [number, number];
  samplingRateHz: number;
  sos: number[];
}

const { cases } = JSON.parse(readFileSync(new URL("fixtures/filters.json", import.meta.url), "utf8")) as {
  cases: Case[];
};

for (const one of cases) {
  const name = `${one.kind} of order ${one.order}, ${one.type} ${one.edgeHz} Hz at ${one.samplingRateHz} Hz`;
  test(`${name} has scipy's sections, row by row`, () => {
    const sections =
      one.kind === "butter"
        ? butterworth(one.order, one)
        : chebyshev1(one.order, one.rippleDb as number, one);
    assert.equal(sections.length, one.sos.length);
    const size = Math.max(...one.sos.slice(0, 3).map(Math.abs));
    for (let i = 0; i < sections.length; i++) {
      // the gain sits in the first three numbers, which may be tiny: relative there, absolute elsewhere
      const tolerance = i < 3 ? 1e-9 * size : 1e-9;
      assert.ok(
        Math.abs(sections[i] - one.sos[i]) <= tolerance,
        `[${i}] ${sections[i]} is not ${one.sos[i]}`,
      );
    }
  });
}

test("an edge at or above half the sampling rate, a band without two edges and order 0 are refused", () => {
  const edges = { type: "lowpass", edgeHz: 1250, samplingRateHz: 2500 } as const;
  assert.throws(() => butterworth(3, edges), ParameterError);
  assert.throws(() => butterworth(0, { ...edges, edgeHz: 100 }), ParameterError);
  assert.throws(() => butterworth(3, { ...edges, type: "bandpass", edgeHz: 100 }), ParameterError);
  assert.throws(() => butterworth(3, { ...edges, type: "bandpass", edgeHz: [200, 100] }), ParameterError);
  assert.throws(() => chebyshev1(3, 0, { ...edges, edgeHz: 100 }), ParameterError);
});
