/**
 * @module
 * Frees a key that was claimed and will not be computed now: at SIGTERM, at a pause, after an error of the program.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Statement } from "../connection/driver.ts";
import type { Claim } from "./claim.ts";
import { type JobQueue, onMine, sql } from "./queue.ts";
import { onEach, queuesOf } from "./twin.ts";

/** After so long a new row has another token. */
const newTokenMs = 2;

/** @returns whether the claim was still held */
export async function giveBack(queue: JobQueue, claim: Claim): Promise<boolean> {
  const wasHeld = await onEach(queue, (one) => free(one, claim));
  // a row of `~jobs` is gone then, and one that is born in the same millisecond on the same connection would have the same token
  if (wasHeld && queuesOf(queue).some(({ shape }) => shape === "legacy")) await sleep(newTokenMs);
  return wasHeld;
}

/** What of a lost lease is still there: of one in two queues a person may have removed one row.
 *  @returns whether anything was */
export async function giveBackRest(queue: JobQueue, claim: Claim): Promise<boolean> {
  let wasThere = false;
  for (const one of queuesOf(queue)) wasThere = (await free(one, claim)) || wasThere;
  return wasThere;
}

function free(queue: JobQueue, { key, token }: Claim): Promise<boolean> {
  return onMine(queue, freeing(queue), key, token);
}

/** The statement that frees rows, without its WHERE. */
export function freeing({ words, shape }: JobQueue): Statement {
  return sql(
    shape === "legacy"
      ? `DELETE FROM ${words.jobs}`
      : `UPDATE ${words.jobs} SET status='pending', reserved_time=NULL`,
  );
}
