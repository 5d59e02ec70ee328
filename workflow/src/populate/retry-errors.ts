/**
 * @module
 * Failed keys that are tried again by themselves: after errors that say nothing against the key (deadlocks, lost connections, a stopped
 * process), and after those that a lab says so of (autoclear patterns). With a growing pause and not for ever: then the key is a dead
 * letter, and `tenon jobs` shows it (pipeline contract 6.4; its O3: there is no limit there).
 */
import { findQueue, freeJobs, type JobQueue, readJobs, withErrors } from "@tenon/datajoint";
import {
  forgetOldRetries,
  forgetRetry,
  type RetryState,
  readRetries,
  rememberRetry,
} from "../operations/retries.ts";
import { jobHash, keyHashOf } from "./job-hash.ts";
import { likePattern } from "./like-pattern.ts";
import type { TableStep } from "./process.ts";
import type { WorkerJournal } from "./worker-log.ts";

const generic =
  /Deadlock|Lock wait timeout|MaxRetryError|KeyboardInterrupt|InternalError: \(1205|SIGTERM|LostConnectionError|RetryTransactionError/;

/** Unless the configuration says otherwise: retries of a key, and the pause before the first, s. */
export const mostRetries = 6;
export const firstPauseS = 30;

export interface RetryPolicy {
  /** SQL LIKE patterns of messages that are worth another try, beside the generic ones. */
  readonly autoclear: readonly string[];
  readonly mostRetries: number;
  /** The pause before the first retry; it doubles with each. */
  readonly firstPauseS: number;
  /** Told once of each key that is not tried again any more. */
  readonly onGivenUp?: (process: string, key: Readonly<Record<string, unknown>>, message: string) => void;
}

export class ErrorRetries {
  readonly #journal: WorkerJournal;
  readonly #policy: RetryPolicy;
  readonly #patterns: readonly RegExp[];
  readonly #steps: readonly TableStep[];
  #known = new Map<string, RetryState>();
  /** Remembered keys that are done and not yet forgotten. */
  #done: RetryState[] = [];
  /** Those that are declared, to look into. */
  readonly #queues = new Map<string, JobQueue>();
  readonly #givenUp = new Set<string>();
  #cleanedMs = Number.NEGATIVE_INFINITY;

  constructor(steps: readonly TableStep[], journal: WorkerJournal, policy: RetryPolicy) {
    this.#steps = steps;
    this.#journal = journal;
    this.#policy = policy;
    this.#patterns = [generic, ...policy.autoclear.map(likePattern)];
  }

  /** Frees the failed jobs that are worth another try; each is kept in the error log.
   *  @returns how many were freed */
  async retry(nowMs: number = Date.now()): Promise<number> {
    let freed = 0;
    await this.settle();
    this.#known = new Map((await readRetries()).map((state) => [idOf(state), state]));
    for (const { process, table } of this.#steps) {
      const queue = this.#queues.get(process) ?? (await findQueue(table));
      if (queue !== undefined) this.#queues.set(process, queue);
    }
    const failing = new Set(await withErrors([...this.#queues.values()]));
    for (const { process, table } of this.#steps) {
      const queue = this.#queues.get(process);
      if (queue === undefined || !failing.has(queue)) continue;
      for (const job of await readJobs(queue, "error")) {
        if (!this.#patterns.some((pattern) => pattern.test(job.message))) continue;
        const failed = { process, keyHash: jobHash(queue, job.key), key: job.key, message: job.message };
        if (!(await this.#isDue(failed, nowMs))) continue;
        await this.#journal.error({ ...failed, stack: job.stack });
        // with a twin that may have come since
        freed += await freeJobs((await findQueue(table)) ?? queue, "error", [job.key]);
      }
    }
    if (nowMs - this.#cleanedMs > 3_600_000) {
      this.#cleanedMs = nowMs;
      await forgetOldRetries(this.#policy.mostRetries);
    }
    return freed;
  }

  /** A key is done: what is remembered of its failures is forgotten at the next look. */
  done(process: string, key: Readonly<Record<string, unknown>>): void {
    if (this.#known.size === 0) return;
    const step = this.#steps.find((one) => one.process === process);
    if (step === undefined) return;
    const id = idOf({ process, keyHash: keyHashOf(step.table, key) });
    const state = this.#known.get(id);
    if (state !== undefined) this.#done.push(state);
  }

  /** Forgets the keys that are done. */
  async settle(): Promise<void> {
    const done = this.#done;
    this.#done = [];
    for (const state of done) {
      this.#known.delete(idOf(state));
      await forgetRetry(state);
    }
  }

  /** A job that is seen for the first time is tried again after the first pause. */
  async #isDue(failed: Parameters<typeof rememberRetry>[0], nowMs: number): Promise<boolean> {
    const known = this.#known.get(idOf(failed));
    const firstMs = this.#policy.firstPauseS * 1000;
    if (known === undefined) {
      await rememberRetry(failed, 0, nowMs + firstMs);
      return false;
    }
    if (known.count >= this.#policy.mostRetries) {
      const { process, key, message } = failed;
      if (!this.#givenUp.has(idOf(failed))) this.#policy.onGivenUp?.(process, key, message);
      this.#givenUp.add(idOf(failed));
      return false;
    }
    // a person has freed it since: it begins anew
    this.#givenUp.delete(idOf(failed));
    if (nowMs < known.nextMs) return false;
    const count = known.count + 1;
    await rememberRetry(failed, count, nowMs + firstMs * 2 ** count);
    return true;
  }
}

function idOf({ process, keyHash }: { readonly process: string; readonly keyHash: string }): string {
  return `${process} ${keyHash}`;
}
