/**
 * @module
 * The threads that digest and write, as promises. A file stays with the thread that opened it.
 */
import { Worker } from "node:worker_threads";
import type { DigestPlan, Digests } from "./digester.ts";
import type { ExpectedContent } from "./expected-content.ts";
import type { Finished, HashAnswer, HashRequest, Publish } from "./hash-thread.ts";

/** Thrown when a thread could not read or write a file; `code` is the system's: ENOSPC, EACCES. */
export class LocalFileError extends Error {
  override readonly name = "LocalFileError";
  readonly code: string | undefined;
  constructor(message: string, code: string | undefined) {
    super(message);
    this.code = code;
  }
}

interface Waiting {
  readonly resolve: (answer: { result: unknown; buffer?: ArrayBuffer }) => void;
  readonly reject: (error: Error) => void;
}

class HashThread {
  /** Bytes that it has not worked off. */
  load = 0;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  /** What ended the thread. */
  #death: Error | undefined;

  constructor() {
    this.#worker = new Worker(new URL("./hash-thread.ts", import.meta.url));
    this.#worker.on("message", (answer: HashAnswer) => {
      const waiting = this.#waiting.get(answer.id)!;
      this.#waiting.delete(answer.id);
      if ("error" in answer) waiting.reject(new LocalFileError(answer.error.message, answer.error.code));
      else waiting.resolve(answer);
    });
    this.#worker.on("error", (error: Error) => {
      this.#death = error;
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    });
  }

  ask(
    request: HashRequest,
    transfer: ArrayBuffer[] = [],
  ): Promise<{ result: unknown; buffer?: ArrayBuffer }> {
    if (this.#death !== undefined) return Promise.reject(this.#death);
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, request }, transfer);
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}

/** A `.part` file that grows. */
export interface PartWriter {
  /** Appends bytes; gives the buffer back. @param sync  waits until they are on the disk */
  write(buffer: ArrayBuffer, length: number, sync: boolean): Promise<ArrayBuffer>;
  /** Closes the file, judges its content and, when that is verified, renames it. */
  finish(expected: ExpectedContent, publish: Publish): Promise<Finished>;
  /** Closes the file as it is. */
  abandon(): Promise<void>;
}

export class HashPool {
  readonly #threads: readonly HashThread[];
  #files = 0;

  constructor(count: number) {
    this.#threads = Array.from({ length: count }, () => new HashThread());
  }

  get size(): number {
    return this.#threads.length;
  }

  /** Opens a `.part` file whose first `from` bytes hold; they are read once, for the digests. */
  async open(path: string, from: number, plan: DigestPlan): Promise<PartWriter> {
    const thread = this.#leastLoaded();
    const file = this.#files++;
    // a large file keeps its thread busy to its end
    const weight = 2 ** 30;
    thread.load += weight;
    const release = () => {
      thread.load -= weight;
    };
    try {
      await thread.ask({ kind: "open", file, path, from, plan });
    } catch (error) {
      release();
      throw error;
    }
    return {
      async write(buffer, length, sync) {
        const answer = await thread.ask({ kind: "write", file, buffer, length, sync }, [buffer]);
        return answer.buffer!;
      },
      async finish(expected, publish) {
        try {
          return (await thread.ask({ kind: "finish", file, expected, publish })).result as Finished;
        } finally {
          release();
        }
      },
      async abandon() {
        release();
        await thread.ask({ kind: "abandon", file });
      },
    };
  }

  /** Writes, judges and publishes a file whose bytes are all here. */
  async writeWhole(
    path: string,
    buffer: ArrayBuffer,
    plan: DigestPlan,
    expected: ExpectedContent,
    publish: Publish,
  ): Promise<Finished> {
    const size = buffer.byteLength + 2 ** 16;
    return this.#weighed(size, async (thread) => {
      const request: HashRequest = { kind: "whole", path, buffer, plan, expected, publish };
      return (await thread.ask(request, [buffer])).result as Finished;
    });
  }

  /** Digests of a file that is there. @param size  its bytes, to share the work out evenly */
  async digestFile(path: string, size: number, plan: DigestPlan): Promise<Digests> {
    return this.#weighed(
      size,
      async (thread) => (await thread.ask({ kind: "digest", path, plan })).result as Digests,
    );
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  async #weighed<T>(weight: number, work: (thread: HashThread) => Promise<T>): Promise<T> {
    const thread = this.#leastLoaded();
    thread.load += weight;
    try {
      return await work(thread);
    } finally {
      thread.load -= weight;
    }
  }

  #leastLoaded(): HashThread {
    return this.#threads.reduce((least, thread) => (thread.load < least.load ? thread : least));
  }
}
