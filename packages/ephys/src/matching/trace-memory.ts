/**
 * @module
 * Traces in WebAssembly memory, so that what matching does thousands of times a second to a few channels of a few rows is done by kernels:
 * copying them out, and adding a waveform to them. Both work on any other traces too, some four times slower.
 */
import type { Traces } from "../core/traces.ts";
import { TraceKernels } from "../dsp/wasm/load.ts";

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

/** Room for traces of up to some length, one at a time. */
export class TraceMemory {
  readonly channelCount: number;
  readonly #kernels = new TraceKernels();
  readonly #traces: number;
  readonly #channels: number;
  readonly #rows: number;
  readonly #all: Float32Array;
  readonly #channelView: Uint32Array;
  readonly #rowView: Float32Array;

  /** @param sampleCount  of the longest traces */
  constructor(sampleCount: number, channelCount: number) {
    const kernels = this.#kernels;
    this.channelCount = channelCount;
    this.#traces = kernels.reserve(sampleCount * channelCount * 4);
    this.#channels = kernels.reserve(channelCount * 4 + 16);
    this.#rows = kernels.reserve(MOST_ROWS * (channelCount + 4) * 4);
    // nothing is reserved after this, so the views stay
    this.#all = kernels.floats(this.#traces, sampleCount * channelCount);
    this.#channelView = kernels.words(this.#channels, channelCount + 4);
    this.#rowView = kernels.floats(this.#rows, MOST_ROWS * (channelCount + 4));
  }

  /** The first `sampleCount` samples of the memory; they share it with all traces given before. */
  traces(sampleCount: number): MemoryTraces {
    return new MemoryTraces(this, this.#all.subarray(0, sampleCount * this.channelCount), this.channelCount);
  }

  /** See `gatherRows`. */
  gather(first: number, rows: number, channels: Int32Array, out: Float32Array): void {
    this.#channelView.set(channels);
    const rowBytes = this.channelCount * 4;
    const from = this.#traces + first * rowBytes;
    this.#kernels.functions.gatherRows(from, rowBytes, rows, this.#channels, channels.length, this.#rows);
    out.set(this.#rowView.subarray(0, rows * channels.length));
  }

  /** See `addRows`. */
  add(first: number, rows: number, channels: Int32Array, waveform: Float32Array, scale: number): void {
    this.#channelView.set(channels);
    this.#rowView.set(waveform);
    const rowBytes = this.channelCount * 4;
    const to = this.#traces + first * rowBytes;
    this.#kernels.functions.addRows(to, rowBytes, rows, this.#channels, channels.length, this.#rows, scale);
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
