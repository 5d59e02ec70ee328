/**
 * @module
 * Loads the scoring kernel of this folder, with a memory of its own: one for each matcher, so that worker threads share nothing.
 *
 * The build with fused multiply-add (relaxed SIMD) is taken where the engine has it; the two differ in the last bits of the sums.
 */
import { EphysError } from "../../errors.ts";
import { plainKernel, relaxedKernel } from "./score-kernel-module.ts";

/** The part of the platform's WebAssembly that is used here (its types come with the DOM's, which are not loaded). */
declare const WebAssembly: {
  readonly Memory: new (shape: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
  validate(bytes: Uint8Array): boolean;
};

/** Products of a snippet with templates at every lag; the first five arguments are byte addresses (see score-kernel.as.ts). */
export type ScoreFunction = (
  snippet: number,
  basis: number,
  projected: number,
  products: number,
  table: number,
  samples: number,
  lags: number,
  width: number,
  candidates: number,
) => void;

const PAGE_BYTES = 65536;
let compiled: object | undefined;

/** Loads the kernel with at least `bytes` of memory; the first 1024 are the compiler's.
 * @throws EphysError when the engine has no WebAssembly SIMD */
export function loadScoreKernel(bytes: number): {
  readonly run: ScoreFunction;
  readonly buffer: ArrayBuffer;
} {
  compiled ??= compileKernel();
  const pages = Math.max(1, Math.ceil(bytes / PAGE_BYTES));
  const memory = new WebAssembly.Memory({ initial: pages, maximum: 65536 });
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
  return { run: (exports as { run: ScoreFunction }).run, buffer: memory.buffer };
}

function compileKernel(): object {
  for (const text of [relaxedKernel, plainKernel]) {
    const bytes = Buffer.from(text, "base64");
    if (WebAssembly.validate(bytes)) return new WebAssembly.Module(bytes);
  }
  throw new EphysError(
    "Matching needs WebAssembly SIMD, which this engine does not have; use Node 20 or later",
  );
}
