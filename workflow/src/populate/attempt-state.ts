/**
 * @module
 * What the database says of an attempt whose folder is found: whether its claim is held, whether its key is done.
 */
import { findQueue, isHeld, type JobQueue, type PopulateTable, progress } from "@tenon/datajoint";
import type { AttemptNote } from "./attempt-folder.ts";
import type { AttemptState } from "./sweep-attempts.ts";

/** A folder of which nothing is known, or that belongs to no table, is left alone for so long. */
const unknownS = 3600;

/**
 * Makes the question for `sweepAttempts`.
 * @param tables  by the names of their processes
 */
export function attemptStates(
  tables: ReadonlyMap<string, PopulateTable>,
): (note: AttemptNote, ageS: number) => Promise<AttemptState> {
  const queues = new Map<string, JobQueue>();
  return async ({ token, owner }, ageS) => {
    const table = owner === undefined ? undefined : tables.get(owner.process);
    if (owner === undefined || table === undefined) return ageS < unknownS ? "running" : "dead";
    const queue = queues.get(owner.process) ?? (await findQueue(table));
    if (queue !== undefined) queues.set(owner.process, queue);
    // the job first: its row goes in the same commit in which the key's rows come
    if (queue !== undefined && (await isHeld(queue, { key: owner.key, token: BigInt(token) })))
      return "running";
    const { total, remaining } = await progress(table, [owner.key]);
    return total > 0 && remaining === 0 ? "committed" : "dead";
  };
}
