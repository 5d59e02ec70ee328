/**
 * @module
 * Renews a lease: moves its expiry on, if the row still has this claim's token.
 */
import type { Statement } from "../connection/driver.ts";
import type { Claim } from "./claim.ts";
import { isMine, type JobQueue, joined } from "./queue.ts";
import { queuesOf } from "./twin.ts";

/** The statements of a beat: one for each queue that has the lease. Values, so that another thread can run them. */
export function beatStatements(queue: JobQueue, claim: Claim): readonly Statement[] {
  return queuesOf(queue).map((one) => beatStatement(one, claim));
}

/** The beat in one queue; it affects one row, or none when the lease is lost. */
export function beatStatement(queue: JobQueue, { key, token }: Claim): Statement {
  const { words, timing } = queue;
  return joined(
    `UPDATE ${words.jobs} SET ${words.expiry}=${words.time(timing.leaseS)} WHERE`,
    isMine(queue, key, token),
  );
}
