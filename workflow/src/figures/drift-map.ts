/**
 * @module
 * Drift map: every spike at its time and depth, its amplitude as colour. Drift of the tissue shows as bands that bend together.
 */
import type { Mark } from "vega";
import { colourIndex, colourMap } from "./colour-maps.ts";
import { drawFigure, type Figure, TITLE_HEIGHT } from "./figure.ts";
import { colourBar, panelMark, spreadDomain } from "./panel.ts";
import { finiteRange, quantileRange } from "./quantiles.ts";
import { makeRaster, paintScatter, rasterMark } from "./raster.ts";
import { timeUnit } from "./time-axis.ts";

export interface DriftMapData {
  /** Default "Drift map". */
  readonly title?: string;
  /** Spike times, s from the start of the recording [spikes]. */
  readonly timesS: ArrayLike<number>;
  /** Position of each spike along the probe, um from the tip [spikes]. */
  readonly depthsUm: ArrayLike<number>;
  /** Amplitude of each spike, uV; the sign is dropped [spikes]. */
  readonly amplitudesUv: ArrayLike<number>;
  /** Length of the recording, s. */
  readonly durationS: number;
  /** Ends of the depth axis, um; the spikes' range when absent. */
  readonly depthRangeUm?: readonly [number, number];
}

const WIDTH = 960;
const HEIGHT = 480;
/** Area between the axes, CSS pixels. */
export const DRIFT_MAP_PANEL = { x: 76, y: TITLE_HEIGHT + 8, width: 780, height: 376 } as const;
/** More points than this hide each other; beyond it every n-th spike is drawn, and the figure says so. */
const MAXIMUM_POINTS = 400_000;

/**
 * Draws a drift map.
 *
 * @throws RangeError when the arrays differ in length or the duration is not above 0
 */
export function driftMap(data: DriftMapData): Figure {
  const { timesS, depthsUm, amplitudesUv, durationS, title = "Drift map" } = data;
  const count = timesS.length;
  if (depthsUm.length !== count || amplitudesUv.length !== count)
    throw new RangeError(
      `driftMap: ${count} times need as many depths and amplitudes, got ${depthsUm.length} and ${amplitudesUv.length}`,
    );
  if (!(durationS > 0)) throw new RangeError(`driftMap: durationS must be above 0, got ${durationS}`);
  const { x, y, width, height } = DRIFT_MAP_PANEL;
  const unit = timeUnit(durationS);
  const depthDomain = data.depthRangeUm ?? padded(finiteRange(depthsUm) ?? [0, 1000]);
  // backwards and without the lightest end: large spikes dark, small ones light but visible on white
  const palette = colourMap("viridis", { from: 0.93, to: 0 });
  const stride = Math.max(1, Math.ceil(count / MAXIMUM_POINTS));
  const drawn = Math.ceil(count / stride);
  const magnitudes = new Float64Array(drawn);
  for (let i = 0; i < drawn; i++) magnitudes[i] = Math.abs(amplitudesUv[i * stride]!);
  const amplitudeDomain = spreadDomain(quantileRange(magnitudes, 0.01, 0.99) ?? [0, 100]);
  const points = { x: new Float64Array(drawn), y: new Float64Array(drawn), colour: new Uint8Array(drawn) };
  for (let i = 0; i < drawn; i++) {
    points.x[i] = timesS[i * stride]! / durationS;
    points.y[i] = (depthsUm[i * stride]! - depthDomain[0]) / (depthDomain[1] - depthDomain[0]);
    points.colour[i] = colourIndex(magnitudes[i]!, ...amplitudeDomain);
  }
  const raster = makeRaster(width, height);
  const inside = paintScatter(raster, points, pointSize(drawn));
  const marks: Mark[] = [
    panelMark({
      ...DRIFT_MAP_PANEL,
      xAxis: { domain: [0, durationS / unit.seconds], title: `Time (${unit.name})` },
      yAxis: { domain: depthDomain, title: "Depth from the tip (µm)" },
      marks: inside > 0 ? [rasterMark(raster, palette, width, height)] : [],
      ...(inside > 0 ? {} : { note: count === 0 ? "no spikes" : "no spikes in this range" }),
    }),
  ];
  if (inside > 0)
    marks.push(colourBar({ x: x + width + 18, y, height }, palette, amplitudeDomain, "Amplitude (µV)"));
  return drawFigure({
    description: `${title}: ${count} spikes, time against depth, amplitude as colour`,
    width: WIDTH,
    height: HEIGHT,
    title,
    subtitle: describe(count, drawn, inside, stride),
    marks,
  });
}

/** The spikes' own range with some room, so that no spike sits on an axis. */
function padded(range: readonly [number, number]): [number, number] {
  const [low, high] = spreadDomain(range);
  const margin = 0.03 * (high - low);
  return [low - margin, high + margin];
}

/** Edge of a point in raster pixels: few spikes must be seen, many must not cover each other. */
function pointSize(count: number): number {
  if (count <= 300) return 8;
  if (count <= 2_000) return 6;
  if (count <= 20_000) return 4;
  return count <= 100_000 ? 3 : 2;
}

function describe(count: number, drawn: number, inside: number, stride: number): string {
  const parts = [`${count.toLocaleString("en-US")} spikes`];
  if (stride > 1) parts.push(`one in ${stride} drawn`);
  if (inside < drawn) parts.push(`${(drawn - inside).toLocaleString("en-US")} outside the axes`);
  if (inside > 0) parts.push("colours end at the 1st and 99th percentile of amplitude");
  return parts.join(", ");
}
