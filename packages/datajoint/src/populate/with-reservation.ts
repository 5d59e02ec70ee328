/**
 * @module
 * Populate under leases: list what is free, claim some of it, hold it with the beater, compute, and end the job in the insert transaction.
 * Late leases of dead workers are watched and taken over. Contract: leases.md 4 to 6.
 */

import { LeaseLostError, RetryTransactionError } from "../errors.ts";
import type { HeldLease } from "../jobs/beater.ts";
import { type Claim, claim } from "../jobs/claim.ts";
import { fence } from "../jobs/fence.ts";
import { keyText } from "../jobs/job-key.ts";
import { type LateWatch, listLate } from "../jobs/late.ts";
import type { Leases } from "../jobs/leases.ts";
import { listFree } from "../jobs/list.ts";
import type { JobQueue } from "../jobs/queue.ts";
import { addPending } from "../jobs/refresh.ts";
import { takeOver } from "../jobs/takeover.ts";
import { monotonicMs } from "../jobs/timing.ts";
import type { Attempt } from "../table/make.ts";
import { type Job, type Lease, type Outcome, runAttempt } from "./attempt.ts";
import { giveBackOrExpire, patiently, recordOutcome } from "./record.ts";
import { pause, retry } from "./retry.ts";
import { queueShape } from "./table-queue.ts";
import type { Tally } from "./tally.ts";

/** Jobs are claimed one by one while they take longer than this in the mean, else as many as fit. */
const BATCH_S = 2;
const LARGEST_BATCH = 32;

export class ReservedWork {
  readonly #job: Job;
  readonly #tally: Tally;
  readonly #leases: Leases;
  readonly #queue: JobQueue;
  readonly #watch: LateWatch;
  /** Keys that the caller's restrictions leave; undefined without any. */
  readonly #among: ReadonlySet<string> | undefined;
  /** Claimed and beaten, not begun. */
  readonly #inHand: { readonly held: HeldLease; readonly isTakeover: boolean }[] = [];
  #lastLookMs = Number.NEGATIVE_INFINITY;
  #computedS = 0;
  #computed = 0;

  private constructor(
    job: Job,
    tally: Tally,
    leases: Leases,
    { queue, watch }: { queue: JobQueue; watch: LateWatch },
    among: ReadonlySet<string> | undefined,
  ) {
    this.#job = job;
    this.#tally = tally;
    this.#leases = leases;
    this.#queue = queue;
    this.#watch = watch;
    this.#among = among;
  }

  /** Declares the table of jobs when it is not there, and puts what is left into it where that is how it works.
   *  @param isRestricted  whether only keys of `job.todo` may be taken, of all that are in the queue */
  static async begin(job: Job, tally: Tally, leases: Leases, isRestricted: boolean): Promise<ReservedWork> {
    const { table, todo, ending } = job;
    const shape = queueShape(table);
    const known = await leases.queue({ schema: table.schema, target: table.table, shape, key: todo.key });
    const keys = shape === "current" || isRestricted ? await todo.keys() : [];
    // workers that begin together add the same rows
    if (shape === "current") await retry(() => addPending(known.queue, keys), { signal: ending });
    const among = isRestricted ? new Set(keys.map((key) => keyText(key, todo.key))) : undefined;
    return new ReservedWork(job, tally, leases, known, among);
  }

  /** Works until nothing is free and no lease is late, the caller ends it, or the beater has died. */
  async run(): Promise<void> {
    const { ending } = this.#job;
    try {
      await this.#untilNothingIsLeft(ending);
    } catch (error) {
      // the caller's end came during a wait for the database
      if (!(ending.aborted && error === ending.reason)) throw error;
    } finally {
      await this.#giveBackAll();
    }
  }

  async #untilNothingIsLeft(ending: AbortSignal): Promise<void> {
    while (!ending.aborted && this.#tally.left > 0 && this.#leases.beater.death === undefined) {
      if (this.#inHand.length === 0 && !(await this.#patiently(() => this.#claimSome(), ending))) {
        if (this.#watch.count === 0) return;
        this.#job.tell({
          kind: "waiting",
          reason: "Another worker's lease is late; it is taken over unless it is renewed.",
        });
        await pause(this.#queue.timing.pollS * 1000 * (0.5 + Math.random() / 2), ending);
        continue;
      }
      const next = this.#inHand.shift();
      if (next !== undefined) await this.#work(next.held, next.isTakeover);
    }
    if (this.#leases.beater.death !== undefined) throw this.#leases.beater.death;
  }

  /** @returns whether it is worth asking at once again, or something is in hand */
  async #claimSome(): Promise<boolean> {
    const wanted = this.#batchSize();
    if (await this.#takeOverSome(wanted)) return true;
    const keys = await listFree(this.#queue, {
      todo: (limit) => this.#job.todo.keys(limit),
      among: this.#among,
      wanted,
    });
    if (keys.length === 0) {
      // nothing else to do: look at late ones now, whenever the last look was
      this.#lastLookMs = Number.NEGATIVE_INFINITY;
      return this.#takeOverSome(wanted);
    }
    // keys that others have taken in the meantime leave some of the list
    for (let start = 0; start < keys.length; start += wanted) {
      const sinceMs = monotonicMs();
      const claims = await claim(this.#queue, keys.slice(start, start + wanted));
      this.#hold(claims, sinceMs, false);
      if (claims.length > 0) break;
    }
    return true;
  }

  async #takeOverSome(wanted: number): Promise<boolean> {
    const askedMs = monotonicMs();
    if (askedMs - this.#lastLookMs < this.#queue.timing.pollS * 1000) return false;
    this.#lastLookMs = askedMs;
    const late = (await listLate(this.#queue)).filter(
      ({ key }) => this.#among?.has(keyText(key, this.#queue.key)) ?? true,
    );
    const due = this.#watch.look(this.#queue, late, askedMs, monotonicMs());
    for (const job of due.slice(0, wanted)) {
      const sinceMs = monotonicMs();
      try {
        const taken = await takeOver(this.#queue, job);
        if (taken !== undefined) this.#hold([taken], sinceMs, true);
      } catch (error) {
        // locked: its holder is in its insert transaction, or another worker takes it; the next look tells
        if (!(error instanceof RetryTransactionError)) throw error;
      }
    }
    return this.#inHand.length > 0;
  }

  #hold(claims: readonly Claim[], sinceMs: number, isTakeover: boolean): void {
    for (const won of claims)
      this.#inHand.push({ held: this.#leases.beater.hold(this.#queue, won, sinceMs), isTakeover });
  }

  async #work(held: HeldLease, isTakeover: boolean): Promise<void> {
    const { key, token } = held.claim;
    const startMs = monotonicMs();
    const attempt = { key, token };
    let outcome: Outcome;
    try {
      this.#job.tell({ kind: "started", key, attempt, isTakeover });
      outcome = await recordOutcome(
        this.#job,
        this.#queue,
        held.claim,
        await this.#attempt(held, attempt, isTakeover),
      );
    } finally {
      held.drop();
    }
    const durationS = (monotonicMs() - startMs) / 1000;
    this.#computedS += durationS;
    this.#computed++;
    this.#tally.end(key, attempt, outcome, durationS);
  }

  async #attempt(held: HeldLease, attempt: Attempt, isTakeover: boolean): Promise<Outcome> {
    if (held.signal.aborted) return { kind: "lost", message: (held.signal.reason as Error).message };
    const lease = this.#leaseOf(held);
    try {
      if (isTakeover && (await this.#patiently(() => this.#job.todo.isPresent(attempt.key))))
        return await this.#endPresent(lease);
    } catch (error) {
      if (error instanceof LeaseLostError) return { kind: "lost", message: error.message };
      if (this.#job.signal.aborted) return { kind: "released" };
      throw error;
    }
    return runAttempt(this.#job, attempt, lease);
  }

  #leaseOf(held: HeldLease): Lease {
    const queue = { ...this.#queue, connection: this.#job.table.connection };
    return {
      token: held.claim.token,
      signal: held.signal,
      fence: () => fence(queue, held.claim),
      isSurelyMine: () => monotonicMs() - held.lastBeatMs < queue.timing.leaseS * 1000,
      transaction: { variables: { wait_timeout: Math.max(1, Math.ceil(queue.timing.idleTransactionS)) } },
    };
  }

  /** The dead worker's rows are there, by a commit whose job row somebody brought back: the job alone is ended. */
  async #endPresent(lease: Lease): Promise<Outcome> {
    await this.#patiently(() =>
      this.#job.table.connection.transaction(() => lease.fence(), lease.transaction),
    );
    return { kind: "skipped" };
  }

  async #giveBackAll(): Promise<void> {
    for (const { held } of this.#inHand.splice(0)) {
      held.drop();
      await giveBackOrExpire(this.#job, this.#queue, held.claim);
    }
  }

  #patiently<T>(work: () => Promise<T>, signal = this.#job.signal): Promise<T> {
    return patiently(this.#job, work, signal);
  }

  #batchSize(): number {
    if (this.#computed === 0) return 1;
    const mean = this.#computedS / this.#computed;
    return Math.max(1, Math.min(LARGEST_BATCH, Math.floor(BATCH_S / Math.max(mean, 1e-3)), this.#tally.left));
  }
}
