import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { makeTraces } from "../../src/core/traces.ts";
import { centreOfMass, locatingNeighbours } from "../../src/features/centre-of-mass.ts";
import { layWindows, windowOf } from "../../src/features/clustering-windows.ts";
import { channelDistances } from "../../src/matching/matching-context.ts";

const channelCount = 48;
const x = Float64Array.from({ length: channelCount }, (_, c) => 32 * (c % 2));
const y = Float64Array.from({ length: channelCount }, (_, c) => 15 * (c >> 1));
const distances = channelDistances(x, y);
const context = { x, y, distances, channelCount };

describe("clustering windows", () => {
  it("are no nearer than their spacing, leave no channel farther than it, and have every channel around them", () => {
    const windows = layWindows(context, 40, 75);
    const centres = Array.from(windows.centres);
    const between = (a: number, b: number) => distances[a * channelCount + b];
    for (const [i, a] of centres.entries())
      for (const b of centres.slice(i + 1)) assert.ok(between(a, b) >= 40, `${a} and ${b}`);
    for (let c = 0; c < channelCount; c++) {
      assert.ok(Math.min(...centres.map((centre) => between(centre, c))) < 40, `channel ${c}`);
      for (const [i, centre] of centres.entries())
        assert.equal(windows.channels[i].includes(c), between(centre, c) <= 75);
    }
  });

  it("take the event that is nearest, and are none without channels", () => {
    const windows = layWindows(context, 40, 75);
    for (const [i, centre] of windows.centres.entries())
      assert.equal(windowOf(windows, context, x[centre] + 1, y[centre] - 1), i);
    const none = { distances: new Float64Array(0), channelCount: 0 };
    assert.equal(layWindows(none, 40, 75).centres.length, 0);
  });
});

describe("the centre of mass of an event", () => {
  const neighbours = locatingNeighbours(context);
  const located = (amplitudes: ReadonlyMap<number, number>, channel: number) => {
    const traces = makeTraces(20, channelCount);
    for (const [c, amplitude] of amplitudes) traces.data[10 * channelCount + c] = -amplitude;
    const out = { x: Number.NaN, y: Number.NaN };
    centreOfMass(traces, 10, channel, neighbours, context, out);
    return out;
  };

  it("weighs channels by the square of what stands two sigma above the noise", () => {
    // channels 20 and 22 of one column: weights 16 and 4
    const { x: gotX, y: gotY } = located(
      new Map([
        [20, 6],
        [22, 4],
      ]),
      20,
    );
    assert.equal(gotX, 0);
    assert.ok(Math.abs(gotY - (16 * y[20] + 4 * y[22]) / 20) < 1e-12);
  });

  it("is the channel itself when nothing stands out, and does not see channels far away", () => {
    assert.deepEqual(located(new Map([[20, 1.9]]), 20), { x: x[20], y: y[20] });
    const far = new Map([
      [20, 6],
      [46, 50],
    ]);
    assert.deepEqual(located(far, 20), { x: x[20], y: y[20] });
  });
});
