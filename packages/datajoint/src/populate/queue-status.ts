/**
 * @module
 * How far a table is: keys in all, done, running, failed, left.
 *
 * What a newcomer would get wrong: a job's row may outlive its key (the key was deleted, or computed by someone without a reservation), so
 * only rows whose key is still to be computed count.
 */
import { readJobs } from "../jobs/inspect.ts";
import type { JobKey } from "../jobs/job-key.ts";
import type { Populatable } from "./populatable.ts";
import { findQueue } from "./table-queue.ts";
import { Todo } from "./todo.ts";

/** Keys of a table's key source; `total` is the sum of done, running, error, ignored and remaining. */
export interface QueueStatus {
  readonly total: number;
  /** In the table. */
  readonly done: number;
  /** Reserved by a worker, of Python too. */
  readonly running: number;
  /** Of those running, leases that are over: their worker has died, or the server was away. */
  readonly late: number;
  readonly error: number;
  readonly ignored: number;
  /** Free to be taken. */
  readonly remaining: number;
}

/** Keys that one query is restricted by. */
const BATCH = 200;

/** Counts. The counts come one after the other, so while workers work they may be off by what happens in between. */
export async function queueStatus(table: Populatable): Promise<QueueStatus> {
  const todo = new Todo(table);
  const queue = await findQueue(table);
  const jobs = queue === undefined ? [] : (await readJobs(queue)).filter((job) => job.status !== "pending");
  const left = await todo.remaining();
  const count = (matches: (job: (typeof jobs)[number]) => boolean): Promise<number> =>
    countLeft(
      table,
      todo,
      jobs.filter(matches).map((job) => job.key),
    );
  const [running, late, error, ignored] = [
    await count((job) => job.status === "reserved"),
    await count((job) => job.status === "reserved" && job.isLate),
    await count((job) => job.status === "error"),
    await count((job) => job.status === "ignore"),
  ];
  const total = Math.max(await todo.total(), left);
  const remaining = Math.max(0, left - running - error - ignored);
  return { total, done: total - left, running, late, error, ignored, remaining };
}

async function countLeft(table: Populatable, todo: Todo, keys: readonly JobKey[]): Promise<number> {
  // a row whose key cannot be read names no key
  const known = keys
    .filter((key) => todo.key.every(({ name }) => name in key))
    .map((key) => Object.fromEntries(todo.key.map(({ name }) => [name, key[name]])));
  let count = 0;
  for (let start = 0; start < known.length; start += BATCH)
    count += await new Todo(table, [known.slice(start, start + BATCH)]).remaining();
  return count;
}
