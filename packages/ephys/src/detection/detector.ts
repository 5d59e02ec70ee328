/**
 * @module
 * Finds spikes in whitened traces: correlation with the prototype, pooling over near channels, and the largest score of its surroundings.
 *
 * What a newcomer would get wrong: traces are taken as zero beyond their ends, so scores within a prototype's length of an end are too
 * small, and an event near an end may be outdone by one that is not seen. Give a margin, and drop events in it.
 */
import type { Traces } from "../core/traces.ts";
import { makeTraces } from "../core/traces.ts";
import { type KernelVariant, TraceKernels } from "../dsp/wasm/load.ts";
import { SparseProduct } from "../dsp/wasm/sparse-product.ts";
import { EphysError, ShapeError } from "../errors.ts";
import type { DetectorModel, Events } from "./detector-model.ts";

/** Samples scored at once; a multiple of 32. The first and the last are only neighbours when events are looked for. */
const BLOCK = 128;
const PITCH = BLOCK * 4;
const BUFFER_NUMBERS = 1_500_000;
const BYTES_OF_PEAK = 12;

export class Detector {
  readonly model: DetectorModel;
  readonly #bufferRows: number;
  readonly #lanes: number;
  /** Samples of a block with the prototype's reach, a multiple of 4. */
  readonly #reach: number;
  readonly #pools: readonly SparseProduct[];
  readonly #taps: { readonly offsets: number; readonly weights: number };
  readonly #input: number;
  readonly #turned: number;
  readonly #scores: number;
  readonly #pooled: number;
  readonly #peaks: number;
  readonly #isNear: Uint8Array;
  #kernels: TraceKernels | undefined;

  /** @param variant  the build of the kernels; default the fastest that the engine runs */
  constructor(model: DetectorModel, variant?: KernelVariant) {
    const { channelCount, prototype, pools, near } = model;
    const kernels = new TraceKernels(variant);
    this.model = model;
    this.#kernels = kernels;
    this.#lanes = Math.ceil(channelCount / 4) * 4;
    this.#reach = Math.ceil((BLOCK + prototype.length - 1) / 4) * 4;
    this.#bufferRows = (BLOCK - 2) * Math.max(2, Math.floor(BUFFER_NUMBERS / channelCount / BLOCK));
    this.#taps = {
      offsets: kernels.place(Uint32Array.from(prototype, (_, k) => 4 * k)),
      weights: kernels.place(prototype),
    };
    this.#pools = pools.map((pool) => new SparseProduct(kernels, pool, PITCH));
    this.#turned = kernels.reserve(this.#lanes * this.#reach * 4);
    this.#scores = kernels.reserve(this.#lanes * PITCH);
    this.#pooled = kernels.reserve(this.#lanes * PITCH);
    this.#peaks = kernels.reserve((channelCount * BLOCK * BYTES_OF_PEAK) / 2);
    this.#input = kernels.reserve(((this.#bufferRows + this.#reach) * channelCount + this.#lanes) * 4);
    this.#isNear = new Uint8Array(channelCount * channelCount);
    for (let c = 0; c < channelCount; c++)
      for (let k = near.rowStart[c]; k < near.rowStart[c + 1]; k++)
        this.#isNear[c * channelCount + near.channels[k]] = 1;
  }

  /**
   * Computes the pooled score, in sigma, of every sample and channel: the largest over the pools.
   *
   * @param y  whitened traces
   * @param out  Float32Array [samples x channels]; a new one when absent
   * @throws ShapeError when the channels are not the model's
   */
  map(y: Traces, out?: Float32Array): Traces {
    const { channelCount } = this.model;
    const result = makeTraces(y.sampleCount, channelCount, out);
    this.#scan(y, BLOCK, (kernels, start) => {
      const samples = Math.min(BLOCK, y.sampleCount - start);
      // the block of turned traces is not needed any more and is larger than the result
      const rows = this.#turned;
      kernels.functions.turnFromBlock(this.#pooled, PITCH, samples, channelCount, rows, channelCount * 4);
      result.data.set(kernels.floats(rows, samples * channelCount), start * channelCount);
    });
    return result;
  }

  /**
   * Finds events: scores above `threshold` that are the largest of three samples and the largest candidate of their surroundings
   * (`exclusionSamples`, the channels `near`; of equal ones the earlier, then the lower channel, remains).
   *
   * @throws ShapeError when the channels are not the model's
   */
  events(y: Traces, threshold: number): Events {
    const { channelCount } = this.model;
    const found: Candidate[] = [];
    this.#scan(y, BLOCK - 2, (kernels, start) => {
      const last = Math.min(BLOCK - 2, y.sampleCount - 2 - start);
      if (last < 1) return;
      const count = kernels.functions.peaksAbove(
        this.#pooled,
        channelCount,
        PITCH,
        last,
        threshold,
        this.#peaks,
      );
      const places = kernels.words(this.#peaks, count * 3);
      const scores = kernels.floats(this.#peaks, count * 3);
      const from = found.length;
      for (let i = 0; i < count; i++)
        found.push({
          sample: start + places[3 * i],
          channel: places[3 * i + 1],
          score: scores[3 * i + 2],
          isOutdone: false,
        });
      if (from < found.length) sortFrom(found, from);
    });
    return this.#largest(found);
  }

  /** Lets go of the memory; later calls throw. */
  dispose(): void {
    this.#kernels = undefined;
  }

  /** Scores the traces block by block, a block every `stride` samples, and hands each over in `#pooled`. */
  #scan(y: Traces, stride: number, take: (kernels: TraceKernels, start: number) => void): void {
    const { channelCount, before, prototype } = this.model;
    if (y.channelCount !== channelCount)
      throw new ShapeError(`The detector is for ${channelCount} channels, the traces have ${y.channelCount}`);
    const kernels = this.#kernels;
    if (kernels === undefined)
      throw new EphysError("This Detector was disposed of; make another from its model");
    const bufferRows = Math.floor((this.#bufferRows - BLOCK) / stride) * stride;
    const rowBytes = channelCount * 4;
    for (let base = 0; base < y.sampleCount; base += bufferRows) {
      const rows = Math.min(bufferRows, y.sampleCount - base);
      const buffer = kernels.floats(this.#input, (bufferRows + this.#reach + BLOCK) * channelCount);
      const first = base - before;
      const from = Math.max(0, first);
      const to = Math.min(y.sampleCount, first + bufferRows + this.#reach + BLOCK);
      buffer.fill(0, 0, (from - first) * channelCount);
      buffer.set(y.data.subarray(from * channelCount, to * channelCount), (from - first) * channelCount);
      buffer.fill(0, (to - first) * channelCount);
      for (let t = 0; t < rows; t += stride) {
        const run = kernels.functions;
        run.turnIntoBlock(
          this.#input + t * rowBytes,
          rowBytes,
          this.#reach,
          this.#lanes,
          this.#turned,
          this.#reach * 4,
        );
        run.correlateRows(
          this.#turned,
          channelCount,
          this.#reach * 4,
          this.#taps.offsets,
          this.#taps.weights,
          prototype.length,
          this.#scores,
          PITCH,
          BLOCK,
        );
        for (const [i, pool] of this.#pools.entries()) pool.run(this.#scores, this.#pooled, BLOCK, i > 0);
        take(kernels, base + t);
      }
    }
  }

  #largest(found: Candidate[]): Events {
    const { channelCount, exclusionSamples } = this.model;
    for (let i = 0; i < found.length; i++) {
      const a = found[i];
      for (let j = i + 1; j < found.length && found[j].sample - a.sample <= exclusionSamples; j++) {
        const b = found[j];
        if (this.#isNear[a.channel * channelCount + b.channel] === 0) continue;
        if (b.score <= a.score) b.isOutdone = true;
        else a.isOutdone = true;
      }
    }
    const kept = found.filter((candidate) => !candidate.isOutdone);
    return {
      samples: Int32Array.from(kept, (candidate) => candidate.sample),
      channels: Int32Array.from(kept, (candidate) => candidate.channel),
      scores: Float32Array.from(kept, (candidate) => candidate.score),
    };
  }
}

interface Candidate {
  readonly sample: number;
  readonly channel: number;
  readonly score: number;
  isOutdone: boolean;
}

/** Sorts the last entries by time, then channel. */
function sortFrom(found: Candidate[], from: number): void {
  const block = found.splice(from).sort((a, b) => a.sample - b.sample || a.channel - b.channel);
  for (const candidate of block) found.push(candidate);
}
