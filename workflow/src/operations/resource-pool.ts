/**
 * @module
 * What a worker process has to give to its steps: processors, memory, GPUs. A step takes what it has declared before it claims a key and
 * gives it back after.
 *
 * It is bookkeeping, not enforcement: a step that uses more than it declared is not stopped. A wish for more processors than there are is
 * cut, since the work is only slower; one for more memory or GPUs is never granted, and `whyNever` says so.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { MachineLimits } from "./machine-limits.ts";

/** What one key of a step takes. */
export interface Resources {
  /** Default 1. "threads": as many as a computation may use (`custom.threads`, or all). */
  readonly cpus?: number | "threads";
  /** Whole GPUs. Default 0. */
  readonly gpus?: number;
  /** Gigabytes (2^30 bytes) at the most. Default 0.5. */
  readonly memoryGb?: number;
}

/** What a key has while it is computed. */
export interface Grant {
  readonly cpus: number;
  readonly memoryBytes: number;
  /** Devices for CUDA_VISIBLE_DEVICES. */
  readonly gpus: readonly string[];
  /** Gives all of it back. Idempotent. */
  release(): void;
}

interface Wish {
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly gpus: number;
  readonly sinceMs: number;
  readonly take: () => void;
}

const GB = 2 ** 30;
/** A wish that has waited so long is not passed by later, smaller ones any more. */
const PATIENCE_MS = 10_000;

const granted = new AsyncLocalStorage<Grant>();

/** What the step that runs now was granted; undefined outside of workers. */
export function currentGrant(): Grant | undefined {
  return granted.getStore();
}

export class ResourcePool {
  readonly limits: MachineLimits;
  readonly #threads: number;
  readonly #wishes: Wish[] = [];
  readonly #gpus: string[];
  #cpus: number;
  #memoryBytes: number;

  /** @param threads  what "threads" means; at most the processors */
  constructor(limits: MachineLimits, threads: number = limits.cpus) {
    this.limits = limits;
    this.#threads = Math.min(threads, limits.cpus);
    this.#cpus = limits.cpus;
    this.#memoryBytes = limits.memoryBytes;
    this.#gpus = [...limits.gpus];
  }

  /** Why this can never be granted here, as the end of a sentence that begins with who needs it; undefined when it can. */
  whyNever({ gpus = 0, memoryGb = defaultMemoryGb }: Resources): string | undefined {
    const { limits } = this;
    if (gpus > limits.gpus.length)
      return `${gpus} GPU${gpus === 1 ? "" : "s"}, and this process has ${limits.gpus.length === 0 ? "none" : limits.gpus.length}, by ${limits.from.gpus}`;
    if (memoryGb * GB > limits.memoryBytes)
      return `${memoryGb} GB of memory, and this process has ${(limits.memoryBytes / GB).toFixed(1)} GB, by ${limits.from.memory}`;
    return undefined;
  }

  /** Waits until there is room. First come, first served, but small wishes pass a large one for up to ten seconds.
   *  @returns undefined when `signal` was aborted before */
  acquire(wanted: Resources, signal: AbortSignal): Promise<Grant | undefined> {
    const never = this.whyNever(wanted);
    if (never !== undefined) return Promise.reject(new ResourceError(`This needs ${never}.`));
    if (signal.aborted) return Promise.resolve(undefined);
    const { promise, resolve } = Promise.withResolvers<Grant | undefined>();
    const cpus = wanted.cpus === "threads" ? this.#threads : (wanted.cpus ?? 1);
    const wish: Wish = {
      cpus: Math.min(cpus, this.limits.cpus),
      memoryBytes: (wanted.memoryGb ?? defaultMemoryGb) * GB,
      gpus: wanted.gpus ?? 0,
      sinceMs: performance.now(),
      take: () => {
        signal.removeEventListener("abort", giveUp);
        resolve(this.#grant(wish));
      },
    };
    const giveUp = () => {
      this.#wishes.splice(this.#wishes.indexOf(wish), 1);
      resolve(undefined);
      this.#serve();
    };
    signal.addEventListener("abort", giveUp, { once: true });
    this.#wishes.push(wish);
    this.#serve();
    return promise;
  }

  /** Runs work so that `currentGrant()` inside is this grant. */
  static with<T>(grant: Grant, work: () => Promise<T>): Promise<T> {
    return granted.run(grant, work);
  }

  #serve(): void {
    const nowMs = performance.now();
    for (const wish of [...this.#wishes]) {
      if (this.#fits(wish)) {
        this.#wishes.splice(this.#wishes.indexOf(wish), 1);
        wish.take();
      } else if (nowMs - wish.sinceMs > PATIENCE_MS) return;
    }
  }

  #fits({ cpus, memoryBytes, gpus }: Wish): boolean {
    // sums of fractions leave crumbs
    return cpus <= this.#cpus + 1e-9 && memoryBytes <= this.#memoryBytes + 1 && gpus <= this.#gpus.length;
  }

  #grant({ cpus, memoryBytes, gpus }: Wish): Grant {
    this.#cpus -= cpus;
    this.#memoryBytes -= memoryBytes;
    const devices = this.#gpus.splice(0, gpus);
    let isHeld = true;
    return {
      cpus,
      memoryBytes,
      gpus: devices,
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        this.#cpus += cpus;
        this.#memoryBytes += memoryBytes;
        this.#gpus.push(...devices);
        this.#serve();
      },
    };
  }
}

const defaultMemoryGb = 0.5;

/** Thrown when something is asked for that this process can never give. */
export class ResourceError extends Error {
  override readonly name = "ResourceError";
}
