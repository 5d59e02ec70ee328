/**
 * @module
 * Populate under leases: list what is free, claim some of it, hold it with the beater, compute, and end the job in the insert transaction.
 * Late leases of dead workers are watched and taken over. Contract: leases.md 4 to 6.
 */

import { LeaseLostError, RetryTransactionError } from "../errors.ts";
import type { HeldLease } from "../jobs/beater.ts";
import { type Claim, claim } from "../jobs/claim.ts";
import { releaseDeadPythonIn } from "../jobs/dead-python.ts";
import { fence } from "../jobs/fence.ts";
import { type JobKey, keyText } from "../jobs/job-key.ts";
import { type LateWatch, listLate } from "../jobs/late.ts";
import type { Leases, OpenQueue } from "../jobs/leases.ts";
import { listFree } from "../jobs/list.ts";
import type { JobQueue } from "../jobs/queue.ts";
import { addPending } from "../jobs/refresh.ts";
import { takeOver } from "../jobs/takeover.ts";
import { monotonicMs } from "../jobs/timing.ts";
import { listedQueue, onConnection } from "../jobs/twin.ts";
import type { Attempt } from "../table/make.ts";
import { type Job, type Lease, type Outcome, runAttempt } from "./attempt.ts";
import { giveBackOrExpire, patiently, recordOutcome } from "./record.ts";
import { pause } from "./retry.ts";
import { queueShape } from "./table-queue.ts";
import type { Tally } from "./tally.ts";

/** Jobs are claimed one by one while they take longer than this, else as many as fit. */
const BATCH_S = 2;
const LARGEST_BATCH = 32;
/** Of what is listed when a list is short: the rest is for others. */
const SHARE = 4;
/** How much the last job counts in the expected time of the next. */
const NEWEST = 0.2;
/** A list is used until it is so old, or until half of a batch had been taken by others. */
const LIST_S = 2;
/** A list that is younger has just been made: what it has left is as good as a new one. */
const LISTED_NOW_MS = 100;

export class ReservedWork {
  readonly #job: Job;
  readonly #tally: Tally;
  readonly #leases: Leases;
  readonly #queue: JobQueue;
  readonly #watch: LateWatch;
  readonly #alone: OpenQueue["alone"];
  /** Texts of keys that this process holds, in this call or another. */
  readonly #held: Set<string>;
  /** Keys that the caller's restrictions leave; undefined without any. */
  readonly #among: ReadonlySet<string> | undefined;
  /** Claimed and beaten, not begun. */
  readonly #inHand: { readonly held: HeldLease; readonly isTakeover: boolean }[] = [];
  #lastLookMs = Number.NEGATIVE_INFINITY;
  /** How long a job takes, newer ones counting more; undefined before the first. */
  #meanS: number | undefined;
  /** Keys that were free at the last look. */
  #list: readonly JobKey[] = [];
  #listedMs = Number.NEGATIVE_INFINITY;
  #claimedMs = Number.NEGATIVE_INFINITY;

  private constructor(
    job: Job,
    tally: Tally,
    leases: Leases,
    { queue, watch, alone, held }: OpenQueue,
    among: ReadonlySet<string> | undefined,
  ) {
    this.#job = job;
    this.#tally = tally;
    this.#leases = leases;
    this.#queue = queue;
    this.#watch = watch;
    this.#alone = alone;
    this.#held = held;
    this.#among = among;
  }

  /** Declares the table of jobs when it is not there, and puts what is left into it where that is how it works.
   *  @param isRestricted  whether only keys of `job.todo` may be taken, of all that are in the queue */
  static async begin(job: Job, tally: Tally, leases: Leases, isRestricted: boolean): Promise<ReservedWork> {
    const { table, todo, ending } = job;
    const shape = queueShape(table);
    // a worker outlives its database here as elsewhere
    const known = await patiently(
      job,
      () => leases.queue({ schema: table.schema, target: table.table, shape, key: todo.key }),
      ending,
    );
    const pending = listedQueue(known.queue);
    const keys =
      pending.shape === "current" || isRestricted ? await patiently(job, () => todo.keys(), ending) : [];
    // workers that begin together add the same rows
    if (pending.shape === "current") await patiently(job, () => addPending(pending, keys), ending);
    const among = isRestricted ? new Set(keys.map((key) => keyText(key, todo.key))) : undefined;
    return new ReservedWork(job, tally, leases, known, among);
  }

  /** Works until nothing is free and no lease is late, the caller ends it, or the beater has died.
   *  @throws the reason of `ending` when that came during a wait for the database */
  async run(): Promise<void> {
    const { ending } = this.#job;
    try {
      await this.#untilNothingIsLeft(ending);
    } finally {
      await this.#giveBackAll();
    }
  }

  async #untilNothingIsLeft(ending: AbortSignal): Promise<void> {
    while (!ending.aborted && this.#tally.left > 0 && this.#leases.beater.death === undefined) {
      if (
        this.#inHand.length === 0 &&
        !(await this.#patiently(() => this.#alone(() => this.#claimSome()), ending))
      ) {
        if (this.#watch.count === 0) return;
        this.#job.tell({
          kind: "waiting",
          reason: "Another worker's lease is late; it is taken over unless it is renewed.",
        });
        await pause(this.#queue.timing.pollS * 1000 * (0.5 + Math.random() / 2), ending);
        continue;
      }
      // jobs that turn out to be long: the others of the batch are for those who are idle
      if (this.#inHand.length > 1 && monotonicMs() - this.#claimedMs > 2000 * BATCH_S)
        await this.#giveBackAll(1);
      const next = this.#inHand.shift();
      if (next !== undefined) await this.#work(next.held, next.isTakeover);
    }
    if (this.#leases.beater.death !== undefined) throw this.#leases.beater.death;
  }

  /** @returns whether it is worth asking at once again, or something is in hand */
  async #claimSome(): Promise<boolean> {
    const most = this.#batchSize();
    if (await this.#takeOverSome(most)) return true;
    await this.#releaseDeadPython();
    if (this.#list.length === 0 || monotonicMs() - this.#listedMs > 1000 * LIST_S)
      await this.#listAgain(most);
    if (this.#list.length === 0) {
      // nothing else to do: look at late ones now, whenever the last look was
      this.#lastLookMs = Number.NEGATIVE_INFINITY;
      return this.#takeOverSome(most);
    }
    await this.#leases.beater.ready();
    const wanted = Math.min(most, Math.ceil(this.#list.length / SHARE));
    // keys that others have taken in the meantime leave some of the list
    while (this.#list.length > 0 && this.#inHand.length === 0) {
      const keys = this.#list.slice(0, wanted);
      this.#list = this.#list.slice(wanted);
      const sinceMs = monotonicMs();
      // another call of this process may have it by now
      const free = keys.filter((key) => !this.#held.has(keyText(key, this.#queue.key)));
      const claims = await claim(this.#queue, free);
      this.#hold(claims, sinceMs, false);
      if (2 * claims.length < keys.length && monotonicMs() - this.#listedMs > LISTED_NOW_MS) this.#list = [];
    }
    return true;
  }

  async #listAgain(wanted: number): Promise<void> {
    this.#listedMs = monotonicMs();
    this.#list = await listFree(this.#queue, {
      todo: (limit) => this.#job.todo.keys(limit),
      among: this.#among,
      wanted,
    });
  }

  /** Frees what dead Python workers reserved, so that the next list has it. */
  async #releaseDeadPython(): Promise<void> {
    const { python } = this.#leases;
    if (python === undefined || !this.#leases.isPythonDue(this.#queue)) return;
    if (!(await this.#leases.hasReserved(this.#queue))) return;
    for (const found of await releaseDeadPythonIn(this.#queue, python)) {
      if (found.verdict !== "released") continue;
      this.#job.tell({
        kind: "pythonReleased",
        key: found.key,
        found,
        isKeyPartial: this.#job.todo.isKeyPartial,
      });
      this.#list = [];
    }
  }

  async #takeOverSome(wanted: number): Promise<boolean> {
    const askedMs = monotonicMs();
    if (askedMs - this.#lastLookMs < this.#queue.timing.pollS * 1000) return false;
    this.#lastLookMs = askedMs;
    const found = (await this.#leases.hasReserved(this.#queue)) ? await listLate(this.#queue) : [];
    const late = found.filter(({ key }) => this.#among?.has(keyText(key, this.#queue.key)) ?? true);
    const due = this.#watch.look(this.#queue, late, askedMs, monotonicMs());
    if (due.length > 0) await this.#leases.beater.ready();
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
    if (claims.length > 0) this.#claimedMs = sinceMs;
    for (const won of claims) {
      this.#held.add(keyText(won.key, this.#queue.key));
      this.#inHand.push({ held: this.#leases.beater.hold(this.#queue, won, sinceMs), isTakeover });
    }
  }

  #drop(held: HeldLease): void {
    held.drop();
    this.#held.delete(keyText(held.claim.key, this.#queue.key));
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
      this.#drop(held);
    }
    const durationS = (monotonicMs() - startMs) / 1000;
    this.#meanS = this.#meanS === undefined ? durationS : this.#meanS + NEWEST * (durationS - this.#meanS);
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
    const queue = onConnection(this.#queue, this.#job.table.connection);
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

  /** Frees what was not begun. @param from  but for so many */
  async #giveBackAll(from = 0): Promise<void> {
    for (const { held } of this.#inHand.splice(from)) {
      // first of all: a beat meanwhile would be harmless, one less is one statement less
      held.drop();
      await giveBackOrExpire(this.#job, this.#queue, held.claim);
      this.#drop(held);
    }
  }

  #patiently<T>(work: () => Promise<T>, signal = this.#job.signal): Promise<T> {
    return patiently(this.#job, work, signal);
  }

  #batchSize(): number {
    if (this.#meanS === undefined) return 1;
    const fitting = Math.floor(BATCH_S / Math.max(this.#meanS, 1e-3));
    return Math.max(1, Math.min(LARGEST_BATCH, fitting, this.#tally.left));
  }
}
