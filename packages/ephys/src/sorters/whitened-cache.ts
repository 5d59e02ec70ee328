/**
 * @module
 * Whitened chunks in memory or on disk, for the passes after the first: reading them back costs a fraction of preprocessing anew.
 *
 * What a newcomer would get wrong: values are 16-bit steps of 1/128 sigma, so what comes back is not what was written to the last bit. It
 * is the same for every pass and thread, and in memory and on disk. A result with a cache may differ in a few spikes from one without.
 */
import { closeSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { TraceKernels } from "../dsp/wasm/load.ts";
import { RecordingError } from "../errors.ts";

/** Where the chunks are; can be cloned into a worker. */
export interface CachePlan {
  /** Memory that threads share, or the path of a file. */
  readonly place: SharedArrayBuffer | string;
  /** First sample of each chunk in the cache, ascending. */
  readonly starts: Float64Array;
  /** Byte where each chunk with its margins begins. */
  readonly offsets: Float64Array;
}

const STEPS_PER_SIGMA = 128;
/** Values that are turned at once: they stay in the second-level cache. A multiple of 8. */
const PIECE = 65_536;

export class WhitenedCache {
  readonly #plan: CachePlan;
  readonly #indexOf: ReadonlyMap<number, number>;
  readonly #store: StepStore;
  readonly #kernels = new TraceKernels();
  readonly #steps: number;
  readonly #floats: number;

  constructor(plan: CachePlan) {
    this.#plan = plan;
    this.#indexOf = new Map(Array.from(plan.starts, (start, i) => [start, i]));
    this.#store = typeof plan.place === "string" ? new FileStore(plan.place) : new MemoryStore(plan.place);
    this.#steps = this.#kernels.reserve(PIECE * 2);
    this.#floats = this.#kernels.reserve(PIECE * 4);
  }

  /** Whether the cache keeps the chunk that begins at a sample. */
  has(start: number): boolean {
    return this.#indexOf.has(start);
  }

  /** Writes a chunk. */
  write(start: number, values: Float32Array): void {
    const { toSteps } = this.#kernels.functions;
    const [steps, floats] = this.#pieces();
    const place = this.#place(start);
    for (let at = 0; at < values.length; at += PIECE) {
      const piece = values.subarray(at, at + PIECE);
      floats.set(piece);
      toSteps(this.#floats, Math.ceil(piece.length / 8) * 8, STEPS_PER_SIGMA, this.#steps);
      this.#store.write(steps.subarray(0, piece.length), place + 2 * at);
    }
  }

  /** Reads a chunk that was written. @throws RecordingError `scratch` when the file is shorter than what was written */
  read(start: number, out: Float32Array): void {
    const { fromSteps } = this.#kernels.functions;
    const [steps, floats] = this.#pieces();
    const place = this.#place(start);
    for (let at = 0; at < out.length; at += PIECE) {
      const count = Math.min(PIECE, out.length - at);
      this.#store.read(steps.subarray(0, count), place + 2 * at);
      fromSteps(this.#steps, Math.ceil(count / 8) * 8, 1 / STEPS_PER_SIGMA, this.#floats);
      out.set(count === PIECE ? floats : floats.subarray(0, count), at);
    }
  }

  close(): void {
    this.#store.close();
  }

  #pieces(): [steps: Int16Array, floats: Float32Array] {
    return [this.#kernels.integers(this.#steps, PIECE), this.#kernels.floats(this.#floats, PIECE)];
  }

  #place(start: number): number {
    return this.#plan.offsets[this.#indexOf.get(start) as number];
  }
}

interface StepStore {
  write(steps: Int16Array, byte: number): void;
  read(steps: Int16Array, byte: number): void;
  close(): void;
}

class MemoryStore implements StepStore {
  readonly #all: Int16Array;

  constructor(buffer: SharedArrayBuffer) {
    this.#all = new Int16Array(buffer);
  }

  write(steps: Int16Array, byte: number): void {
    this.#all.set(steps, byte / 2);
  }

  read(steps: Int16Array, byte: number): void {
    steps.set(this.#all.subarray(byte / 2, byte / 2 + steps.length));
  }

  close(): void {
    // memory goes with its last reader
  }
}

class FileStore implements StepStore {
  readonly #path: string;
  readonly #file: number;

  constructor(path: string) {
    this.#path = path;
    this.#file = openSync(path, "r+");
  }

  write(steps: Int16Array, byte: number): void {
    const bytes = new Uint8Array(steps.buffer, steps.byteOffset, steps.byteLength);
    for (let done = 0; done < bytes.length; )
      done += writeSync(this.#file, bytes, done, bytes.length - done, byte + done);
  }

  read(steps: Int16Array, byte: number): void {
    const bytes = new Uint8Array(steps.buffer, steps.byteOffset, steps.byteLength);
    for (let done = 0; done < bytes.length; ) {
      const count = readSync(this.#file, bytes, done, bytes.length - done, byte + done);
      if (count === 0)
        throw new RecordingError(
          `The sorter's scratch file '${this.#path}' was cut short while sorting; sort again`,
          "scratch",
          this.#path,
        );
      done += count;
    }
  }

  close(): void {
    closeSync(this.#file);
  }
}

/**
 * Makes an empty cache.
 *
 * @param spans  samples of each chunk with its margins
 * @param memoryBytes  a cache of at most so many bytes is in memory
 * @param path  of the file for a larger one; without it a larger one is not made
 */
export function createCache(
  starts: Float64Array,
  spans: readonly number[],
  channelCount: number,
  memoryBytes: number,
  path: string | undefined,
): CachePlan | undefined {
  const offsets = new Float64Array(starts.length + 1);
  for (let i = 0; i < starts.length; i++) offsets[i + 1] = offsets[i] + spans[i] * channelCount * 2;
  const bytes = offsets[starts.length];
  if (bytes <= memoryBytes) return { place: new SharedArrayBuffer(bytes), starts, offsets };
  if (path === undefined) return undefined;
  closeSync(openSync(path, "wx"));
  return { place: path, starts, offsets };
}

/** Removes a cache's file, if it has one. */
export function removeCache(plan: CachePlan): void {
  if (typeof plan.place === "string") rmSync(plan.place, { force: true });
}
