/**
 * @module
 * Tries again what failed in passing, with waits that double. Ten tries last about two minutes, so that a network that was cut for 90 s
 * ends no run; what fails longer is named and can be run again.
 */
import { setTimeout as wait } from "node:timers/promises";
import { PassingError } from "./s3-failure.ts";

export interface RetryOptions {
  /** All of them, the first included. Default 10. */
  readonly tries?: number;
  readonly signal: AbortSignal;
  /** Told before each wait. */
  readonly onRetry?: (error: PassingError, waitMs: number) => void;
  /** First wait, ms. Default 500; waits grow to 30 s. */
  readonly firstMs?: number;
}

const longestMs = 30_000;

/** @throws PassingError when the last try failed in passing too; any other error at once */
export async function withRetry<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { tries = 10, firstMs = 500, signal } = options;
  for (let number = 1; ; number++) {
    signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof PassingError) || number >= tries) throw error;
      // jitter, so that many connections that broke together do not come back together
      const waitMs = Math.min(longestMs, firstMs * 2 ** (number - 1)) * (0.75 + Math.random() / 2);
      options.onRetry?.(error, waitMs);
      await wait(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}
