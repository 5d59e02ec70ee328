/**
 * @module
 * Runs something again that the database refused for a reason that passes: a deadlock, a lock wait, a busy file, a lost connection.
 *
 * Only for work that may be run twice: whole transactions that begin with the fence, reads, and writes that check the token.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { LostConnectionError, RetryTransactionError } from "../errors.ts";

const ATTEMPTS = 8;
const FIRST_WAIT_MS = 20;
const LONGEST_WAIT_MS = 2500;

export interface RetryOptions {
  readonly signal: AbortSignal;
  /** How often a lost connection is made again: for ever when the key is leased, since then the lease says when to stop. Default: never. */
  readonly reconnects?: number | undefined;
  /** Told of each lost connection before the wait. */
  readonly onLost?: (error: LostConnectionError) => void;
}

/** @throws what `work` throws for the last time; the signal's reason when it is aborted during a wait */
export async function retry<T>(
  work: () => Promise<T>,
  { signal, reconnects = 0, onLost }: RetryOptions,
): Promise<T> {
  let refusals = 0;
  let losses = 0;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof RetryTransactionError) {
        if (++refusals > ATTEMPTS) throw error;
        // short and bounded, so a result that is there is not given up for it
        await sleep(Math.random() * FIRST_WAIT_MS * 2 ** refusals);
      } else if (error instanceof LostConnectionError) {
        if (++losses > reconnects) throw error;
        onLost?.(error);
        await wait(Math.min(LONGEST_WAIT_MS, 100 * 2 ** losses) * (0.5 + Math.random() / 2), signal);
      } else throw error;
    }
  }
}

async function wait(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await pause(ms, signal);
  signal.throwIfAborted();
}

/** Waits; a signal that is aborted ends it early, without an error. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
