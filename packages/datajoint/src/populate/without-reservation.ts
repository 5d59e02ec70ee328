/**
 * @module
 * Populate without a table of jobs: a key is looked up before it is computed and again inside the insert transaction, and the primary key
 * decides between workers that computed the same.
 */
import { randomInt } from "node:crypto";
import type { JobKey } from "../jobs/job-key.ts";
import { type Job, runAttempt } from "./attempt.ts";
import type { PopulateOptions } from "./options.ts";
import type { Tally } from "./tally.ts";

/** Computes the keys that are left, one after the other. */
export async function populateWithoutReservation(
  job: Job,
  tally: Tally,
  order: PopulateOptions["order"] = "original",
): Promise<void> {
  const keys = [...(await job.todo.keys())];
  if (order === "reverse") keys.reverse();
  if (order === "random") shuffle(keys);
  for (const [i, key] of keys.entries()) {
    if (job.ending.aborted || tally.left <= 0) return;
    const startMs = performance.now();
    // the first may be a long time before the last
    if (i > 0 && (await job.todo.isPresent(key))) {
      job.tell({ kind: "skipped", key, durationS: 0 });
      continue;
    }
    const attempt = { key, token: makeToken() };
    job.tell({ kind: "started", key, attempt, isTakeover: false });
    const outcome = await runAttempt(job, attempt, undefined);
    tally.end(key, attempt, outcome, (performance.now() - startMs) / 1000);
  }
}

const EPOCH_MS = Date.UTC(2020, 0, 1);

/** A number like the token of a lease, by this machine's clock: milliseconds since 2020, and 21 random bits. */
function makeToken(): bigint {
  return (BigInt(Date.now() - EPOCH_MS) << 21n) | BigInt(randomInt(2 ** 21));
}

function shuffle(keys: JobKey[]): void {
  for (let i = keys.length - 1; i > 0; i--) {
    const other = randomInt(i + 1);
    [keys[i], keys[other]] = [keys[other]!, keys[i]!];
  }
}
