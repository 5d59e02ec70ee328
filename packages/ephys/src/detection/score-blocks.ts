/**
 * @module
 * The detector's kernels over one block of samples: scores of all channels at every or every second sample, their peaks, and scores at
 * single places. Holds the addresses; checks nothing.
 *
 * What a newcomer would get wrong: traces lie in the kernels' memory with zeros (or other samples) around them, `PADDING_ROWS` on both
 * sides, because a block reads past its ends.
 */
import type { TraceKernels } from "../dsp/wasm/load.ts";
import { SparseProduct } from "../dsp/wasm/sparse-product.ts";
import { ShapeError } from "../errors.ts";
import type { DetectorModel } from "./detector-model.ts";

/** Scores of a channel in a block; a multiple of 32. */
export const BLOCK = 128;
/** Rows that a block may read before the first and behind the last sample of the traces. */
export const PADDING_ROWS = 640;
/** Places that are scored at once, at most. */
export const MOST_PEAKS = 4096;

const PITCH = BLOCK * 4;
const WORDS_OF_PEAK = 3;
/** Channels that are turned and correlated at once: they stay in the first-level cache. */
const LANES = 16;
const LARGEST_RADIUS = 2;

/** Offsets of the prototype's samples in a turned row. */
interface Taps {
  readonly offsets: number;
  /** Numbers of each part of a row (one part, or even and odd samples), a multiple of 4. */
  readonly reach: number;
}

export class ScoreBlocks {
  readonly #model: DetectorModel;
  readonly #kernels: TraceKernels;
  readonly #taps: Readonly<Record<1 | 2, Taps>>;
  readonly #weights: number;
  readonly #pools: readonly SparseProduct[];
  readonly #poolTable: number;
  readonly #turned: number;
  readonly #scores: number;
  readonly #pooled: number;
  readonly #rows: number;
  readonly #peaks: number;
  readonly #places: number;
  readonly #scratch: number;
  readonly #around: number;

  /** @throws ShapeError when the prototype is longer than the padding allows */
  constructor(model: DetectorModel, kernels: TraceKernels) {
    const { channelCount, prototype, pools } = model;
    if (prototype.length > PADDING_ROWS / 2)
      throw new ShapeError(
        `A detector's prototype has at most ${PADDING_ROWS / 2} samples, got ${prototype.length}`,
      );
    const lanes = Math.ceil(channelCount / LANES) * LANES;
    this.#model = model;
    this.#kernels = kernels;
    this.#weights = kernels.place(prototype);
    this.#taps = { 1: placeTaps(kernels, prototype.length, 1), 2: placeTaps(kernels, prototype.length, 2) };
    this.#pools = pools.map((pool) => new SparseProduct(kernels, pool, PITCH));
    this.#poolTable = kernels.place(
      Uint32Array.from(
        pools.flatMap(({ rowStart, channels, weights }) => [
          kernels.place(rowStart),
          kernels.place(Uint32Array.from(channels, (channel) => channel * 4)),
          kernels.place(weights),
        ]),
      ),
    );
    this.#turned = kernels.reserve(LANES * 4 * Math.max(this.#taps[1].reach, 2 * this.#taps[2].reach));
    this.#scores = kernels.reserve(lanes * PITCH);
    this.#pooled = kernels.reserve((lanes + 1) * PITCH);
    this.#rows = kernels.reserve(channelCount * PITCH);
    this.#peaks = kernels.reserve((channelCount * BLOCK * WORDS_OF_PEAK * 4) / 2);
    const places = Math.max(MOST_PEAKS, (channelCount * BLOCK) / 2);
    this.#places = kernels.reserve(places * 8);
    this.#scratch = kernels.reserve((prototype.length + 2 * LARGEST_RADIUS) * 4);
    this.#around = kernels.reserve(places * (2 * LARGEST_RADIUS + 1) * 4);
  }

  /** Computes the pooled scores at samples `first`, `first + step`, ... of all channels. @param origin  address of sample 0 */
  score(origin: number, first: number, step: 1 | 2): void {
    const { channelCount, before, prototype } = this.#model;
    const run = this.#kernels.functions;
    const { offsets, reach } = this.#taps[step];
    const rowBytes = channelCount * 4;
    const pitch = reach * step * 4;
    const input = origin + (first - before) * rowBytes;
    for (let lane = 0; lane < channelCount; lane += LANES) {
      const rows = Math.min(LANES, channelCount - lane);
      const lanes = Math.ceil(rows / 4) * 4;
      for (let part = 0; part < step; part++)
        run.turnIntoBlock(
          input + lane * 4 + part * rowBytes,
          rowBytes * step,
          reach,
          lanes,
          this.#turned + part * reach * 4,
          pitch,
        );
      const out = this.#scores + lane * PITCH;
      run.correlateRows(
        this.#turned,
        rows,
        pitch,
        offsets,
        this.#weights,
        prototype.length,
        out,
        PITCH,
        BLOCK,
      );
    }
    for (const [i, pool] of this.#pools.entries()) pool.run(this.#scores, this.#pooled, BLOCK, i > 0);
  }

  /** The scores of the last block, Float32Array [samples x channels]; a view that the next call overwrites. */
  turnedScores(samples: number): Float32Array {
    const { channelCount } = this.#model;
    this.#kernels.functions.turnFromBlock(
      this.#pooled,
      PITCH,
      samples,
      channelCount,
      this.#rows,
      channelCount * 4,
    );
    return this.#kernels.floats(this.#rows, samples * channelCount);
  }

  /** The peaks above a threshold in columns 1 to `last` of the last block: their columns and channels. */
  peaks(last: number, threshold: number): { samples: Int32Array; channels: Int32Array } {
    if (last < 1) return { samples: new Int32Array(0), channels: new Int32Array(0) };
    const { channelCount } = this.#model;
    const { peaksAbove } = this.#kernels.functions;
    const count = peaksAbove(this.#pooled, channelCount, PITCH, last, threshold, this.#peaks);
    const words = this.#kernels.words(this.#peaks, count * WORDS_OF_PEAK);
    const samples = new Int32Array(count);
    const channels = new Int32Array(count);
    for (let i = 0; i < count; i++) {
      samples[i] = words[WORDS_OF_PEAK * i];
      channels[i] = words[WORDS_OF_PEAK * i + 1];
    }
    return { samples, channels };
  }

  /**
   * Scores at places and `radius` samples to both sides.
   *
   * @returns Float32Array [places x (2 radius + 1)]; a view that the next call overwrites
   */
  scoreAround(origin: number, samples: Int32Array, channels: Int32Array, radius: 1 | 2): Float32Array {
    const { channelCount, prototype, before, pools } = this.#model;
    const places = this.#kernels.words(this.#places, 2 * samples.length);
    for (let i = 0; i < samples.length; i++) {
      places[2 * i] = samples[i];
      places[2 * i + 1] = channels[i];
    }
    this.#kernels.functions.scoreAround(
      origin,
      channelCount * 4,
      this.#places,
      samples.length,
      radius,
      this.#weights,
      prototype.length,
      before,
      this.#poolTable,
      pools.length,
      this.#scratch,
      this.#around,
    );
    return this.#kernels.floats(this.#around, samples.length * (2 * radius + 1));
  }
}

/** Where sample k of the prototype falls in a turned row: even samples in its first part, odd ones in its second, when the step is 2. */
function placeTaps(kernels: TraceKernels, length: number, step: 1 | 2): Taps {
  const reach = Math.ceil((BLOCK + Math.ceil(length / step)) / 4) * 4;
  const offsets = Uint32Array.from({ length }, (_, k) => 4 * (Math.floor(k / step) + (k % step) * reach));
  return { offsets: kernels.place(offsets), reach };
}
