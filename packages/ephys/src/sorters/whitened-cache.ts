/**
 * @module
 * Whitened chunks on disk, for the passes after the first: reading them back costs a fraction of preprocessing anew.
 *
 * What a newcomer would get wrong: values are 16-bit steps of 1/128 sigma, so what comes back is not what was written to the last bit. It
 * is the same for every pass and thread. A result with a cache may differ in a few spikes from one without.
 */
import { closeSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { RecordingError } from "../errors.ts";

/** Where the chunks are; can be cloned into a worker. */
export interface CachePlan {
  readonly path: string;
  /** First sample of each chunk in the cache, ascending. */
  readonly starts: Float64Array;
  /** Byte where each chunk with its margins begins. */
  readonly offsets: Float64Array;
}

const STEPS_PER_SIGMA = 128;

export class WhitenedCache {
  readonly #plan: CachePlan;
  readonly #indexOf: ReadonlyMap<number, number>;
  readonly #file: number;
  #words = new Int16Array(0);

  constructor(plan: CachePlan) {
    this.#plan = plan;
    this.#indexOf = new Map(Array.from(plan.starts, (start, i) => [start, i]));
    this.#file = openSync(plan.path, "r+");
  }

  /** Whether the cache keeps the chunk that begins at a sample. */
  has(start: number): boolean {
    return this.#indexOf.has(start);
  }

  /** Writes a chunk. */
  write(start: number, values: Float32Array): void {
    const words = this.#space(values.length);
    quantise(values, words);
    const bytes = new Uint8Array(words.buffer, 0, values.length * 2);
    for (let done = 0; done < bytes.length; )
      done += writeSync(this.#file, bytes, done, bytes.length - done, this.#place(start) + done);
  }

  /** Reads a chunk that was written. @throws RecordingError `scratch` when the file is shorter than what was written */
  read(start: number, out: Float32Array): void {
    const words = this.#space(out.length);
    const bytes = new Uint8Array(words.buffer, 0, out.length * 2);
    for (let done = 0; done < bytes.length; ) {
      const count = readSync(this.#file, bytes, done, bytes.length - done, this.#place(start) + done);
      if (count === 0)
        throw new RecordingError(
          `The sorter's scratch file '${this.#plan.path}' was cut short while sorting; sort again`,
          "scratch",
          this.#plan.path,
        );
      done += count;
    }
    for (let i = 0; i < out.length; i++) out[i] = words[i] * (1 / STEPS_PER_SIGMA);
  }

  close(): void {
    closeSync(this.#file);
  }

  #place(start: number): number {
    return this.#plan.offsets[this.#indexOf.get(start) as number];
  }

  #space(length: number): Int16Array {
    if (this.#words.length < length) this.#words = new Int16Array(length);
    return this.#words;
  }
}

/** Rounds to steps, clipped to 16 bits. A kernel. */
function quantise(values: Float32Array, words: Int16Array): void {
  for (let i = 0; i < values.length; i++) {
    // a positive number's integer part is its floor, which is quicker than Math.round
    const steps = ((values[i] * STEPS_PER_SIGMA + 65536.5) | 0) - 65536;
    words[i] = steps > 32767 ? 32767 : steps < -32767 ? -32767 : steps;
  }
}

/** Makes the empty file of a cache. @param spans  samples of each chunk with its margins */
export function createCache(
  path: string,
  starts: Float64Array,
  spans: readonly number[],
  channelCount: number,
): CachePlan {
  closeSync(openSync(path, "wx"));
  const offsets = new Float64Array(starts.length);
  for (let i = 1; i < starts.length; i++) offsets[i] = offsets[i - 1] + spans[i - 1] * channelCount * 2;
  return { path, starts, offsets };
}

/** Removes a cache's file. */
export function removeCache(plan: CachePlan): void {
  rmSync(plan.path, { force: true });
}
