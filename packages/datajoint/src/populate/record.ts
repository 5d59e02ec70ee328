/**
 * @module
 * What is written into a job's row when an attempt at it ends without a commit: an error, or that the key is free again.
 */
import { LostConnectionError, RetryTransactionError } from "../errors.ts";
import type { Claim } from "../jobs/claim.ts";
import { fail } from "../jobs/fail.ts";
import { giveBack, giveBackRest } from "../jobs/give-back.ts";
import type { JobQueue } from "../jobs/queue.ts";
import type { Job, Outcome } from "./attempt.ts";
import { retry } from "./retry.ts";

/** Writes a failure into the job's row, or frees a key that was not finished.
 *  @returns how the attempt ended after all: `lost` when the row was another worker's by then */
export async function recordOutcome(
  job: Job,
  queue: JobQueue,
  own: Claim,
  outcome: Outcome,
): Promise<Outcome> {
  if (outcome.kind === "released") await giveBackOrExpire(job, queue, own);
  // a person may have removed the row of one queue only
  if (outcome.kind === "lost" && queue.twin !== undefined)
    await patiently(job, () => giveBackRest(queue, own), job.ending).catch((error) => {
      if (!(job.ending.aborted && error === job.ending.reason)) throw error;
    });
  if (outcome.kind !== "failed") return outcome;
  const { error, message } = outcome;
  const stack = error instanceof Error ? (error.stack ?? message) : message;
  const { signal } = job;
  try {
    if (await patiently(job, () => fail(queue, own, message, stack), signal)) return outcome;
  } catch (trouble) {
    // the caller's end came while the database was away: the lease expires, and another worker meets the error again
    if (signal.aborted && trouble === signal.reason) return { kind: "released" };
    throw trouble;
  }
  return {
    kind: "lost",
    message: `The key was no longer this worker's when it failed (${message}); nothing was recorded.`,
  };
}

/** Frees a key. Tried twice, since this is the end; what cannot be given back expires. */
export async function giveBackOrExpire(job: Job, queue: JobQueue, own: Claim): Promise<void> {
  const signal = new AbortController().signal;
  try {
    await retry(() => giveBack(queue, own), { signal, reconnects: 1 });
  } catch (error) {
    if (!(error instanceof LostConnectionError || error instanceof RetryTransactionError)) throw error;
    const reason = `A key could not be given back; it is free when its lease has ended: ${error.message}`;
    job.tell({ kind: "waiting", reason });
  }
}

/** A worker outlives its database: what only reads or checks the token is done when it is back.
 *  @param signal  ends the wait, and `work` with its reason: an end that the caller wants does not wait for a database that is away */
export function patiently<T>(job: Job, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  return retry(work, {
    signal,
    reconnects: Number.POSITIVE_INFINITY,
    onLost: (error) => job.tell({ kind: "waiting", reason: error.message }),
  });
}
