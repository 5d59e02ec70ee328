/**
 * @module
 * Loads the WebAssembly kernels of this folder: one instance and one memory for each user, so that every worker thread has its own.
 *
 * What a newcomer would get wrong: a view of the memory is empty after `TraceKernels.reserve` made the memory larger; take views anew
 * with `floats` after reserving.
 */
import { readFileSync } from "node:fs";
import { EphysError } from "../../errors.ts";
import type {} from "./webassembly.d.ts";

/** The functions of filter-block.as.ts, block-rows.as.ts, traces.as.ts and median.as.ts; every number is a byte address, a count of bytes or a count (see there). */
export interface TraceFunctions {
  filterIntoBlock(
    input: number,
    rowBytes: number,
    isInt16: number,
    samples: number,
    lanes: number,
    gain: number,
    offset: number,
    sections: number,
    sectionCount: number,
    state: number,
    scratch: number,
    block: number,
    pitch: number,
  ): void;
  turnIntoBlock(
    input: number,
    rowBytes: number,
    samples: number,
    lanes: number,
    block: number,
    pitch: number,
  ): void;
  turnFromBlock(
    block: number,
    pitch: number,
    samples: number,
    channels: number,
    output: number,
    rowBytes: number,
  ): void;
  combineRows(
    block: number,
    rows: number,
    rowStart: number,
    offsets: number,
    weights: number,
    out: number,
    pitch: number,
    samples: number,
    isMaximum: number,
  ): void;
  combinePairs(
    block: number,
    pairs: number,
    rowStart: number,
    offsets: number,
    weights: number,
    out: number,
    pitch: number,
    samples: number,
    isMaximum: number,
  ): void;
  correlateRows(
    block: number,
    rows: number,
    pitch: number,
    offsets: number,
    weights: number,
    taps: number,
    out: number,
    outPitch: number,
    samples: number,
  ): void;
  subtractRow(block: number, offsets: number, count: number, row: number, samples: number): void;
  peaksAbove(
    block: number,
    rows: number,
    pitch: number,
    last: number,
    threshold: number,
    out: number,
  ): number;
  gatherRows(
    from: number,
    rowBytes: number,
    rows: number,
    channels: number,
    width: number,
    out: number,
  ): void;
  sumRows(from: number, rowBytes: number, rows: number, channels: number, width: number, sums: number): void;
  addRows(
    to: number,
    rowBytes: number,
    rows: number,
    channels: number,
    width: number,
    waveform: number,
    scale: number,
  ): void;
  toSteps(input: number, count: number, stepsPerUnit: number, out: number): void;
  fromSteps(input: number, count: number, unitsPerStep: number, out: number): void;
  dotRows(row: number, block: number, offsets: number, count: number, samples: number, out: number): void;
  scoreAround(
    traces: number,
    rowBytes: number,
    places: number,
    count: number,
    radius: number,
    weights: number,
    taps: number,
    before: number,
    pools: number,
    poolCount: number,
    scratch: number,
    out: number,
  ): void;
  medianOfRows(
    block: number,
    offsets: number,
    count: number,
    samples: number,
    out: number,
    scratch: number,
  ): void;
}

/** Which build of the kernels: with or without fused multiply-add. */
export type KernelVariant = "relaxed" | "plain";

const PAGE_BYTES = 65536;
/** The compiler keeps its few constants below this. */
const FIRST_FREE_BYTE = 1024;
const compiled = new Map<KernelVariant, WebAssembly.Module>();

/** Kernels with a memory that is handed out front to back and never given back. */
export class TraceKernels {
  readonly functions: TraceFunctions;
  readonly variant: KernelVariant;
  readonly #memory: WebAssembly.Memory;
  #used = FIRST_FREE_BYTE;

  /** @param variant  default: relaxed SIMD when the engine has it
   * @throws EphysError when the engine has no WebAssembly SIMD */
  constructor(variant: KernelVariant = supportsRelaxed() ? "relaxed" : "plain") {
    this.variant = variant;
    this.#memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
    const instance = new WebAssembly.Instance(moduleOf(variant), { env: { memory: this.#memory } });
    this.functions = instance.exports as unknown as TraceFunctions;
  }

  /** Takes `bytes` of memory, zeroed, at an address that is a multiple of 64. Views taken before may be empty after this. */
  reserve(bytes: number): number {
    const address = Math.ceil(this.#used / 64) * 64;
    this.#used = address + bytes;
    const missing = this.#used - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / PAGE_BYTES));
    return address;
  }

  /** Takes memory for `values` and copies them there. */
  place(values: Float32Array | Int32Array | Uint32Array): number {
    const address = this.reserve(values.byteLength);
    new Uint8Array(this.#memory.buffer, address, values.byteLength).set(
      new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
    );
    return address;
  }

  /** A view of `count` whole numbers at `address`. */
  words(address: number, count: number): Uint32Array {
    return new Uint32Array(this.#memory.buffer, address, count);
  }

  /** A view of `count` numbers at `address`. */
  floats(address: number, count: number): Float32Array {
    return new Float32Array(this.#memory.buffer, address, count);
  }

  /** A view of `count` doubles at `address`. */
  doubles(address: number, count: number): Float64Array {
    return new Float64Array(this.#memory.buffer, address, count);
  }

  /** A view of `count` int16 at `address`. */
  integers(address: number, count: number): Int16Array {
    return new Int16Array(this.#memory.buffer, address, count);
  }
}

/** Whether this engine runs relaxed SIMD. */
export function supportsRelaxed(): boolean {
  return WebAssembly.validate(wasmBytes("relaxed"));
}

function moduleOf(variant: KernelVariant): WebAssembly.Module {
  let module = compiled.get(variant);
  if (module === undefined) {
    const bytes = wasmBytes(variant);
    if (!WebAssembly.validate(bytes))
      throw new EphysError(
        `The kernels (${variant}) need WebAssembly SIMD, which this engine does not have; use Node 20 or later`,
      );
    module = new WebAssembly.Module(bytes);
    compiled.set(variant, module);
  }
  return module;
}

function wasmBytes(variant: KernelVariant): Uint8Array<ArrayBuffer> {
  const name = variant === "relaxed" ? "./traces.relaxed.wasm" : "./traces.wasm";
  return new Uint8Array(readFileSync(new URL(name, import.meta.url)));
}
