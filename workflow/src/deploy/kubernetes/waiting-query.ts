/**
 * @module
 * One SQL text that returns how many keys wait for a worker: what KEDA's MySQL scaler asks every half a minute, with an account that may
 * only read.
 *
 * For each step: the key source, less what is computed, less the rows of the job table whose keys are not free (failed, ignored and, when
 * only free ones count, running with a lease that holds). `tenon status` counts the same, key by key; here rows of the job table whose
 * key was deleted since count too, until a worker purges them, so the number may be a little too low and never too high.
 */
import { findQueue, type JobQueue, not, type PopulateTable, Query } from "@tenon/datajoint";
import { inlined } from "../../populate/key-source-sql.ts";
import type { TableStep } from "../../populate/process.ts";
import { workers } from "../../populate/worker.ts";

export interface WaitingQuery {
  /** A SELECT of one number, without parameters. */
  readonly sql: string;
  /** Steps whose job table no worker has made yet: what failed in them would not be taken off. */
  readonly withoutQueue: readonly string[];
}

/** Tokens of Tenon's leases begin here; what is smaller is a connection of a Python worker, and has no expiry (leases.md 2). */
const leastToken = 2 ** 40;

/** @param counts  "free": keys that could be taken now; "unfinished": those, and those that are being computed */
export async function waitingQuery(worker: string, counts: "free" | "unfinished"): Promise<WaitingQuery> {
  const steps = workers[worker]!.steps.filter((step) => step.kind === "table");
  const withoutQueue: string[] = [];
  const terms: string[] = [];
  for (const { process, table } of steps as readonly TableStep[]) {
    const queue = await findQueue(table);
    if (queue === undefined) withoutQueue.push(process);
    const taken = queue === undefined ? "" : `-(${takenSql(queue, counts)})`;
    terms.push(`GREATEST(0,(${leftSql(table)})${taken})`);
  }
  return { sql: `SELECT ${terms.join(" + ")}`, withoutQueue };
}

/** How many keys of the key source are not in the table. */
function leftSql(table: PopulateTable): string {
  const { connection, schema, table: name, heading } = table;
  const target = new Query(connection, { kind: "table", schema, table: name, heading }).proj();
  const left = new Query(connection, table.keySource().node).proj().restrict(not(target));
  return inlined(connection.dialect.writer.count(left.node));
}

/** How many rows of the job table say that their key is not to be taken. */
function takenSql({ shape, target, words }: JobQueue, counts: "free" | "unfinished"): string {
  const own = shape === "legacy" ? `table_name='${target}' AND ` : "";
  const held = `(status='reserved' AND (connection_id<${leastToken} OR ${words.expiry}>=${words.time(0)}))`;
  return `SELECT COUNT(*) FROM ${words.jobs} WHERE ${own}(status IN ('error','ignore')${counts === "free" ? ` OR ${held}` : ""})`;
}
