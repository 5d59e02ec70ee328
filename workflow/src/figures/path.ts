/**
 * @module
 * Lines and areas as SVG paths in a panel's pixels: one mark for a curve of any length.
 */
import type { Mark } from "vega";

export interface PathStyle {
  readonly stroke?: string;
  readonly strokeWidth?: number;
  readonly fill?: string;
  readonly opacity?: number;
}

/** A mark from path text. */
export function pathMark(path: string, style: PathStyle): Mark {
  return {
    type: "path",
    encode: {
      enter: {
        path: { value: path },
        ...(style.stroke === undefined ? {} : { stroke: { value: style.stroke } }),
        ...(style.strokeWidth === undefined ? {} : { strokeWidth: { value: style.strokeWidth } }),
        ...(style.fill === undefined ? {} : { fill: { value: style.fill } }),
        opacity: { value: style.opacity ?? 1 },
        strokeJoin: { value: "round" },
      },
    },
  };
}

/** A line through points; where a coordinate is not finite the line is broken. */
export function linePath(x: ArrayLike<number>, y: ArrayLike<number>): string {
  let path = "";
  let isDrawing = false;
  for (let i = 0; i < x.length; i++) {
    if (!Number.isFinite(x[i]!) || !Number.isFinite(y[i]!)) {
      isDrawing = false;
      continue;
    }
    path += `${isDrawing ? "L" : "M"}${pixel(x[i]!)},${pixel(y[i]!)}`;
    isDrawing = true;
  }
  return path;
}

/** The area between two curves over the same x; points that are not finite are left out. */
export function bandPath(x: ArrayLike<number>, low: ArrayLike<number>, high: ArrayLike<number>): string {
  const kept: number[] = [];
  for (let i = 0; i < x.length; i++)
    if (Number.isFinite(x[i]!) && Number.isFinite(low[i]!) && Number.isFinite(high[i]!)) kept.push(i);
  if (kept.length < 2) return "";
  const there = kept.map((i) => `${pixel(x[i]!)},${pixel(high[i]!)}`);
  const back = kept.toReversed().map((i) => `${pixel(x[i]!)},${pixel(low[i]!)}`);
  return `M${there.join("L")}L${back.join("L")}Z`;
}

/** Bars that stand on a base line; bars of no height are left out. */
export function barsPath(
  left: ArrayLike<number>,
  right: ArrayLike<number>,
  top: ArrayLike<number>,
  base: number,
): string {
  let path = "";
  for (let i = 0; i < left.length; i++)
    if (top[i]! < base)
      path += `M${pixel(left[i]!)},${pixel(base)}V${pixel(top[i]!)}H${pixel(right[i]!)}V${pixel(base)}Z`;
  return path;
}

/** Hundredths of a pixel are enough, and keep the file small. */
export function pixel(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Maps a value to pixels: domain[0] to range[0], domain[1] to range[1]. */
export function linearScale(
  domain: readonly [number, number],
  range: readonly [number, number],
): (value: number) => number {
  const slope = (range[1] - range[0]) / (domain[1] - domain[0]);
  return (value) => range[0] + (value - domain[0]) * slope;
}
