/**
 * @module
 * One attempt at one key, from fetch to commit, and how it ended. It knows leases only as a guard and a signal.
 */

import { LeaseLostError } from "../errors.ts";
import { errorText } from "../jobs/fail.ts";
import { asWholeKey } from "../query/whole-key.ts";
import type { Attempt, Make, MakeContext } from "../table/make.ts";
import type { Listener } from "./events.ts";
import { fingerprint } from "./fingerprint.ts";
import { type Guard, insertOnce } from "./insert-transaction.ts";
import type { Populatable } from "./populatable.ts";
import { retry } from "./retry.ts";
import type { Todo } from "./todo.ts";

/** What a caller can do around the insert transaction, such as publishing an attempt's files. */
export interface AttemptHooks {
  /** Before the insert transaction, once for an attempt. */
  readonly beforeInsert?: ((attempt: Attempt, computed: unknown) => void | Promise<void>) | undefined;
  /** After the commit. What it throws is an `afterCommitFailed` event: the rows stand. */
  readonly afterCommit?: ((attempt: Attempt) => void | Promise<void>) | undefined;
  /** Whether the rows of the key were inserted by this attempt, for callers whose rows carry the token. Asked when a connection was lost
   *  during COMMIT; without it, rows count as this attempt's while its lease cannot have been taken over. */
  readonly ownsRows?: ((attempt: Attempt) => Promise<boolean>) | undefined;
}

/** What all attempts of one call of populate have in common. */
export interface Job extends AttemptHooks {
  readonly table: Populatable;
  readonly make: Make;
  readonly todo: Todo;
  /** The caller's. */
  readonly signal: AbortSignal;
  /** Aborted when no further key is to be begun: with `signal`, or before it. */
  readonly ending: AbortSignal;
  readonly tell: Listener;
}

export interface Lease extends Guard {
  readonly token: bigint;
  /** Aborted when the lease is lost. */
  readonly signal: AbortSignal;
}

export type Outcome =
  | { readonly kind: "done" | "skipped" | "released" }
  | { readonly kind: "lost"; readonly message: string }
  | { readonly kind: "failed"; readonly error: unknown; readonly message: string };

/** Runs make for a key. Never throws: what goes wrong is the outcome.
 *  @param lease  undefined without reservation */
export async function runAttempt(job: Job, attempt: Attempt, lease: Lease | undefined): Promise<Outcome> {
  const signal = lease === undefined ? job.signal : AbortSignal.any([job.signal, lease.signal]);
  const context: MakeContext = {
    signal,
    attempt,
    progress: (done, total, what) => job.tell({ kind: "progress", key: attempt.key, done, total, what }),
  };
  try {
    const result = await fetchComputeInsert(job, attempt, context, lease);
    if (result === "present") return { kind: "skipped" };
    await afterCommit(job, attempt);
    return { kind: "done" };
  } catch (error) {
    if (error instanceof LeaseLostError) return { kind: "lost", message: error.message };
    // whatever a part throws after its signal was aborted is because of that
    if (lease?.signal.aborted === true)
      return { kind: "lost", message: (lease.signal.reason as Error).message };
    if (job.signal.aborted) return { kind: "released" };
    return { kind: "failed", error, message: errorText(error) };
  }
}

async function fetchComputeInsert(
  job: Job,
  attempt: Attempt,
  context: MakeContext,
  lease: Lease | undefined,
): Promise<"done" | "present"> {
  const { table, make, todo } = job;
  // so that each part of make can restrict the tables above it by the key as it is
  const key = asWholeKey(attempt.key);
  const fetch = async () => make.fetch(key);
  // it only reads, so an outage of the database is no error of the key while the lease lasts
  const reconnects = lease === undefined ? 0 : Number.POSITIVE_INFINITY;
  const fetched = await retry(fetch, { signal: context.signal, reconnects });
  // taken now: compute may work in place
  const first = fingerprint(fetched);
  context.signal.throwIfAborted();
  const computed = await make.compute(key, fetched, context);
  // a result that is there is inserted even when the caller wants to end; when the lease is lost it is not
  lease?.signal.throwIfAborted();
  await job.beforeInsert?.(attempt, computed);
  return insertOnce({
    table,
    make,
    todo,
    attempt,
    context,
    computed,
    guard: lease,
    fetched: first,
    signal: job.signal,
    ownsRows: job.ownsRows,
  });
}

async function afterCommit(job: Job, attempt: Attempt): Promise<void> {
  try {
    await job.afterCommit?.(attempt);
  } catch (error) {
    job.tell({ kind: "afterCommitFailed", key: attempt.key, attempt, error });
  }
}
