/**
 * @module
 * Down-sampling with a zero-phase low pass, chunk by chunk: feed traces of any length, get every `factor`-th sample of the filtered signal.
 *
 * Only the kept samples are computed (WebAssembly, float32 sums). Each is one sum in one order over the same inputs, so the numbers do
 * not depend on where the chunks are cut. Before the first and after the last sample the signal counts as 0, as in
 * `scipy.signal.decimate` (ftype "fir", zero_phase); what a newcomer would get wrong: the first and last 10 samples therefore lean to 0.
 */
import { makeTraces, type Traces } from "../core/traces.ts";
import { ShapeError } from "../errors.ts";
import { filterZeroPhase } from "./biquad.ts";
import { chebyshev1 } from "./filter-design.ts";
import { decimationTaps } from "./fir-design.ts";
import { TraceKernels } from "./wasm/load.ts";

/** Channels that the kernel sums at once. */
const TILE = 32;
/** A line more than a row needs: rows then fall on different places of the cache. */
const ROW_PADDING_BYTES = 64;
/** Output samples of one pass: with their inputs they fit the second cache. */
const PASS_OUTPUTS = 32;

export class Decimator {
  readonly factor: number;
  readonly channelCount: number;
  /** Samples before and after an output sample that it depends on. */
  readonly margin: number;
  readonly #kernels = new TraceKernels();
  readonly #tiles: number;
  readonly #rowBytes: number;
  /** Rows that the window of the next output begins with; the first `#heldRows` of `#capacity` are filled. */
  readonly #rows: number;
  readonly #capacity: number;
  readonly #rowStart: number;
  readonly #offsets: number;
  readonly #weights: number;
  readonly #out: number;
  #heldRows: number;
  #fed = 0;
  #given = 0;
  #isFinished = false;

  /** @throws ParameterError when the factor is not a whole number of at least 2 */
  constructor(factor: number, channelCount: number) {
    const taps = decimationTaps(factor);
    this.factor = factor;
    this.channelCount = channelCount;
    this.margin = (taps.length - 1) / 2;
    this.#tiles = Math.ceil(channelCount / TILE);
    this.#rowBytes = this.#tiles * TILE * 4 + ROW_PADDING_BYTES;
    this.#capacity = (PASS_OUTPUTS - 1) * factor + taps.length;
    this.#rows = this.#kernels.reserve(this.#capacity * this.#rowBytes);
    this.#rowStart = this.#kernels.place(Int32Array.of(0, taps.length));
    this.#offsets = this.#kernels.place(Uint32Array.from(taps, (_, i) => i * this.#rowBytes));
    this.#weights = this.#kernels.place(Float32Array.from(taps));
    this.#out = this.#kernels.reserve(PASS_OUTPUTS * this.#rowBytes);
    // what comes before the signal: zeros
    this.#heldRows = this.margin;
  }

  /** Takes the next samples and gives the output samples that are now complete (possibly none).
   * @throws ShapeError when the channel count differs, or after `finish` */
  push(traces: Traces): Traces {
    if (traces.channelCount !== this.channelCount)
      throw new ShapeError(`Decimator of ${this.channelCount} channels got traces of ${traces.channelCount}`);
    if (this.#isFinished) throw new ShapeError("Decimator is finished: make a new one for another signal");
    this.#fed += traces.sampleCount;
    return this.#advance(traces.data, traces.sampleCount);
  }

  /** Gives the output samples that the end of the signal was waited for. Over all calls there are ceil(samples / factor). */
  finish(): Traces {
    this.#isFinished = true;
    const missing = Math.ceil(this.#fed / this.factor) - this.#given;
    const zeroRows = Math.max(0, (missing - 1) * this.factor + 2 * this.margin + 1 - this.#heldRows);
    return this.#advance(new Float32Array(zeroRows * this.channelCount), missing > 0 ? zeroRows : 0);
  }

  #advance(data: Float32Array, sampleCount: number): Traces {
    const { channelCount, factor } = this;
    const width = 2 * this.margin + 1;
    const outCount = Math.max(0, Math.floor((this.#heldRows + sampleCount - width) / factor) + 1);
    const out = makeTraces(outCount, channelCount);
    let taken = 0;
    for (let done = 0; ; ) {
      const count = Math.min(sampleCount - taken, this.#capacity - this.#heldRows);
      this.#takeRows(data, taken, count);
      taken += count;
      const ready = Math.min(PASS_OUTPUTS, outCount - done);
      if (ready > 0) this.#compute(ready, out.data, done);
      done += ready;
      if (taken === sampleCount && done === outCount) break;
    }
    this.#given += outCount;
    return out;
  }

  #takeRows(data: Float32Array, first: number, count: number): void {
    const { channelCount } = this;
    const pitch = this.#rowBytes / 4;
    const rows = this.#kernels.floats(this.#rows, this.#capacity * pitch);
    for (let i = 0; i < count; i++) {
      const from = (first + i) * channelCount;
      rows.set(data.subarray(from, from + channelCount), (this.#heldRows + i) * pitch);
    }
    this.#heldRows += count;
  }

  /** Computes `count` outputs from the held rows, and drops the rows that no later output needs. */
  #compute(count: number, out: Float32Array, first: number): void {
    const { channelCount, factor } = this;
    const rowBytes = this.#rowBytes;
    const combine = this.#kernels.functions.combineRows;
    for (let tile = 0; tile < this.#tiles; tile++)
      for (let k = 0; k < count; k++) {
        const column = tile * TILE * 4;
        const from = this.#rows + k * factor * rowBytes + column;
        const to = this.#out + k * rowBytes + column;
        combine(from, 1, this.#rowStart, this.#offsets, this.#weights, to, rowBytes, TILE, 0);
      }
    const pitch = rowBytes / 4;
    const sums = this.#kernels.floats(this.#out, count * pitch);
    for (let k = 0; k < count; k++)
      out.set(sums.subarray(k * pitch, k * pitch + channelCount), (first + k) * channelCount);
    const rows = this.#kernels.floats(this.#rows, this.#capacity * pitch);
    rows.copyWithin(0, count * factor * pitch, this.#heldRows * pitch);
    this.#heldRows -= count * factor;
  }
}

/** Low-passes and keeps every `factor`-th sample, from sample 0 on. @returns ceil(samples / factor) samples */
export function decimate(traces: Traces, factor: number): Traces {
  const decimator = new Decimator(factor, traces.channelCount);
  const head = decimator.push(traces);
  const tail = decimator.finish();
  const out = makeTraces(head.sampleCount + tail.sampleCount, traces.channelCount);
  out.data.set(head.data);
  out.data.set(tail.data, head.data.length);
  return out;
}

/** Does what `decimate` does, with float64 sums in plain TypeScript: the reference. */
export function decimateReference(traces: Traces, factor: number): Traces {
  const { data, sampleCount, channelCount } = traces;
  const taps = decimationTaps(factor);
  const half = (taps.length - 1) / 2;
  const out = makeTraces(Math.ceil(sampleCount / factor), channelCount);
  const sums = new Float64Array(channelCount);
  for (let k = 0; k < out.sampleCount; k++) {
    sums.fill(0);
    const centre = k * factor;
    const last = Math.min(sampleCount - 1, centre + half);
    for (let t = Math.max(0, centre - half); t <= last; t++) {
      const tap = taps[t - centre + half];
      const row = t * channelCount;
      for (let c = 0; c < channelCount; c++) sums[c] += tap * data[row + c];
    }
    out.data.set(sums, k * channelCount);
  }
  return out;
}

/**
 * Low-passes with Chebyshev-I of order 8 forwards and backwards and keeps every `factor`-th sample: `scipy.signal.decimate`'s default
 * (ftype "iir"). Needs the whole signal in memory, many times slower than `decimate`: for comparison with old results.
 */
export function decimateRecursive(traces: Traces, factor: number): Traces {
  const edgeHz = 0.8 / factor;
  const sections = chebyshev1(8, 0.05, { type: "lowpass", edgeHz, samplingRateHz: 2 });
  const filtered = filterZeroPhase(sections, traces);
  const { channelCount } = traces;
  const out = makeTraces(Math.ceil(traces.sampleCount / factor), channelCount);
  for (let k = 0; k < out.sampleCount; k++) {
    const row = k * factor * channelCount;
    out.data.set(filtered.data.subarray(row, row + channelCount), k * channelCount);
  }
  return out;
}
