/**
 * @module
 * Runs a plan over any stretch of a recording: gain, band pass, common median, whitening, block by block in the cache.
 *
 * Every call filters `marginSamples` before the stretch, so that a recording cut anywhere gives the same samples (the tolerance and
 * the test: test/preprocessing/preprocessor.test.ts). What a newcomer would get wrong: a Preprocessor has one buffer, so its calls wait
 * for each other; use one in each worker thread, made from the same plan.
 */
import type { Int16Samples, Recording } from "../core/recording.ts";
import { makeTraces, type Traces } from "../core/traces.ts";
import { type KernelVariant, TraceKernels } from "../dsp/wasm/load.ts";
import { SparseProduct } from "../dsp/wasm/sparse-product.ts";
import { EphysError, RecordingError, ShapeError } from "../errors.ts";
import { int16SamplesOf } from "./int16-samples.ts";
import { checkPlan, type PreprocessingPlan } from "./preprocessing-plan.ts";

/** Samples of a block; a multiple of 32 for the whitening kernel. */
const BLOCK = 64;
const PITCH = BLOCK * 4;
/** Numbers in the buffer of one read: 6 MB stay in the last-level cache. */
const BUFFER_NUMBERS = 1_500_000;

/** Addresses in the kernels' memory. */
interface Places {
  readonly input: number;
  readonly gain: number;
  readonly offset: number;
  readonly sections: number;
  readonly state: number;
  readonly scratch: number;
  readonly block: number;
  readonly whitened: number;
  readonly turned: number;
  readonly median: number;
  readonly medianScratch: number;
  readonly whitening: SparseProduct;
  readonly groups: readonly { readonly offsets: number; readonly count: number }[];
}

export class Preprocessor {
  readonly plan: PreprocessingPlan;
  readonly #bufferRows: number;
  readonly #lanes: number;
  readonly #places: Places;
  readonly #stateNumbers: number;
  #kernels: TraceKernels | undefined;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(plan: PreprocessingPlan, kernels: TraceKernels) {
    const { channelCount } = plan;
    this.plan = plan;
    this.#kernels = kernels;
    this.#lanes = Math.ceil(channelCount / 16) * 16;
    this.#bufferRows = BLOCK * Math.max(4, Math.floor(BUFFER_NUMBERS / channelCount / BLOCK));
    this.#stateNumbers = (plan.sections.length / 6) * 3 * this.#lanes;
    this.#places = this.#lay(kernels);
  }

  /**
   * Makes a preprocessor; reading the compiled kernels once a thread, some milliseconds.
   *
   * @param variant  the build of the kernels; default the fastest that the engine runs
   * @throws ShapeError when the plan's arrays do not fit each other
   */
  static create(plan: PreprocessingPlan, variant?: KernelVariant): Preprocessor {
    checkPlan(plan);
    return new Preprocessor(plan, new TraceKernels(variant));
  }

  /**
   * Band-passes, references and whitens samples [start, end): the noise of every used channel is 1.
   *
   * @param out  Float32Array [(end - start) x channelCount] for the result; a new one when absent
   * @throws ShapeError when the recording's channels are not the plan's; RangeError as `recording.read`
   */
  whiten(recording: Recording, start: number, end: number, out?: Float32Array): Promise<Traces> {
    return this.#queue(() => this.#run(recording, start, end, true, out));
  }

  /** Band-passes and references samples [start, end), uV; not whitened. Otherwise as `whiten`. */
  filter(recording: Recording, start: number, end: number, out?: Float32Array): Promise<Traces> {
    return this.#queue(() => this.#run(recording, start, end, false, out));
  }

  /** Lets go of the memory; later calls throw. */
  dispose(): void {
    this.#kernels = undefined;
  }

  #queue(work: () => Promise<Traces>): Promise<Traces> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #run(
    recording: Recording,
    start: number,
    end: number,
    isWhitened: boolean,
    out?: Float32Array,
  ): Promise<Traces> {
    const { channelCount, marginSamples } = this.plan;
    if (recording.channelCount !== channelCount)
      throw new ShapeError(
        `The plan is for ${channelCount} channels, the recording has ${recording.channelCount}`,
      );
    if (
      !(
        Number.isInteger(start) &&
        Number.isInteger(end) &&
        0 <= start &&
        start <= end &&
        end <= recording.sampleCount
      )
    )
      throw new RangeError(
        `Samples [${start}, ${end}) are not within the recording's ${recording.sampleCount}`,
      );
    const traces = makeTraces(end - start, channelCount, out);
    if (start === end) return traces;
    const first = Math.max(0, start - marginSamples);
    const raw = int16SamplesOf(recording);
    const columnCount = raw?.columnCount ?? channelCount;
    const bytes = raw === undefined ? 4 : 2;
    // rows before the first sample are copies of it, so that the stretch itself begins with a block
    const padding = (BLOCK - ((start - first) % BLOCK)) % BLOCK;
    let position = first - padding;
    while (position < end) {
      const rows = Math.min(this.#bufferRows, end - position);
      const from = Math.max(position, first);
      const count = position + rows - from;
      const at = this.#places.input + (from - position) * columnCount * bytes;
      if (raw === undefined)
        await recording.read(from, position + rows, this.#alive().floats(at, count * columnCount));
      else await raw.read(from, position + rows, this.#alive().integers(at, count * columnCount));
      if (position === first - padding) this.#begin(padding, columnCount, raw, recording.gainUvPerBit);
      this.#blocks(rows, position - start, columnCount * bytes, raw !== undefined, isWhitened, traces);
      position += rows;
    }
    this.#refuseNotFinite(traces, recording, start);
    return traces;
  }

  /** Where one sample is not a number, the filter gives none from there on: the last row tells for all. */
  #refuseNotFinite({ data, channelCount }: Traces, recording: Recording, start: number): void {
    for (let i = data.length - channelCount; i < data.length; i++)
      if (!Number.isFinite(data[i]))
        throw new RecordingError(
          `'${recording.source.path}' holds samples that are no finite numbers (NaN or infinity), ` +
            `in the ${data.length / channelCount} samples from ${start} on or shortly before. ` +
            "Write the file again with finite samples, or as int16.",
          "not-finite",
          recording.source.path,
        );
  }

  /** Forgets what was filtered before; fills `padding` rows with the first sample, which is what the filter subtracts. */
  #begin(padding: number, columnCount: number, raw: Int16Samples | undefined, gain: Float64Array): void {
    const kernels = this.#alive();
    const { channelCount } = this.plan;
    const at = this.#places;
    const numbers = (padding + 1) * columnCount;
    const rows = raw === undefined ? kernels.floats(at.input, numbers) : kernels.integers(at.input, numbers);
    for (let t = 0; t < padding; t++) rows.copyWithin(t * columnCount, padding * columnCount);
    kernels.floats(at.state, this.#stateNumbers).fill(0);
    kernels.floats(at.gain, channelCount).set(gain);
    const offset = kernels.floats(at.offset, channelCount);
    for (let c = 0; c < channelCount; c++)
      offset[c] = raw === undefined ? rows[c] : Math.fround(rows[c] * Math.fround(gain[c]));
  }

  /** Runs the chain over the buffer's rows; `position` is where they begin in the traces, and rows before the traces are only filtered. */
  #blocks(
    rows: number,
    position: number,
    rowBytes: number,
    isInt16: boolean,
    isWhitened: boolean,
    traces: Traces,
  ): void {
    const { channelCount, sections, isUsed } = this.plan;
    const kernels = this.#alive();
    const run = kernels.functions;
    const at = this.#places;
    const result = kernels.floats(at.turned, BLOCK * channelCount);
    for (let t = 0; t < rows; t += BLOCK) {
      run.filterIntoBlock(
        at.input + t * rowBytes,
        rowBytes,
        Number(isInt16),
        BLOCK,
        this.#lanes,
        at.gain,
        at.offset,
        at.sections,
        sections.length / 6,
        at.state,
        at.scratch,
        at.block,
        PITCH,
      );
      if (position + t < 0) continue;
      for (const group of at.groups) {
        run.medianOfRows(at.block, group.offsets, group.count, BLOCK, at.median, at.medianScratch);
        run.subtractRow(at.block, group.offsets, group.count, at.median, BLOCK);
      }
      const samples = Math.min(BLOCK, rows - t);
      if (isWhitened) at.whitening.run(at.block, at.whitened, BLOCK);
      else
        for (let c = 0; c < channelCount; c++)
          if (isUsed[c] === 0) kernels.floats(at.block + c * PITCH, BLOCK).fill(0);
      run.turnFromBlock(
        isWhitened ? at.whitened : at.block,
        PITCH,
        samples,
        channelCount,
        at.turned,
        channelCount * 4,
      );
      const part = samples === BLOCK ? result : result.subarray(0, samples * channelCount);
      traces.data.set(part, (position + t) * channelCount);
    }
  }

  #lay(kernels: TraceKernels): Places {
    const { channelCount, sections, whitening, medianGroup, isUsed } = this.plan;
    const lanes = this.#lanes;
    const coefficients = kernelSections(sections);
    const groupNumbers = [...new Set(medianGroup)].filter((group) => group >= 0);
    const groups = groupNumbers.map((number) => {
      const members: number[] = [];
      for (let c = 0; c < channelCount; c++)
        if (medianGroup[c] === number && isUsed[c] !== 0) members.push(c * PITCH);
      return { offsets: kernels.place(Uint32Array.from(members)), count: members.length };
    });
    return {
      groups: groups.filter((group) => group.count > 0),
      sections: kernels.place(coefficients),
      whitening: new SparseProduct(kernels, whitening, PITCH),
      gain: kernels.reserve(lanes * 4),
      offset: kernels.reserve(lanes * 4),
      state: kernels.reserve(this.#stateNumbers * 4),
      scratch: kernels.reserve(BLOCK * 64),
      median: kernels.reserve(PITCH),
      medianScratch: kernels.reserve(channelCount * 4),
      block: kernels.reserve(lanes * PITCH),
      whitened: kernels.reserve(lanes * PITCH),
      turned: kernels.reserve(channelCount * PITCH),
      // also enough for int16 rows of up to twice the channels; a block is
      // read whole and a row up to its last lane, past the buffer's own end
      input: kernels.reserve(((this.#bufferRows + BLOCK) * channelCount + lanes) * 4),
    };
  }

  #alive(): TraceKernels {
    if (this.#kernels === undefined)
      throw new EphysError("This Preprocessor was disposed of; make another from its plan");
    return this.#kernels;
  }
}

/** Writes sections as `filterIntoBlock` takes them: one with a zero at 0 Hz loses it and is given differences instead. */
export function kernelSections(sections: Float64Array): Float32Array {
  const coefficients = new Float32Array(sections.length);
  for (let at = 0; at < sections.length; at += 6) {
    const [b0, b1, b2, , a1, a2] = sections.subarray(at, at + 6);
    const isDifference = Math.abs(b0 + b1 + b2) <= 1e-12 * (Math.abs(b0) + Math.abs(b1) + Math.abs(b2));
    const n1 = isDifference ? b1 + b0 : b1;
    const n2 = isDifference ? 0 : b2;
    coefficients.set([b0, n1 - a1 * b0, n2 - a2 * b0, a1, a2, Number(isDifference)], at);
  }
  return coefficients;
}
