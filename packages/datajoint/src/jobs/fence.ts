/**
 * @module
 * The first statement of the insert transaction: ends the job, and proves that it is still this claim's.
 *
 * A locking write reads the latest row at every isolation level and keeps its lock to the commit, so a worker that was taken over can
 * never commit; a SELECT before it would fix a snapshot in which the old row still stands (leases.md 5).
 */
import { LeaseLostError } from "../errors.ts";
import type { Claim } from "./claim.ts";
import { type JobQueue, onMine, sql } from "./queue.ts";
import { queuesOf } from "./twin.ts";

/** Deletes the job's row (both, where there are two queues) inside the caller's transaction. @throws LeaseLostError when the row no longer has the claim's token */
export async function fence(queue: JobQueue, { key, token }: Claim): Promise<void> {
  let isHeld = true;
  for (const one of queuesOf(queue))
    isHeld &&= await onMine(one, sql(`DELETE FROM ${one.words.jobs}`), key, token);
  if (isHeld) return;
  throw new LeaseLostError(
    `The job ${JSON.stringify(key, (_, value) => (typeof value === "bigint" ? String(value) : value))} of ${queue.schema}.${queue.target} is no longer this worker's: it was taken over while this worker was not heard of, or its reservation was removed. Nothing was inserted.`,
  );
}
