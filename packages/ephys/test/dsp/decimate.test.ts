import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Random } from "../../src/core/random.ts";
import { makeTraces, type Traces } from "../../src/core/traces.ts";
import { filterZeroPhase, SectionFilter } from "../../src/dsp/biquad.ts";
import { Decimator, decimate, decimateRecursive, decimateReference } from "../../src/dsp/decimate.ts";
import { butterworth } from "../../src/dsp/filter-design.ts";
import { ParameterError, ShapeError } from "../../src/errors.ts";

interface Fixture {
  sampleCount: number;
  channelCount: number;
  input: number[];
  cases: { factor: number; kind: "fir" | "iir"; out: number[] }[];
  bandpass: number[];
  bandpassZeroPhase: number[];
  lowpassZeroPhase: number[];
}

const fixture: Fixture = JSON.parse(readFileSync(new URL("fixtures/decimate.json", import.meta.url), "utf8"));
const BANDPASS = butterworth(3, { type: "bandpass", edgeHz: [1, 200], samplingRateHz: 2500 });

function input(): Traces {
  return makeTraces(fixture.sampleCount, fixture.channelCount, Float32Array.from(fixture.input));
}

function assertClose(got: ArrayLike<number>, wanted: ArrayLike<number>, tolerance: number): void {
  assert.equal(got.length, wanted.length);
  let worst = 0;
  for (let i = 0; i < got.length; i++) worst = Math.max(worst, Math.abs(got[i] - wanted[i]));
  assert.ok(worst <= tolerance, `the largest difference is ${worst}`);
}

for (const { factor, kind, out } of fixture.cases)
  test(`scipy's decimate by ${factor} (${kind}, zero phase) is met within 0.001 uV on signals of some 1000 uV`, () => {
    const got = kind === "fir" ? decimate(input(), factor) : decimateRecursive(input(), factor);
    assertClose(got.data, out, 0.001);
  });

test("decimation gives the same numbers, bit for bit, whatever the length of the chunks and whatever the channels beside", () => {
  const random = new Random(3);
  for (const [sampleCount, channelCount, factor] of [
    [5003, 5, 12],
    [1500, 65, 12],
    [2400, 1, 12],
    [1201, 37, 5],
    [7, 2, 3],
    [1, 1, 2],
  ]) {
    const traces = makeTraces(sampleCount, channelCount);
    for (let i = 0; i < traces.data.length; i++) traces.data[i] = 100 * random.normal();
    const whole = decimate(traces, factor);
    assert.equal(whole.sampleCount, Math.ceil(sampleCount / factor));
    // the kernel sums in float32, the reference in float64
    assertClose(whole.data, decimateReference(traces, factor).data, 2e-4);
    for (const chunk of [1, 7, 100, 997, 4096]) assert.deepEqual(inChunks(traces, factor, chunk), whole.data);
    const last = channelCount - 1;
    const alone = makeTraces(sampleCount, 1);
    for (let t = 0; t < sampleCount; t++) alone.data[t] = traces.data[t * channelCount + last];
    const column = whole.data.filter((_, i) => i % channelCount === last);
    assert.deepEqual(decimate(alone, factor).data, column);
  }
});

function inChunks(traces: Traces, factor: number, chunk: number): Float32Array {
  const { data, sampleCount, channelCount } = traces;
  const decimator = new Decimator(factor, channelCount);
  const out: number[] = [];
  for (let start = 0; start < sampleCount; start += chunk) {
    const end = Math.min(sampleCount, start + chunk);
    const piece = makeTraces(end - start, channelCount, data.slice(start * channelCount, end * channelCount));
    out.push(...decimator.push(piece).data);
  }
  out.push(...decimator.finish().data);
  return Float32Array.from(out);
}

test("a wrong channel count, a use after the end and a factor of 1 or 2.5 are refused", () => {
  assert.throws(() => new Decimator(1, 4), ParameterError);
  assert.throws(() => new Decimator(2.5, 4), ParameterError);
  const decimator = new Decimator(12, 4);
  assert.throws(() => decimator.push(makeTraces(10, 3)), ShapeError);
  decimator.finish();
  assert.throws(() => decimator.push(makeTraces(10, 4)), ShapeError);
});

test("a band pass over a stream is scipy's sosfilt, and the same bits in chunks of 1, 10 and 999", () => {
  const whole = new SectionFilter(BANDPASS, fixture.channelCount).apply(input());
  assertClose(whole.data, fixture.bandpass, 2e-4);
  for (const chunk of [1, 10, 999]) {
    const filter = new SectionFilter(BANDPASS, fixture.channelCount);
    const traces = input();
    const width = fixture.channelCount;
    for (let start = 0; start < traces.sampleCount; start += chunk) {
      const count = Math.min(chunk, traces.sampleCount - start);
      filter.apply(makeTraces(count, width, traces.data.subarray(start * width, (start + count) * width)));
    }
    assert.deepEqual(traces.data, whole.data);
  }
});

test("forwards and backwards is scipy's sosfiltfilt, for an even and an odd number of poles", () => {
  assertClose(filterZeroPhase(BANDPASS, input()).data, fixture.bandpassZeroPhase, 2e-4);
  const odd = butterworth(3, { type: "lowpass", edgeHz: 200, samplingRateHz: 2500 });
  assertClose(filterZeroPhase(odd, input()).data, fixture.lowpassZeroPhase, 2e-4);
  assert.throws(() => filterZeroPhase(odd, makeTraces(12, 1)), ParameterError);
});

test("a settled low pass passes a constant offset without a transient", () => {
  const lowpass = butterworth(4, { type: "lowpass", edgeHz: 100, samplingRateHz: 2500 });
  const filter = new SectionFilter(lowpass, 2);
  filter.settle([300, -20]);
  const traces = makeTraces(50, 2);
  for (let t = 0; t < 50; t++) traces.data.set([300, -20], 2 * t);
  assertClose(
    filter.apply(traces).data,
    Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? 300 : -20)),
    1e-3,
  );
});
