/**
 * @module
 * Histograms of the units' quality metrics, one small panel each, with the usual limit as a line.
 *
 * Ranges and limits are those of the contract's quality_metric_report (pipeline contract 5.4), with fewer bins, so that they can be read.
 */
import type { GroupMark, Mark } from "vega";
import { drawFigure, type Figure, TITLE_HEIGHT } from "./figure.ts";
import { type Panel, panelMark, ruleMark } from "./panel.ts";
import { barsPath, linearScale, pathMark } from "./path.ts";
import { BLUE, VERMILLION } from "./theme.ts";

export interface QualityHistogramsData {
  /** Default "Unit quality". */
  readonly title?: string;
  /** Metrics by column name of QualityMetrics.Cluster; null or NaN where a unit has no value [units]. Unknown names are an error. */
  readonly metrics: Readonly<Record<string, ArrayLike<number | null>>>;
}

interface MetricAxis {
  /** With the unit in brackets. */
  readonly title: string;
  readonly domain: readonly [number, number];
  readonly type?: "log";
  /** The usual limit between good and bad. */
  readonly limit?: number;
}

/** The metrics that have a panel, in the order of the panels. */
export const METRIC_AXES: Readonly<Record<string, MetricAxis>> = {
  firing_rate: { title: "Firing rate (spikes/s)", domain: [0.001, 100], type: "log" },
  snr: { title: "Signal to noise (ratio)", domain: [0, 20] },
  presence_ratio: { title: "Presence ratio (share of time)", domain: [0, 1], limit: 0.9 },
  amplitude_cutoff: { title: "Amplitude cutoff (share missed)", domain: [0, 0.5], limit: 0.1 },
  isi_violation: { title: "ISI violations (ratio)", domain: [1e-4, 100], type: "log", limit: 0.5 },
  contamination_rate: { title: "Contamination (share)", domain: [0, 1], limit: 0.1 },
  isolation_distance: { title: "Isolation distance (squared s.d.)", domain: [0, 170] },
  l_ratio: { title: "L-ratio (ratio)", domain: [1e-4, 100], type: "log" },
  d_prime: { title: "d′ (s.d.)", domain: [0, 15] },
  nn_hit_rate: { title: "Nearest-neighbour hits (share)", domain: [0, 1] },
  nn_miss_rate: { title: "Nearest-neighbour misses (share)", domain: [0, 1] },
  silhouette_score: { title: "Silhouette score (−1 to 1)", domain: [-1, 1] },
  max_drift: { title: "Largest drift (µm)", domain: [0, 100] },
  cumulative_drift: { title: "Cumulative drift (µm)", domain: [0, 1000] },
};

const BIN_COUNT = 40;
const COLUMNS = 3;
const PANEL_WIDTH = 250;
const PANEL_HEIGHT = 130;
const LEFT = 60;
const STEP_X = 330;
const STEP_Y = 226;
const TOP = TITLE_HEIGHT + 40;

/** Draws the histograms of the metrics that are given. @throws RangeError for a metric without an axis, or arrays of different length */
export function qualityHistograms(data: QualityHistogramsData): Figure {
  const { metrics, title = "Unit quality" } = data;
  for (const name of Object.keys(metrics))
    if (!Object.hasOwn(METRIC_AXES, name))
      throw new RangeError(
        `qualityHistograms: there is no axis for the metric '${name}'; there is for ${Object.keys(METRIC_AXES).join(", ")}`,
      );
  const names = Object.keys(METRIC_AXES).filter((name) => metrics[name] !== undefined);
  const units = names.length === 0 ? 0 : metrics[names[0]!]!.length;
  for (const name of names)
    if (metrics[name]!.length !== units)
      throw new RangeError(
        `qualityHistograms: '${name}' has ${metrics[name]!.length} values, '${names[0]}' has ${units}`,
      );
  const shown = names.length > 0 ? names : ["firing_rate"];
  const marks = shown.map((name, index) =>
    histogramPanel(
      {
        x: LEFT + (index % COLUMNS) * STEP_X,
        y: TOP + Math.floor(index / COLUMNS) * STEP_Y,
        width: PANEL_WIDTH,
        height: PANEL_HEIGHT,
      },
      METRIC_AXES[name]!,
      metrics[name] ?? [],
    ),
  );
  const rows = Math.ceil(shown.length / COLUMNS);
  return drawFigure({
    description: `${title}: histograms of ${shown.length} metrics of ${units} units`,
    width: LEFT + Math.min(shown.length, COLUMNS) * STEP_X - 30,
    height: TOP + (rows - 1) * STEP_Y + PANEL_HEIGHT + 52,
    title,
    subtitle: `${units.toLocaleString("en-US")} ${units === 1 ? "unit" : "units"}; dashed: usual limit`,
    marks,
  });
}

interface Histogram {
  /** [BIN_COUNT] */
  readonly counts: Int32Array;
  readonly known: number;
  /** Values beyond the axis, which stand in the outermost bins. */
  readonly beyond: number;
  /** Zeros on a log axis, which stand in the first bin: for a ratio of violations the best value, and not rare. */
  readonly zeros: number;
}

/** Counts values in bins of equal width on the axis, linear or log. */
function histogram(values: ArrayLike<number | null>, axis: MetricAxis): Histogram {
  const counts = new Int32Array(BIN_COUNT);
  const toBin = positionOn(axis, BIN_COUNT);
  let known = 0;
  let beyond = 0;
  let zeros = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value === null || value === undefined || Number.isNaN(value)) continue;
    known++;
    const [low, high] = axis.domain;
    if (axis.type === "log" && value === 0) zeros++;
    else if (value > high || value < low) beyond++;
    const bin =
      value <= low ? 0 : value >= high ? BIN_COUNT - 1 : Math.min(BIN_COUNT - 1, Math.floor(toBin(value)));
    counts[bin]!++;
  }
  return { counts, known, beyond, zeros };
}

/** Maps a value to [0, length] along the axis. */
function positionOn(axis: MetricAxis, length: number): (value: number) => number {
  const [low, high] = axis.domain;
  if (axis.type !== "log") return linearScale([low, high], [0, length]);
  const scale = linearScale([Math.log10(low), Math.log10(high)], [0, length]);
  return (value) => scale(Math.log10(value));
}

function histogramPanel(place: Panel, axis: MetricAxis, values: ArrayLike<number | null>): GroupMark {
  const { counts, known, beyond, zeros } = histogram(values, axis);
  const most = Math.max(1, ...counts);
  const bin = place.width / BIN_COUNT;
  const left = Float64Array.from(counts, (_, i) => i * bin);
  const toY = linearScale([0, 1.08 * most], [place.height, 0]);
  const marks: Mark[] = [
    pathMark(
      barsPath(
        left,
        left.map((x) => x + bin),
        Float64Array.from(counts, toY),
        place.height,
      ),
      { fill: BLUE },
    ),
  ];
  if (axis.limit !== undefined) {
    const x = positionOn(axis, place.width)(axis.limit);
    marks.push(ruleMark([x, 0], [x, place.height], { stroke: VERMILLION, strokeWidth: 1.5, dash: [5, 4] }));
  }
  const missing = values.length - known;
  const remarks: string[] = [];
  if (known > 0 && missing > 0) remarks.push(`${missing} without a value`);
  if (zeros > 0) remarks.push(`${zeros} at 0`);
  if (beyond > 0) remarks.push(`${beyond} beyond the axis`);
  const [low, high] = axis.domain;
  return panelMark({
    ...place,
    xAxis: {
      domain: axis.domain,
      title: axis.title,
      ...(axis.type === "log" ? { type: "log" as const, format: "~g", ticks: decades(low, high) } : {}),
    },
    yAxis: { domain: [0, 1.08 * most], title: "Units (count)", tickStep: 1, format: "~d", titleOffset: 40 },
    ...(remarks.length > 0 ? { title: remarks.join(", ") } : {}),
    ...(known > 0 ? { marks } : { note: values.length === 0 ? "no units" : "no values" }),
  });
}

function decades(low: number, high: number): number[] {
  const from = Math.round(Math.log10(low));
  const to = Math.round(Math.log10(high));
  return Array.from({ length: to - from + 1 }, (_, i) => Number(`1e${from + i}`));
}
