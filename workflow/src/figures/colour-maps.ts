/**
 * @module
 * Colour maps with even steps of lightness, safe for colour-blind readers and for grey printers.
 *
 * Source: viridis is Smith and van der Walt 2015 (matplotlib); cividis is Nunez, Anderton and Renslow 2018, PLoS ONE 13(7): e0199239.
 * Both are taken from d3-scale-chromatic by way of vega.
 */
import { scheme } from "vega";

export type ColourMapName = "viridis" | "cividis";

/** Entries that carry values; the 256th is left for transparency (png.ts). */
export const COLOUR_STEPS = 255;

/**
 * Samples a colour map.
 *
 * @param options.from, options.to  the part of the map to use, 0 = its dark end; from > to runs it backwards. Default 0 to 1
 * @returns Uint8Array [256 x 3]: COLOUR_STEPS colours, low values first, then white
 */
export function colourMap(
  name: ColourMapName,
  options: { readonly from?: number; readonly to?: number } = {},
): Uint8Array {
  const { from = 0, to = 1 } = options;
  // vega types schemes as any: for these two names it is a function of [0, 1] that gives a CSS colour
  const colourAt = scheme(name) as (position: number) => string;
  const palette = new Uint8Array(768).fill(255);
  for (let i = 0; i < COLOUR_STEPS; i++)
    palette.set(parseColour(colourAt(from + ((to - from) * i) / (COLOUR_STEPS - 1))), 3 * i);
  return palette;
}

/** One colour of a palette as CSS. */
export function cssColour(palette: Uint8Array, index: number): string {
  return `rgb(${palette[3 * index]}, ${palette[3 * index + 1]}, ${palette[3 * index + 2]})`;
}

/** Index of the colour for a value in [low, high]; values beyond take the end's colour. */
export function colourIndex(value: number, low: number, high: number): number {
  const position = high > low ? (value - low) / (high - low) : 0.5;
  return Math.max(0, Math.min(COLOUR_STEPS - 1, Math.round(position * (COLOUR_STEPS - 1))));
}

function parseColour(text: string): [number, number, number] {
  const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(text);
  if (hex !== null) return [parseInt(hex[1]!, 16), parseInt(hex[2]!, 16), parseInt(hex[3]!, 16)];
  const numbers = text.match(/\d+/g) ?? [];
  if (numbers.length < 3)
    throw new RangeError(`colourMap: vega gave the colour '${text}', expected #rrggbb or rgb(r, g, b)`);
  return [Number(numbers[0]), Number(numbers[1]), Number(numbers[2])];
}
