/**
 * @module
 * Errors that say nothing against the key: deadlocks, lost connections, a stopped process. Their jobs are tried again by themselves, with a
 * growing pause and not for ever (pipeline contract 6.4; its O3: there is no limit there).
 */
import { findQueue, freeJobs, type JobRow, readJobs } from "@tenon/datajoint";
import type { TableStep } from "./process.ts";
import type { WorkerJournal } from "./worker-log.ts";

const generic =
  /Deadlock|Lock wait timeout|MaxRetryError|KeyboardInterrupt|InternalError: \(1205|SIGTERM|LostConnectionError|RetryTransactionError/;

/** The pause before the first retry; it doubles with each. */
const firstPauseS = 30;
const mostRetries = 6;

interface Retries {
  count: number;
  /** By performance.now(). */
  dueMs: number;
}

export class GenericErrors {
  readonly #journal: WorkerJournal;
  readonly #retries = new Map<string, Retries>();

  constructor(journal: WorkerJournal) {
    this.#journal = journal;
  }

  /** Frees the failed jobs of some steps that are worth another try; each is kept in the error log.
   *  @returns how many were freed */
  async retry(steps: readonly TableStep[], nowMs: number = performance.now()): Promise<number> {
    let freed = 0;
    for (const { process, table } of steps) {
      const queue = await findQueue(table);
      if (queue === undefined) continue;
      for (const job of (await readJobs(queue, "error")).filter((row) => generic.test(row.message))) {
        if (!this.#isDue(`${process} ${JSON.stringify(job.key)}`, nowMs)) continue;
        await this.#log(process, job);
        freed += await freeJobs(queue, "error", [job.key]);
      }
    }
    return freed;
  }

  /** A job that is seen for the first time is tried again after the first pause. */
  #isDue(id: string, nowMs: number): boolean {
    const known = this.#retries.get(id);
    if (known === undefined) {
      this.#retries.set(id, { count: 0, dueMs: nowMs + firstPauseS * 1000 });
      return false;
    }
    if (nowMs < known.dueMs || known.count >= mostRetries) return false;
    known.count++;
    known.dueMs = nowMs + firstPauseS * 1000 * 2 ** known.count;
    return true;
  }

  #log(process: string, { key, message, stack }: JobRow): Promise<void> {
    return this.#journal.error({ process, key, message, stack });
  }
}
