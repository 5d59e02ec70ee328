/**
 * @module
 * Renews a lease: moves its expiry on, if the row still has this claim's token.
 */
import type { Statement } from "../connection/driver.ts";
import type { Claim } from "./claim.ts";
import { isMine, type JobQueue, joined } from "./queue.ts";

/** The statement of a beat; it affects one row, or none when the lease is lost. A value, so that another thread can run it. */
export function beatStatement(queue: JobQueue, { key, token }: Claim): Statement {
  const { words, timing } = queue;
  return joined(
    `UPDATE ${words.jobs} SET ${words.expiry}=${words.time(timing.leaseS)} WHERE`,
    isMine(queue, key, token),
  );
}
