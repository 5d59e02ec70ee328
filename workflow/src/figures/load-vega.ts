/**
 * @module
 * Vega, loaded when the first figure is drawn: most processes draw none, and it takes tens of megabytes.
 */
import { createRequire } from "node:module";

let loaded: typeof import("vega") | undefined;

/** The package; an ES module that Node loads at once. */
export function loadVega(): typeof import("vega") {
  loaded ??= createRequire(import.meta.url)("vega") as typeof import("vega");
  return loaded;
}
