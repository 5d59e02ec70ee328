/**
 * @module
 * Frees a key that was claimed and will not be computed now: at SIGTERM, at a pause, after an error of the program.
 */
import type { Claim } from "./claim.ts";
import { type JobQueue, onMine, sql } from "./queue.ts";

/** @returns whether the claim was still held */
export function giveBack(queue: JobQueue, { key, token }: Claim): Promise<boolean> {
  const { words, shape } = queue;
  const what =
    shape === "legacy"
      ? `DELETE FROM ${words.jobs}`
      : `UPDATE ${words.jobs} SET status='pending', reserved_time=NULL`;
  return onMine(queue, sql(what), key, token);
}
