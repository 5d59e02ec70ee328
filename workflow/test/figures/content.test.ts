/** Figures show what they are given, where it belongs: pixels and paths of data whose place is known beforehand. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AUTOCORRELOGRAM_PANEL } from "../../src/figures/autocorrelogram.ts";
import { autocorrelogramCounts } from "../../src/figures/correlogram.ts";
import { DRIFT_MAP_PANEL } from "../../src/figures/drift-map.ts";
import { SPECTROGRAM_PANEL } from "../../src/figures/lfp-spectrogram.ts";
import { PROBE_MAP_PANEL } from "../../src/figures/probe-map.ts";
import { FIGURES } from "../../src/figures/registry.ts";
import { renderPng } from "../../src/figures/render-png.ts";
import { BLUE } from "../../src/figures/theme.ts";
import { PEAK_PANEL } from "../../src/figures/unit-waveforms.ts";
import { readPng } from "./support/read-png.ts";
import { spikeTrain, waveforms } from "./support/samples.ts";

interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}
type Colour = readonly [red: number, green: number, blue: number];

/** Middle of the pixels in a panel that `isWanted`, as fractions from the left and from the bottom, and their share. */
function middleOf(svg: string, place: Place, isWanted: (colour: Colour) => boolean) {
  const { rgb, width } = readPng(renderPng(svg, { scale: 1 }));
  let [count, sumX, sumY] = [0, 0, 0];
  for (let row = 1; row < place.height - 1; row++)
    for (let column = 1; column < place.width - 1; column++) {
      const at = 3 * ((place.y + row) * width + place.x + column);
      if (!isWanted([rgb[at]!, rgb[at + 1]!, rgb[at + 2]!])) continue;
      count++;
      sumX += column;
      sumY += row;
    }
  return {
    x: sumX / count / place.width,
    y: 1 - sumY / count / place.height,
    share: count / (place.width * place.height),
  };
}

const isColoured = ([red, green, blue]: Colour) =>
  Math.max(red, green, blue) - Math.min(red, green, blue) > 40;

function assertNear(got: number, expected: number, tolerance: number): void {
  assert.ok(Math.abs(got - expected) <= tolerance, `${got}, expected ${expected} within ${tolerance}`);
}

/** Points of the path with a stroke. */
function pathOf(svg: string, stroke: string): { x: number; y: number }[] {
  const paths = [...svg.matchAll(/<path [^>]*>/g)].map(([tag]) => tag);
  const tag = paths.find((one) => one.includes(`stroke="${stroke}"`) && (one.match(/L/g)?.length ?? 0) > 20);
  assert.ok(tag, `no long path in ${stroke}`);
  return [...tag.matchAll(/[ML](-?[\d.]+),(-?[\d.]+)/g)].map(([, x, y]) => ({ x: Number(x), y: Number(y) }));
}

describe("the drift map", () => {
  it("has time to the right and the tip at the bottom", () => {
    const count = 200;
    const { svg } = FIGURES["drift-map"].draw({
      timesS: Float64Array.from({ length: count }, (_, i) => 10 + i / 40),
      depthsUm: new Float64Array(count).fill(900),
      amplitudesUv: new Float64Array(count).fill(100),
      durationS: 100,
      depthRangeUm: [0, 1000],
    });
    const { x, y, share } = middleOf(svg, DRIFT_MAP_PANEL, isColoured);
    assertNear(x, 0.125, 0.01);
    assertNear(y, 0.9, 0.01);
    assert.ok(share > 0 && share < 0.02, `${share}`);
  });
});

describe("the spectrogram", () => {
  it("shows the power of a time and frequency there", () => {
    const frequenciesHz = Array.from({ length: 51 }, (_, i) => 4 * i);
    const timesS = Array.from({ length: 100 }, (_, i) => i + 0.5);
    // 4 % of the cells: the colours end at the 2nd and 98th percentile
    const isLoud = (f: number, t: number) => f >= 140 && f <= 180 && t >= 20 && t < 40;
    const { svg } = FIGURES["lfp-spectrogram"].draw({
      timesS,
      frequenciesHz,
      power: frequenciesHz.flatMap((f) => timesS.map((t) => (isLoud(f, t) ? 1000 : 1))),
      durationS: 100,
    });
    // viridis ends in yellow
    const { x, y, share } = middleOf(
      svg,
      SPECTROGRAM_PANEL,
      ([red, green, blue]) => red > 200 && green > 200 && blue < 80,
    );
    assertNear(x, 0.3, 0.01);
    assertNear(y, 160 / 200, 0.01);
    assertNear(share, 0.2 * (44 / 200), 0.01);
  });
});

describe("the autocorrelogram", () => {
  it("counts each pair of spikes in both directions, as counting them one by one does", () => {
    const times = spikeTrain(60, 3).subarray(0, 400);
    const [binMs, windowMs] = [2, 40];
    const expected = new Float64Array(2 * (windowMs / binMs));
    for (const [i, a] of times.entries())
      for (const [j, b] of times.entries()) {
        const lagMs = 1000 * (b - a);
        if (i !== j && Math.abs(lagMs) < windowMs) expected[Math.floor((lagMs + windowMs) / binMs)]!++;
      }
    assert.deepEqual(autocorrelogramCounts(times, { binMs, windowMs }), expected);
    assert.ok(expected.some((count) => count > 0));
  });

  it("has bars as high as the rate, at the lag", () => {
    // every 12.5 ms: one pair per spike in the millisecond of that lag, 1000 per s
    const timesS = Float64Array.from({ length: 800 }, (_, i) => i * 0.0125 + 1);
    const draw = (times: Float64Array) =>
      FIGURES.autocorrelogram.draw({ unitId: 1, timesS: times, durationS: 100, windowMs: 20 }).svg;
    const svg = draw(timesS);
    // the axis goes 8 % beyond the highest bar, so 1,000 is its last tick
    const ticks = [...svg.matchAll(/<text[^>]*>([\d,]+)<\/text>/g)].map((match) =>
      Number(match[1]!.replaceAll(",", "")),
    );
    assert.equal(Math.max(...ticks), 1000, ticks.join(" "));
    const isBlue = ([red, green, blue]: Colour) => blue > 120 && red < 60 && green < 160;
    const right = { ...AUTOCORRELOGRAM_PANEL, x: AUTOCORRELOGRAM_PANEL.x + 210, width: 210 };
    assertNear(middleOf(svg, right, isBlue).x, 12.5 / 20, 0.01);
    const left = { ...AUTOCORRELOGRAM_PANEL, width: 210 };
    assertNear(middleOf(svg, left, isBlue).x, 1 - 12.5 / 20, 0.01);
  });
});

describe("waveforms", () => {
  it("have their trough below, at its time, and as deep as it is", () => {
    const data = waveforms();
    const { svg } = FIGURES["unit-waveforms"].draw(data);
    const points = pathOf(svg, BLUE);
    assert.equal(points.length, data.sampleCount);
    const lowest = points.reduce((best, { y }, i) => (y > points[best]!.y ? i : best), 0);
    assertNear(lowest, data.peakSample, 1);
    const highest = points.reduce((best, { y }, i) => (y < points[best]!.y ? i : best), 0);
    assert.ok(highest > lowest, "the peak comes after the trough");
    assert.ok(points.every(({ x }, i) => i === 0 || x > points[i - 1]!.x));
  });

  it("of the main channel stand against their own axes", () => {
    const { svg } = FIGURES["unit-waveforms"].draw(waveforms());
    const isBlue = ([red, green, blue]: Colour) => blue > 120 && red < 60 && green < 160;
    const { share } = middleOf(svg, PEAK_PANEL, isBlue);
    assert.ok(share > 0.002, `${share}`);
  });
});

describe("the probe map", () => {
  it("has units where they are", () => {
    const draw = (unitX: number, unitY: number) =>
      FIGURES["probe-map"].draw({
        channelX: [0, 100, 0, 100],
        channelY: [0, 0, 1000, 1000],
        unitX: [unitX],
        unitY: [unitY],
        amplitudesUv: [100],
        firingRatesHz: [5],
      }).svg;
    const low = middleOf(draw(20, 200), PROBE_MAP_PANEL, isColoured);
    const high = middleOf(draw(80, 800), PROBE_MAP_PANEL, isColoured);
    assert.ok(low.x < 0.45 && high.x > 0.55, `${low.x} ${high.x}`);
    assert.ok(low.y < 0.35 && high.y > 0.65, `${low.y} ${high.y}`);
  });
});
