/**
 * @module
 * Puts keys that are to be computed into the queue `~~table`. `~jobs` needs none of it: there a key without a row is free.
 */
import { boundValue, type JobKey } from "./job-key.ts";
import type { JobQueue } from "./queue.ts";

/** Priority of jobs that nobody gave one; datajoint-python's default. Lower is sooner. */
export const DEFAULT_PRIORITY = 5;

/** Bound values of one INSERT stay below what SQLite takes. */
const BATCH = 500;

/**
 * Adds the keys as `pending`, due now; those in the queue already, in whatever status, stay as they are.
 *
 * @returns how many were added
 */
export async function addPending(
  queue: JobQueue,
  keys: readonly JobKey[],
  priority = DEFAULT_PRIORITY,
): Promise<number> {
  const { words, connection } = queue;
  const { writer } = connection.dialect;
  const columns = queue.key.map((attribute) => writer.quote(attribute.name));
  const row = `(${columns.map(() => "?").join(",")},'pending',?,${words.time(0)},${words.time(0)})`;
  let added = 0;
  for (let start = 0; start < keys.length; start += BATCH) {
    const batch = keys.slice(start, start + BATCH);
    const { affectedRows } = await connection.run({
      text: `${words.insertIgnore} INTO ${words.jobs} (${columns.join(",")},status,priority,created_time,scheduled_time) VALUES ${batch.map(() => row).join(",")}`,
      parameters: batch.flatMap((key) => [
        ...queue.key.map((attribute) => boundValue(key, attribute)),
        priority,
      ]),
    });
    added += affectedRows;
  }
  return added;
}
