import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FIGURES, type FigureName } from "../../src/figures/registry.ts";
import { renderPng } from "../../src/figures/render-png.ts";
import { readPng } from "./support/read-png.ts";
import { samples } from "./support/samples.ts";

/** Texts of an SVG's text elements. */
function textsOf(svg: string): string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map((match) => match[1]!);
}

/** Share of pixels that are not white. */
function inkOf(png: Uint8Array): number {
  const { rgb, width, height } = readPng(png);
  let inked = 0;
  for (let at = 0; at < rgb.length; at += 3) if (rgb[at]! + rgb[at + 1]! + rgb[at + 2]! < 750) inked++;
  return inked / (width * height);
}

describe("every figure of the registry", () => {
  for (const name of Object.keys(FIGURES) as FigureName[]) {
    const sample = samples[name];
    describe(name, () => {
      const { svg } = sample.draw();

      it("is one svg element with a size and a label", () => {
        assert.match(svg, /^<svg [^>]*role="img" aria-label="[^"]+"/);
        assert.match(svg, /<svg [^>]*width="\d+"[^>]*height="\d+"/);
        assert.ok(svg.endsWith("</svg>"));
        assert.ok(!/NaN|undefined|Infinity/.test(svg.replace(/data:image[^"]*/g, "")), "no broken numbers");
      });

      it("names its axes with their units", () => {
        const texts = textsOf(svg);
        for (const axis of sample.axes)
          assert.ok(texts.includes(axis), `'${axis}' is not among ${texts.join("; ")}`);
      });

      it("has something on it as PNG, more than when it is empty", () => {
        const full = inkOf(renderPng(svg, { scale: 1 }));
        const empty = inkOf(renderPng(sample.drawEmpty().svg, { scale: 1 }));
        assert.ok(empty > 0.002, `empty figure: ${empty}`);
        assert.ok(full > empty * 1.1, `full ${full}, empty ${empty}`);
      });

      it("says so when there is nothing to show", () => {
        assert.ok(textsOf(sample.drawEmpty().svg).some((text) => /^no /.test(text)));
      });

      it("is the same every time", () => assert.equal(sample.draw().svg, svg));
    });
  }
});
