/**
 * @module
 * Pictures made of pixels inside figures: dense scatter plots, whose vector form would be megabytes, and heat maps.
 */
import type { Mark } from "vega";
import { COLOUR_STEPS } from "./colour-maps.ts";
import { pngDataUrl, TRANSPARENT } from "./png.ts";

/** Raster pixels per CSS pixel: sharp on screens of twice the density and when zoomed a little. */
export const PIXELS_PER_CSS_PIXEL = 2;

export interface Raster {
  readonly width: number;
  readonly height: number;
  /** Uint8Array [height x width], from the top; 255 is empty. */
  readonly pixels: Uint8Array;
}

/** Makes an empty raster for a panel of the given size in CSS pixels. */
export function makeRaster(cssWidth: number, cssHeight: number): Raster {
  const width = Math.round(cssWidth * PIXELS_PER_CSS_PIXEL);
  const height = Math.round(cssHeight * PIXELS_PER_CSS_PIXEL);
  return { width, height, pixels: new Uint8Array(width * height).fill(TRANSPARENT) };
}

export interface ScatterPoints {
  /** Positions in the panel as fractions: 0 left to 1 right, 0 bottom to 1 top. Points outside are left out. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Palette index of each point; the higher are drawn on top of the lower. */
  readonly colour: Uint8Array;
}

/**
 * Paints points as squares.
 *
 * @param size  edge of a square in raster pixels
 * @returns how many points lay inside
 */
export function paintScatter(raster: Raster, points: ScatterPoints, size: number): number {
  const { x, y, colour } = points;
  const count = x.length;
  // counting sort by colour, so that the order is fixed and cheap
  const starts = new Int32Array(257);
  for (let i = 0; i < count; i++) starts[colour[i]! + 1]!++;
  for (let c = 0; c < 256; c++) starts[c + 1]! += starts[c]!;
  const order = new Int32Array(count);
  for (let i = 0; i < count; i++) order[starts[colour[i]!]!++] = i;
  let inside = 0;
  for (let n = 0; n < count; n++) {
    const i = order[n]!;
    if (!(x[i]! >= 0 && x[i]! <= 1 && y[i]! >= 0 && y[i]! <= 1)) continue;
    inside++;
    const left = Math.round(x[i]! * (raster.width - 1) - (size - 1) / 2);
    const top = Math.round((1 - y[i]!) * (raster.height - 1) - (size - 1) / 2);
    fillSquare(raster, left, top, size, colour[i]!);
  }
  return inside;
}

function fillSquare(raster: Raster, left: number, top: number, size: number, value: number): void {
  const right = Math.min(left + size, raster.width);
  const bottom = Math.min(top + size, raster.height);
  for (let row = Math.max(top, 0); row < bottom; row++)
    raster.pixels.fill(value, row * raster.width + Math.max(left, 0), row * raster.width + right);
}

/**
 * Paints how many points fall into each CSS pixel: more is a higher index, as the square root of the count, so that single points show.
 *
 * @param x, y  as in ScatterPoints
 * @returns how many points lay inside
 */
export function paintDensity(raster: Raster, x: Float64Array, y: Float64Array): number {
  const columns = Math.ceil(raster.width / PIXELS_PER_CSS_PIXEL);
  const rows = Math.ceil(raster.height / PIXELS_PER_CSS_PIXEL);
  const counts = new Int32Array(columns * rows);
  let inside = 0;
  let most = 1;
  for (let i = 0; i < x.length; i++) {
    if (!(x[i]! >= 0 && x[i]! <= 1 && y[i]! >= 0 && y[i]! <= 1)) continue;
    inside++;
    const at = Math.round((1 - y[i]!) * (rows - 1)) * columns + Math.round(x[i]! * (columns - 1));
    most = Math.max(most, ++counts[at]!);
  }
  for (let cell = 0; cell < counts.length; cell++) {
    if (counts[cell] === 0) continue;
    const colour = Math.round(Math.sqrt(counts[cell]! / most) * (COLOUR_STEPS - 1));
    const left = (cell % columns) * PIXELS_PER_CSS_PIXEL;
    fillSquare(raster, left, Math.floor(cell / columns) * PIXELS_PER_CSS_PIXEL, PIXELS_PER_CSS_PIXEL, colour);
  }
  return inside;
}

/** A vertical ramp of all colours, the highest on top: a colour bar. */
export function rampRaster(): Raster {
  const pixels = Uint8Array.from({ length: COLOUR_STEPS }, (_, row) => COLOUR_STEPS - 1 - row);
  return { width: 1, height: COLOUR_STEPS, pixels };
}

/** The mark that shows a raster over a whole panel. */
export function rasterMark(raster: Raster, palette: Uint8Array, cssWidth: number, cssHeight: number): Mark {
  return {
    type: "image",
    encode: {
      enter: {
        url: { value: pngDataUrl({ ...raster, palette }) },
        x: { value: 0 },
        y: { value: 0 },
        width: { value: cssWidth },
        height: { value: cssHeight },
        aspect: { value: false },
      },
    },
  };
}
