/**
 * @module
 * A table with queues of both generations, `~jobs` and `~~table`: 0.14 workers read the one, 2.x workers the other, and only a key that is
 * reserved in both is kept from both. So a Tenon worker reserves in both, in one transaction with one token, and everything that it does
 * to its lease it does to both rows. Contract: leases.md 2 and 4.
 *
 * What a newcomer would get wrong: `~jobs` comes first everywhere, so that two workers never wait for each other's rows.
 */
import { LeaseLostError } from "../errors.ts";
import type { JobQueue, QueueConnection } from "./queue.ts";

/** The queues of a table: one, or `~jobs` and then `~~table`. */
export function queuesOf(queue: JobQueue): readonly JobQueue[] {
  if (queue.twin === undefined) return [queue];
  return queue.shape === "legacy" ? [queue, queue.twin] : [queue.twin, queue];
}

/** The queue whose rows are to be done: `~~table`, if there is one. */
export function listedQueue(queue: JobQueue): JobQueue {
  return queuesOf(queue).at(-1)!;
}

/** The same queue on another connection, for statements inside a transaction of that. */
export function onConnection(queue: JobQueue, connection: QueueConnection): JobQueue {
  const { twin } = queue;
  return { ...queue, connection, twin: twin === undefined ? undefined : { ...twin, connection } };
}

/** Does something to a lease, in each queue that has it: all or nothing.
 *  @param change  whether the row was still this claim's
 *  @returns whether all were */
export async function onEach(queue: JobQueue, change: (one: JobQueue) => Promise<boolean>): Promise<boolean> {
  const queues = queuesOf(queue);
  if (queues.length === 1) return change(queue);
  try {
    await queue.connection.transaction(async () => {
      for (const one of queues) {
        // thrown to roll the other one back
        if (!(await change(one))) throw new LeaseLostError(`The job is no longer held in ${one.jobs}.`);
      }
    });
    return true;
  } catch (error) {
    if (error instanceof LeaseLostError) return false;
    throw error;
  }
}
