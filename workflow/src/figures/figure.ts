/**
 * @module
 * What a figure is, and how a Vega specification becomes one: synchronously, without a browser, the same bytes every time.
 *
 * What a newcomer would get wrong: a figure's SVG names the DejaVu fonts but does not carry them; `render-png.ts` brings them for PNG,
 * and a browser without them takes the next sans-serif, which is narrower. Figures use no ids, so that many fit in one HTML page.
 */
import * as vega from "vega";
import { FONT_FAMILY, fitText, INK } from "./theme.ts";

export interface Figure {
  /** One complete `<svg>` element with its own width and height in CSS pixels. */
  readonly svg: string;
}

export interface FigureLayout {
  /** What the figure shows, for people who cannot see it: becomes the SVG's label. */
  readonly description: string;
  /** CSS pixels. */
  readonly width: number;
  readonly height: number;
  /** Printed on top, left; a second, smaller line below it. */
  readonly title: string;
  readonly subtitle?: string;
  /** Groups in absolute positions of the figure (see panel.ts). */
  readonly marks: readonly vega.Mark[];
}

/** Height of the strip that `title` and `subtitle` take, CSS pixels; panels begin below it. */
export const TITLE_HEIGHT = 46;
const MARGIN = 12;

/** vega exports its SVG writer, its types do not list it; this is the part used here. */
interface SvgWriter {
  initialize(
    element: null,
    width: number,
    height: number,
    origin: [number, number],
    scale: number,
  ): SvgWriter;
  render(scene: unknown): SvgWriter;
  svg(): string;
}
const { SVGStringRenderer } = vega as unknown as { readonly SVGStringRenderer: new () => SvgWriter };

/** The fields of Vega's scene graph that matter here. */
interface SceneNode {
  readonly marktype?: string;
  readonly items?: readonly SceneNode[];
  readonly url?: string;
  readonly width?: number;
  readonly height?: number;
  image?: unknown;
}

/** Draws a figure. */
export function drawFigure(layout: FigureLayout): Figure {
  const { width, height, title, subtitle = "", description } = layout;
  const line = (text: string, y: number, fontSize: number, fill: string): vega.Mark => ({
    type: "text",
    encode: {
      enter: {
        x: { value: MARGIN },
        y: { value: y },
        text: { value: fitText(text, width - 2 * MARGIN, fontSize) },
        fontSize: { value: fontSize },
        fill: { value: fill },
      },
    },
  });
  const spec: vega.Spec = {
    width,
    height,
    padding: 0,
    autosize: "none",
    background: "#ffffff",
    description,
    config: { text: { font: FONT_FAMILY }, axis: { labelFont: FONT_FAMILY, titleFont: FONT_FAMILY } },
    marks: [line(title, 20, 15, INK), line(subtitle, 38, 12, "#555555"), ...layout.marks],
  };
  const view = new vega.View(vega.parse(spec), { renderer: "none", logLevel: vega.Error });
  try {
    view.run();
    // typed in vega as an opaque Scenegraph
    const root = (view.scenegraph() as unknown as { readonly root: SceneNode }).root;
    attachImages(root);
    const svg = new SVGStringRenderer().initialize(null, width, height, [0, 0], 1).render(root).svg();
    return { svg: labelled(svg, description) };
  } finally {
    view.finalize();
  }
}

/** Vega fetches images through a canvas, which is absent here; ours are data URLs and need no fetching. */
function attachImages(node: SceneNode): void {
  for (const item of node.items ?? []) {
    if (node.marktype === "image" && item.url !== undefined)
      item.image = { url: item.url, src: item.url, complete: true, width: item.width, height: item.height };
    attachImages(item);
  }
}

function labelled(svg: string, description: string): string {
  const label = description.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
  return svg.replace("<svg ", `<svg role="img" aria-label="${label}" `);
}
