/**
 * @module
 * Traces in WebAssembly memory, so that what is done thousands of times a second to a few channels of a few rows is done by kernels:
 * copying them out, adding a waveform to them, adding them up. All of it works on any other traces too, several times slower.
 *
 * What a newcomer would get wrong: a `TraceMemory` has one stretch of memory; the traces that it gives share it.
 */
import type { Traces } from "../core/traces.ts";
import { TraceKernels } from "./wasm/load.ts";

/** Rows that are copied or added at once, at most. */
const MOST_ROWS = 512;

/** Traces of a `TraceMemory`. */
export class MemoryTraces implements Traces {
  readonly data: Float32Array;
  readonly sampleCount: number;
  readonly channelCount: number;
  readonly memory: TraceMemory;

  constructor(memory: TraceMemory, data: Float32Array, channelCount: number) {
    this.memory = memory;
    this.data = data;
    this.sampleCount = data.length / channelCount;
    this.channelCount = channelCount;
  }
}

export interface TraceMemoryOptions {
  /** Kernels whose memory is used, for others that work in the same memory; nothing may be reserved of it later. */
  readonly kernels?: TraceKernels | undefined;
  /** Rows of zeros before and behind the traces; default 0. */
  readonly paddingRows?: number | undefined;
}

/** Room for traces of up to some length, one at a time. */
export class TraceMemory {
  readonly channelCount: number;
  readonly kernels: TraceKernels;
  /** Rows of zeros before and behind the traces. */
  readonly paddingRows: number;
  /** Address of the first sample. */
  readonly address: number;
  readonly #channels: number;
  readonly #rows: number;
  readonly #all: Float32Array;
  readonly #channelView: Uint32Array;
  readonly #rowView: Float32Array;

  /** @param sampleCount  of the longest traces */
  constructor(sampleCount: number, channelCount: number, options: TraceMemoryOptions = {}) {
    const { kernels = new TraceKernels(), paddingRows = 0 } = options;
    this.channelCount = channelCount;
    this.kernels = kernels;
    this.paddingRows = paddingRows;
    const rowBytes = channelCount * 4;
    this.address = kernels.reserve((sampleCount + 2 * paddingRows) * rowBytes + 64) + paddingRows * rowBytes;
    this.#channels = kernels.reserve(channelCount * 4 + 16);
    this.#rows = kernels.reserve(MOST_ROWS * (channelCount + 4) * 4);
    // nothing is reserved after this, so the views stay
    this.#all = kernels.floats(this.address, (sampleCount + paddingRows) * channelCount);
    this.#channelView = kernels.words(this.#channels, channelCount + 4);
    this.#rowView = kernels.floats(this.#rows, MOST_ROWS * (channelCount + 4));
  }

  /** The first `sampleCount` samples of the memory; they share it with all traces given before. */
  traces(sampleCount: number): MemoryTraces {
    const values = sampleCount * this.channelCount;
    this.#all.fill(0, values, values + this.paddingRows * this.channelCount);
    return new MemoryTraces(this, this.#all.subarray(0, values), this.channelCount);
  }

  /** See `gatherRows`. */
  gather(first: number, rows: number, channels: Int32Array, out: Float32Array): void {
    this.#channelView.set(channels);
    const rowBytes = this.channelCount * 4;
    const from = this.address + first * rowBytes;
    this.kernels.functions.gatherRows(from, rowBytes, rows, this.#channels, channels.length, this.#rows);
    out.set(this.#rowView.subarray(0, rows * channels.length));
  }

  /** See `addRows`. */
  add(first: number, rows: number, channels: Int32Array, waveform: Float32Array, scale: number): void {
    this.#channelView.set(channels);
    this.#rowView.set(waveform);
    const rowBytes = this.channelCount * 4;
    const to = this.address + first * rowBytes;
    this.kernels.functions.addRows(to, rowBytes, rows, this.#channels, channels.length, this.#rows, scale);
  }
}

/**
 * Copies `rows` rows from `first` on of some channels.
 *
 * @param channels  at most 4 more than the traces have; @param out  gets [rows x channels] from its beginning
 */
export function gatherRows(
  y: Traces,
  first: number,
  rows: number,
  channels: Int32Array,
  out: Float32Array,
): void {
  if (y instanceof MemoryTraces && rows <= MOST_ROWS) {
    y.memory.gather(first, rows, channels, out);
    return;
  }
  const { data, channelCount } = y;
  const width = channels.length;
  for (let t = 0, to = 0; t < rows; t++) {
    const row = (first + t) * channelCount;
    for (let c = 0; c < width; c++) out[to++] = data[row + channels[c]];
  }
}

/** Adds `scale` times a waveform, Float32Array [rows x channels], to rows from `first` on of some ascending channels, in place. */
export function addRows(
  y: Traces,
  first: number,
  rows: number,
  channels: Int32Array,
  waveform: Float32Array,
  scale: number,
): void {
  const width = channels.length;
  if (width === 0) return;
  if (y instanceof MemoryTraces && rows <= MOST_ROWS) {
    y.memory.add(first, rows, channels, waveform, scale);
    return;
  }
  const { data, channelCount } = y;
  for (let t = 0, at = 0; t < rows; t++) {
    const row = (first + t) * channelCount;
    for (let c = 0; c < width; c++) data[row + channels[c]] += scale * waveform[at++];
  }
}
