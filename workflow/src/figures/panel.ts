/**
 * @module
 * A panel: one pair of axes at a fixed place of a figure. Sizes are fixed rather than fitted to the text, so that a datum's pixel
 * follows from its value alone: x = panel.x + width * (value - low) / (high - low), and the tests check it.
 */
import type { Axis, GroupMark, Mark, Scale } from "vega";
import { rampRaster, rasterMark } from "./raster.ts";
import { AXIS, FAINT, fitText, GRID, INK, LABEL_SIZE, TITLE_SIZE } from "./theme.ts";

export interface PanelAxis {
  /** Low and high end; equal ends are spread a little. */
  readonly domain: readonly [number, number];
  /** With the unit in brackets. */
  readonly title: string;
  /** Default "linear". */
  readonly type?: "linear" | "log";
  /** Where ticks stand; as many as fit when absent. */
  readonly ticks?: readonly number[];
  /** Least distance of ticks, e.g. 1 for counts. */
  readonly tickStep?: number;
  /** Default: left for y, bottom for x. */
  readonly side?: "left" | "right";
  /** Faint lines across the panel; default false. */
  readonly grid?: boolean;
  /** d3 number format of the tick labels. */
  readonly format?: string;
  /** Distance of a y title's middle from the axis, CSS pixels; default 52, room for "1,000". */
  readonly titleOffset?: number;
}

export interface Panel {
  /** Place of the area between the axes in the figure, CSS pixels. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** An absent axis is not drawn, and its scale is pixels. */
  readonly xAxis?: PanelAxis;
  readonly yAxis?: PanelAxis;
  /** Printed above the panel. */
  readonly title?: string;
  /** Printed in the middle, for a panel with nothing to show. */
  readonly note?: string;
  /** Rows that marks may draw from by name. */
  readonly data?: readonly { readonly name: string; readonly values: readonly object[] }[];
  /** Drawn in the panel; they may use the scales "x" and "y". Never outside it: the caller leaves such data out. */
  readonly marks?: readonly Mark[];
}

/** CSS pixels that a tick label takes at least. */
const X_TICK_SPACE = 75;
const Y_TICK_SPACE = 34;

/** Makes the group of marks for a panel. */
export function panelMark(panel: Panel): GroupMark {
  const { x, y, width, height, xAxis, yAxis, title, note } = panel;
  const axes: Axis[] = [];
  if (xAxis !== undefined) axes.push(axisOf("x", "bottom", xAxis, width / X_TICK_SPACE));
  if (yAxis !== undefined) axes.push(axisOf("y", yAxis.side ?? "left", yAxis, height / Y_TICK_SPACE));
  const extra: Mark[] = [];
  if (title !== undefined)
    extra.push(textMark(fitText(title, width + 30, TITLE_SIZE), { x: 0, y: -10, size: TITLE_SIZE }));
  if (note !== undefined)
    extra.push(textMark(note, { x: width / 2, y: height / 2, size: 14, fill: FAINT, align: "center" }));
  return {
    type: "group",
    encode: {
      enter: { x: { value: x }, y: { value: y }, width: { value: width }, height: { value: height } },
    },
    scales: [
      scaleOf("x", xAxis, [0, width]),
      scaleOf("y", yAxis, yAxis === undefined ? [0, height] : [height, 0]),
    ],
    axes,
    data: (panel.data ?? []).map(({ name, values }) => ({ name, values: [...values] })),
    marks: [...(panel.marks ?? []), ...extra],
  };
}

function scaleOf(name: string, axis: PanelAxis | undefined, range: [number, number]): Scale {
  if (axis === undefined) return { name, type: "linear", domain: range, range, zero: false, nice: false };
  const [low, high] = spreadDomain(axis.domain, axis.type === "log");
  return { name, type: axis.type ?? "linear", domain: [low, high], range, zero: false, nice: false };
}

/** Gives a domain of no width some, so that a lone value stands in the middle. */
export function spreadDomain(domain: readonly [number, number], isLog = false): [number, number] {
  const [low, high] = domain;
  if (high > low) return [low, high];
  if (isLog) return [low / 2, low * 2];
  const margin = Math.max(Math.abs(low) * 0.05, 0.5);
  return [low - margin, low + margin];
}

function axisOf(
  scale: "x" | "y",
  orient: "bottom" | "left" | "right",
  axis: PanelAxis,
  fitting: number,
): Axis {
  const offset = axis.titleOffset ?? 52;
  return {
    scale,
    orient,
    title: axis.title,
    ...(axis.ticks === undefined
      ? { tickCount: Math.max(3, Math.min(10, Math.floor(fitting))) }
      : { values: [...axis.ticks] }),
    ...(axis.tickStep === undefined ? {} : { tickMinStep: axis.tickStep }),
    ...(axis.format === undefined ? {} : { format: axis.format }),
    grid: axis.grid ?? false,
    gridColor: GRID,
    domainColor: AXIS,
    tickColor: AXIS,
    labelColor: INK,
    labelFontSize: LABEL_SIZE,
    labelOverlap: true,
    labelFlush: false,
    titleColor: INK,
    titleFontSize: TITLE_SIZE,
    titleFontWeight: "normal",
    // a fixed place, since widths of labels are only estimated without a browser
    titlePadding: 0,
    ...(orient === "bottom" ? { titleY: 34 } : { titleX: orient === "left" ? -offset : offset }),
    zindex: 1,
  };
}

export interface TextOptions {
  readonly x: number;
  readonly y: number;
  readonly size?: number;
  readonly fill?: string;
  readonly align?: "left" | "center" | "right";
}

/** A piece of text at a place of the panel, in pixels from its top left. */
export function textMark(text: string, options: TextOptions): Mark {
  const { x, y, size = LABEL_SIZE, fill = INK, align = "left" } = options;
  return {
    type: "text",
    encode: {
      enter: {
        x: { value: x },
        y: { value: y },
        text: { value: text },
        fontSize: { value: size },
        fill: { value: fill },
        align: { value: align },
        baseline: { value: "middle" },
      },
    },
  };
}

export interface LineOptions {
  readonly stroke: string;
  readonly strokeWidth?: number;
  readonly dash?: readonly number[];
}

/** A line from one place to another, in pixels of the panel. */
export function ruleMark(
  from: readonly [number, number],
  to: readonly [number, number],
  options: LineOptions,
): Mark {
  return {
    type: "rule",
    encode: {
      enter: {
        x: { value: from[0] },
        y: { value: from[1] },
        x2: { value: to[0] },
        y2: { value: to[1] },
        stroke: { value: options.stroke },
        strokeWidth: { value: options.strokeWidth ?? 1 },
        strokeDash: { value: [...(options.dash ?? [])] },
      },
    },
  };
}

/** A colour bar at a place of the figure, its values on the right. */
export function colourBar(
  place: { readonly x: number; readonly y: number; readonly height: number },
  palette: Uint8Array,
  domain: readonly [number, number],
  title: string,
): GroupMark {
  const width = 14;
  return panelMark({
    ...place,
    width,
    yAxis: { domain, title, side: "right" },
    marks: [rasterMark(rampRaster(), palette, width, place.height)],
  });
}
