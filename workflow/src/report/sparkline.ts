/**
 * @module
 * Word-sized pictures for the rows of a table: a waveform, a correlogram. Plain SVG paths, no axes; the title says the scale.
 */
import { type Html, html, raw } from "./html.ts";

const width = 72;
const height = 26;

/** A line through `values`, scaled to its own extremes. */
export function sparkline(values: ArrayLike<number>, title: string): Html {
  if (values.length === 0) return html``;
  const { least, most } = extremes(values);
  const scale = most > least ? (height - 4) / (most - least) : 0;
  let path = "";
  for (let i = 0; i < values.length; i++) {
    const x = (i / Math.max(1, values.length - 1)) * width;
    const y = height - 2 - (values[i]! - least) * scale;
    path += `${i === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`;
  }
  return picture(`<path d="${path}" fill="none" stroke="currentColor" stroke-width="1.3"/>`, title);
}

/** Bars from zero up, the middle one marked by its place alone. */
export function sparkbars(values: ArrayLike<number>, title: string): Html {
  if (values.length === 0) return html``;
  const most = Math.max(1e-12, extremes(values).most);
  const step = width / values.length;
  let path = "";
  for (let i = 0; i < values.length; i++) {
    const bar = (values[i]! / most) * (height - 2);
    if (bar > 0.05)
      path += `M${(i * step).toFixed(2)} ${height}h${step.toFixed(2)}v${(-bar).toFixed(1)}h${(-step).toFixed(2)}z`;
  }
  return picture(`<path d="${path}" fill="currentColor"/>`, title);
}

function picture(inside: string, title: string): Html {
  return html`<svg class="spark" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img"><title>${title}</title>${raw(inside)}</svg>`;
}

function extremes(values: ArrayLike<number>): { least: number; most: number } {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    least = Math.min(least, values[i]!);
    most = Math.max(most, values[i]!);
  }
  return { least, most };
}
