/**
 * @module
 * The hash of a job's key: what the memory of retries and the error log know it by.
 */
import { type JobQueue, type JobRow, keyHash, type PopulateTable } from "@tenon/datajoint";

/** As `~jobs` has it; for a key that could not be read, the hash that stands in its row. */
export function jobHash(queue: JobQueue, key: JobRow["key"]): string {
  return typeof key.key_hash === "string" && !queue.key.every(({ name }) => name in key)
    ? key.key_hash
    : keyHash(key, queue.key);
}

/** The same of a key that populate tells of. */
export function keyHashOf(table: PopulateTable, key: Readonly<Record<string, unknown>>): string {
  const names = table.keySource().node.heading.primaryKey;
  return keyHash(
    key,
    table.heading.attributes.filter(({ name }) => names.includes(name)),
  );
}
