/**
 * @module
 * Fonts, sizes and colours that all figures share. Sizes are CSS pixels at 100 %.
 *
 * Colours that stand beside each other are from Okabe and Ito 2008, "Color Universal Design", distinct for all common colour vision.
 */

/** DejaVu Sans comes with the package dejavu-fonts-ttf; Verdana has nearly its widths. */
export const FONT_FAMILY = "DejaVu Sans, Verdana, Arial, sans-serif";
export const LABEL_SIZE = 11;
export const TITLE_SIZE = 12;

export const INK = "#222222";
export const AXIS = "#666666";
export const GRID = "#e6e6e6";
export const FAINT = "#9a9a9a";

/** Okabe and Ito's blue, vermillion and orange. */
export const BLUE = "#0072b2";
export const VERMILLION = "#d55e00";
export const ORANGE = "#e69f00";

/** Width of DejaVu Sans per font size, averaged over ordinary English text and digits, on the wide side (measured: 0.55 to 0.61). */
const MEAN_ADVANCE = 0.62;

/** Cuts a text that would be wider than `width` CSS pixels, with an ellipsis. Vega's own limit guesses 0.8 and cuts what would fit. */
export function fitText(text: string, width: number, fontSize: number): string {
  const fitting = Math.max(1, Math.floor(width / (MEAN_ADVANCE * fontSize)));
  const characters = Array.from(text);
  return characters.length <= fitting ? text : `${characters.slice(0, fitting - 1).join("")}…`;
}
