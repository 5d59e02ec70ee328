/**
 * @module
 * Where the units are: the contacts and the units' positions on the probe, and amplitude, firing rate and number of units along it.
 */
import type { GroupMark, Mark } from "vega";
import { colourIndex, colourMap, cssColour } from "./colour-maps.ts";
import { drawFigure, type Figure, TITLE_HEIGHT } from "./figure.ts";
import { colourBar, type Panel, type PanelAxis, panelMark, spreadDomain } from "./panel.ts";
import { linearScale, pathMark, pixel } from "./path.ts";
import { finiteRange, quantileRange } from "./quantiles.ts";
import { BLUE } from "./theme.ts";

export interface ProbeMapData {
  /** Default "Units on the probe". */
  readonly title?: string;
  /** Contact positions across and along the probe, um [channels]. */
  readonly channelX: ArrayLike<number>;
  readonly channelY: ArrayLike<number>;
  /** Unit positions, um [units]. */
  readonly unitX: ArrayLike<number>;
  readonly unitY: ArrayLike<number>;
  /** uV; the sign is dropped; NaN when unknown [units]. */
  readonly amplitudesUv: ArrayLike<number>;
  /** Spikes/s; NaN when unknown [units]. */
  readonly firingRatesHz: ArrayLike<number>;
}

const TOP = TITLE_HEIGHT + 30;
const PANEL_HEIGHT = 480;
/** Area between the axes of the map, CSS pixels. */
export const PROBE_MAP_PANEL = { x: 72, y: TOP, width: 200, height: PANEL_HEIGHT } as const;
const BIN_COUNT = 40;
const RATE_TICKS = [0.001, 0.01, 0.1, 1, 10, 100, 1000];

/** Draws the units on the probe. @throws RangeError when arrays of units or of channels differ in length */
export function probeMap(data: ProbeMapData): Figure {
  const {
    channelX,
    channelY,
    unitX,
    unitY,
    amplitudesUv,
    firingRatesHz,
    title = "Units on the probe",
  } = data;
  const units = unitX.length;
  if (channelX.length !== channelY.length)
    throw new RangeError(`probeMap: ${channelX.length} channelX but ${channelY.length} channelY`);
  if (unitY.length !== units || amplitudesUv.length !== units || firingRatesHz.length !== units)
    throw new RangeError(
      `probeMap: ${units} unitX need as many unitY, amplitudesUv and firingRatesHz, got ${unitY.length}, ${amplitudesUv.length} and ${firingRatesHz.length}`,
    );
  const xDomain = padded(finiteRange(Array.from(channelX).concat(Array.from(unitX))) ?? [0, 100], 15);
  const yDomain = padded(finiteRange(Array.from(channelY).concat(Array.from(unitY))) ?? [0, 1000], 20);
  const magnitudes = Float64Array.from({ length: units }, (_, i) => Math.abs(amplitudesUv[i]!));
  const amplitudeRange = finiteRange(magnitudes);
  const colourDomain = spreadDomain(quantileRange(magnitudes, 0.02, 0.98) ?? [0, 100]);
  const palette = colourMap("viridis", { from: 0.93, to: 0 });
  const fills = Array.from(magnitudes, (value) =>
    Number.isFinite(value) ? cssColour(palette, colourIndex(value, ...colourDomain)) : "#bbbbbb",
  );
  const depth: PanelAxis = { domain: yDomain, title: "Depth from the tip (µm)" };
  const toY = linearScale(yDomain, [PANEL_HEIGHT, 0]);
  const y = Array.from({ length: units }, (_, i) => toY(unitY[i]!));
  const toMapX = linearScale(xDomain, [0, PROBE_MAP_PANEL.width]);
  const mapUnits = unitMarks(
    Array.from({ length: units }, (_, i) => toMapX(unitX[i]!)),
    y,
    fills,
  );
  const map = panelMark({
    ...PROBE_MAP_PANEL,
    xAxis: { domain: xDomain, title: "Across the probe (µm)" },
    yAxis: depth,
    title: "Positions",
    data: mapUnits.data,
    marks: [contactsMark(channelX, channelY, toMapX, toY), ...mapUnits.marks],
    ...(units === 0 ? { note: "no units" } : {}),
  });
  const amplitudeDomain: [number, number] = [0, 1.06 * Math.max(amplitudeRange?.[1] ?? 100, 1)];
  const toAmplitudeX = linearScale(amplitudeDomain, [0, 170]);
  const amplitudes = panelMark({
    x: 330,
    y: TOP,
    width: 170,
    height: PANEL_HEIGHT,
    xAxis: { domain: amplitudeDomain, title: "Amplitude (µV)" },
    yAxis: { ...depth, title: "" },
    title: "Amplitude",
    ...unitMarks(Array.from(magnitudes, toAmplitudeX), y, fills),
  });
  const rates = ratePanel(
    { x: 560, y: TOP, width: 170, height: PANEL_HEIGHT },
    firingRatesHz,
    y,
    fills,
    depth,
  );
  const density = countPanel({ x: 790, y: TOP, width: 110, height: PANEL_HEIGHT }, unitY, yDomain, depth);
  const bar =
    amplitudeRange === undefined
      ? []
      : [colourBar({ x: 930, y: TOP, height: PANEL_HEIGHT }, palette, colourDomain, "Amplitude (µV)")];
  return drawFigure({
    description: `${title}: ${units} units on ${channelX.length} contacts`,
    width: 1020,
    height: TOP + PANEL_HEIGHT + 52,
    title,
    subtitle: `${units.toLocaleString("en-US")} ${units === 1 ? "unit" : "units"}, ${channelX.length} contacts`,
    marks: [map, amplitudes, rates, density, ...bar],
  });
}

function padded(range: readonly [number, number], marginUm: number): [number, number] {
  const margin = Math.max(marginUm, 0.02 * (range[1] - range[0]));
  return [range[0] - margin, range[1] + margin];
}

function contactsMark(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  toX: (um: number) => number,
  toY: (um: number) => number,
): Mark {
  let path = "";
  for (let i = 0; i < x.length; i++) {
    if (!Number.isFinite(x[i]!) || !Number.isFinite(y[i]!)) continue;
    path += `M${pixel(toX(x[i]!) - 3)},${pixel(toY(y[i]!) - 1.5)}h6v3h-6Z`;
  }
  return pathMark(path, { fill: "#cfcfcf" });
}

/** Circles; a unit without a place on this panel's axis is left out. */
function unitMarks(
  x: readonly number[],
  y: readonly number[],
  fills: readonly string[],
): Required<Pick<Panel, "data" | "marks">> {
  const values = x
    .map((left, i) => ({ x: pixel(left), y: pixel(y[i]!), fill: fills[i]! }))
    .filter((unit) => Number.isFinite(unit.x) && Number.isFinite(unit.y));
  const symbol: Mark = {
    type: "symbol",
    from: { data: "units" },
    encode: {
      enter: {
        x: { field: "x" },
        y: { field: "y" },
        fill: { field: "fill" },
        size: { value: x.length > 200 ? 30 : 60 },
        fillOpacity: { value: 0.85 },
        stroke: { value: "#ffffff" },
        strokeWidth: { value: 0.7 },
      },
    },
  };
  return { data: [{ name: "units", values }], marks: [symbol] };
}

function ratePanel(
  place: Panel,
  ratesHz: ArrayLike<number>,
  y: readonly number[],
  fills: readonly string[],
  depth: PanelAxis,
): GroupMark {
  const positive = Array.from(ratesHz).filter((rate) => rate > 0);
  const [least, most] = finiteRange(positive) ?? [0.1, 10];
  // whole decades, so that there are ticks
  const domain: [number, number] = [
    10 ** Math.floor(Math.log10(least) + 1e-9),
    10 ** Math.max(Math.ceil(Math.log10(most) - 1e-9), Math.floor(Math.log10(least)) + 1),
  ];
  const toX = linearScale([Math.log10(domain[0]), Math.log10(domain[1])], [0, place.width]);
  return panelMark({
    ...place,
    xAxis: {
      domain,
      type: "log",
      title: "Firing rate (spikes/s)",
      ticks: RATE_TICKS.filter((tick) => tick >= domain[0] * 0.999 && tick <= domain[1] * 1.001),
      format: "~g",
    },
    yAxis: { ...depth, title: "" },
    title: "Firing rate",
    ...unitMarks(
      Array.from(ratesHz, (rate) => (rate > 0 ? toX(Math.log10(rate)) : Number.NaN)),
      y,
      fills,
    ),
  });
}

function countPanel(
  place: Panel,
  unitY: ArrayLike<number>,
  yDomain: readonly [number, number],
  depth: PanelAxis,
): GroupMark {
  const binUm = niceAbove((yDomain[1] - yDomain[0]) / BIN_COUNT);
  const first = Math.floor(yDomain[0] / binUm);
  const counts = new Int32Array(Math.floor(yDomain[1] / binUm) - first + 1);
  for (let i = 0; i < unitY.length; i++)
    if (unitY[i]! >= yDomain[0] && unitY[i]! <= yDomain[1]) counts[Math.floor(unitY[i]! / binUm) - first]!++;
  const most = Math.max(1, ...counts);
  const toY = linearScale(yDomain, [place.height, 0]);
  // a bin that begins or ends beyond the axis is drawn as far as the axis goes
  const within = (um: number): number => pixel(toY(Math.min(Math.max(um, yDomain[0]), yDomain[1])));
  let path = "";
  counts.forEach((count, bin) => {
    if (count > 0)
      path += `M0,${within((first + bin) * binUm)}H${pixel((count / most) * place.width)}V${within((first + bin + 1) * binUm)}H0Z`;
  });
  return panelMark({
    ...place,
    xAxis: { domain: [0, most], title: `Units per ${binUm} µm`, tickStep: 1, format: "~d" },
    yAxis: { ...depth, title: "" },
    title: "Count",
    marks: [pathMark(path, { fill: BLUE })],
  });
}

/** The smallest of 1, 2, 5 x 10^n that is not below the value. */
function niceAbove(value: number): number {
  const power = Math.floor(Math.log10(value) + 1e-12);
  const digit = value / 10 ** power;
  return Number(`${digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10}e${power}`);
}
