/**
 * @module
 * Runs the sorter's jobs, in this thread or in worker threads, and hands results over in the order of the items.
 *
 * What a newcomer would get wrong: that order is what makes results the same for any number of threads. Sums of floats depend on the
 * order of the terms, so nothing may be added up in the order in which threads happen to finish.
 */
import { Worker } from "node:worker_threads";
import type { Recording } from "../core/recording.ts";
import { JobTools, type SharedSetup } from "./job-tools.ts";
import { JOBS, type JobInput, type JobName, type JobOutput } from "./jobs.ts";

export interface RunOptions<N extends JobName> {
  readonly signal?: AbortSignal | undefined;
  /** Called with each result, in the order of the items. */
  readonly take: (result: JobOutput<N>, index: number) => void;
}

/** From the pool to a worker. */
export type PoolMessage =
  | { readonly kind: "setup"; readonly setup: SharedSetup }
  | { readonly kind: "stage"; readonly stage: unknown }
  | { readonly kind: "job"; readonly name: JobName; readonly index: number; readonly item: unknown };

/** From a worker to the pool. */
export type WorkerMessage =
  | { readonly kind: "result"; readonly index: number; readonly result: unknown }
  | { readonly kind: "failure"; readonly index: number; readonly error: unknown };

/** Items in work or waiting to be taken, for each thread: bounds the memory of results that came too early. */
const AHEAD = 3;

export class JobPool {
  readonly #tools: JobTools;
  readonly #workers: Worker[];

  /** @param threads  1 works in this thread */
  constructor(setup: SharedSetup, recording: Recording, threads: number) {
    this.#tools = new JobTools(setup, recording);
    const url = new URL("./sorter-worker.ts", import.meta.url);
    this.#workers = threads < 2 ? [] : Array.from({ length: threads }, () => new Worker(url));
    for (const worker of this.#workers) worker.postMessage({ kind: "setup", setup } satisfies PoolMessage);
  }

  /** What jobs work with, for use in this thread. */
  get tools(): JobTools {
    return this.#tools;
  }

  /**
   * Runs one job for each item.
   *
   * @param stage  what all items need, sent once to each thread
   * @throws what a job throws, or the signal's reason
   */
  async run<N extends JobName>(
    name: N,
    stage: JobInput<N>["stage"],
    items: readonly JobInput<N>["item"][],
    options: RunOptions<N>,
  ): Promise<void> {
    if (this.#workers.length === 0) {
      for (const [index, item] of items.entries()) {
        options.signal?.throwIfAborted();
        const job = JOBS[name] as (tools: JobTools, stage: unknown, item: unknown) => Promise<JobOutput<N>>;
        options.take(await job(this.#tools, stage, item), index);
      }
      return;
    }
    for (const worker of this.#workers) worker.postMessage({ kind: "stage", stage } satisfies PoolMessage);
    await this.#runInWorkers(name, items, options);
  }

  async close(): Promise<void> {
    this.#tools.dispose();
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #runInWorkers<N extends JobName>(
    name: N,
    items: readonly unknown[],
    options: RunOptions<N>,
  ): Promise<void> {
    const { signal, take } = options;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const early = new Map<number, JobOutput<N>>();
    const idle = [...this.#workers];
    let [sent, taken] = [0, 0];
    const send = (): void => {
      while (idle.length > 0 && sent < items.length && sent - taken < AHEAD * this.#workers.length) {
        idle
          .shift()
          ?.postMessage({ kind: "job", name, index: sent, item: items[sent] } satisfies PoolMessage);
        sent++;
      }
    };
    const onMessage = (worker: Worker, message: WorkerMessage): void => {
      if (message.kind === "failure") {
        reject(message.error);
        return;
      }
      idle.push(worker);
      early.set(message.index, message.result as JobOutput<N>);
      try {
        for (let result = early.get(taken); result !== undefined; result = early.get(taken)) {
          early.delete(taken);
          take(result, taken++);
        }
      } catch (error) {
        reject(error);
      }
      if (taken === items.length) resolve();
      else send();
    };
    const stops: (() => void)[] = [];
    for (const worker of this.#workers) {
      const listener = (message: WorkerMessage): void => onMessage(worker, message);
      worker.on("message", listener).on("error", reject);
      stops.push(() => worker.off("message", listener).off("error", reject));
    }
    const onAbort = (): void => reject(signal?.reason);
    signal?.addEventListener("abort", onAbort);
    if (signal?.aborted) onAbort();
    else if (items.length === 0) resolve();
    else send();
    return promise.finally(() => {
      for (const stop of stops) stop();
      signal?.removeEventListener("abort", onAbort);
    });
  }
}
