/**
 * @module
 * SVG to PNG with resvg. Text is drawn with the DejaVu fonts of the package dejavu-fonts-ttf and never with the machine's, so that a
 * server without fonts draws text and every machine draws the same.
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Resvg } from "@resvg/resvg-js";

const FONT_FOLDER = join(
  dirname(createRequire(import.meta.url).resolve("dejavu-fonts-ttf/package.json")),
  "ttf",
);
const FONT_FILES = ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"].map((name) => join(FONT_FOLDER, name));

/**
 * Draws an SVG as PNG.
 *
 * @param options.scale  pixels per CSS pixel; default 2
 * @returns the file's bytes; round(width x scale) pixels wide
 * @throws RangeError when the scale is not above 0 and at most 10
 */
export function renderPng(svg: string, options: { readonly scale?: number } = {}): Uint8Array {
  const { scale = 2 } = options;
  if (!(scale > 0 && scale <= 10))
    throw new RangeError(`renderPng: scale must be above 0 and at most 10, got ${scale}`);
  const resvg = new Resvg(svg, {
    fitTo: { mode: "zoom", value: scale },
    background: "#ffffff",
    font: {
      loadSystemFonts: false,
      fontFiles: FONT_FILES,
      defaultFontFamily: "DejaVu Sans",
      sansSerifFamily: "DejaVu Sans",
    },
  });
  return resvg.render().asPng();
}
