/**
 * @module
 * The insert transaction of one key: fence, the same fetch again, rows, COMMIT. It is repeated as a whole, so an insert part may run
 * more than once for one computation.
 *
 * What a newcomer would get wrong: after a connection lost during COMMIT nobody knows whether it arrived. The next run's fence does: the
 * job's row went with the commit.
 */

import type { TransactionOptions } from "../connection/driver.ts";
import { DataJointError, DuplicateError, LeaseLostError, LostConnectionError } from "../errors.ts";
import { runInsideMake } from "../table/inside-make.ts";
import type { Attempt, Make, MakeContext } from "../table/make.ts";
import { fingerprint } from "./fingerprint.ts";
import type { Populatable } from "./populatable.ts";
import { retry } from "./retry.ts";
import type { Todo } from "./todo.ts";

/** A connection that is lost so often inside one insert part is lost because of it. */
const MOST_LOSSES = 5;

/** What holds the key for this attempt. */
export interface Guard {
  /** Ends the job, inside the transaction. @throws LeaseLostError */
  fence(): Promise<void>;
  /** Whether nobody can have taken the key over yet, so that rows in the table can only be this attempt's. */
  isSurelyMine(): boolean;
  readonly transaction: TransactionOptions;
}

export interface InsertPlan {
  readonly table: Populatable;
  readonly make: Make;
  readonly todo: Todo;
  readonly attempt: Attempt;
  readonly context: MakeContext;
  /** Undefined without reservation: then the primary key decides. */
  readonly guard: Guard | undefined;
  readonly computed: unknown;
  /** Fingerprint of the first fetch. */
  readonly fetched: string;
  /** Ends waits between repetitions. */
  readonly signal: AbortSignal;
  /** Whether the rows that are there are this attempt's, for callers whose rows say so. */
  readonly ownsRows?: ((attempt: Attempt) => Promise<boolean>) | undefined;
}

/** @returns "present" when the table had rows of the key already: then nothing was inserted, and the job is ended
 *  @throws LeaseLostError when the key is another worker's now; what make.insert throws */
export async function insertOnce(plan: InsertPlan): Promise<"done" | "present"> {
  const { table, guard, todo, attempt } = plan;
  let mayHaveArrived = false;
  const losses: LostConnectionError[] = [];
  const once = async (): Promise<"done" | "present"> => {
    const reached = { rows: false, commit: false };
    try {
      return await table.connection.transaction(async () => {
        // first of all: a read before it would fix a snapshot
        await guard?.fence();
        // the fence holds, so nothing of the earlier runs has arrived
        if (losses.length >= MOST_LOSSES) throw interrupted(plan, losses.at(-1)!);
        reached.rows = true;
        const result = await insertInside(plan);
        reached.commit = true;
        return result;
      }, guard?.transaction);
    } catch (error) {
      if (error instanceof LostConnectionError) {
        mayHaveArrived ||= reached.commit;
        if (reached.rows) losses.push(error);
      } else if (error instanceof LeaseLostError && mayHaveArrived && (await hasArrived(plan))) return "done";
      else if (error instanceof DuplicateError && (await todo.isPresent(attempt.key))) {
        if (guard !== undefined) await table.connection.transaction(() => guard.fence(), guard.transaction);
        return "present";
      }
      throw error;
    }
  };
  const result = await retry(once, {
    signal: plan.signal,
    reconnects: guard === undefined ? 3 : Number.POSITIVE_INFINITY,
  });
  if (result === "present" && mayHaveArrived && guard === undefined)
    return (await plan.ownsRows?.(attempt)) === false ? "present" : "done";
  return result;
}

async function insertInside({
  table,
  make,
  todo,
  attempt,
  context,
  guard,
  computed,
  fetched,
}: InsertPlan): Promise<"done" | "present"> {
  if ((guard === undefined || todo.isKeyPartial) && (await todo.isPresent(attempt.key))) return "present";
  if (fingerprint(await make.fetch(attempt.key)) !== fetched) {
    throw new DataJointError(
      `Referential integrity failed! What fetch reads for ${table.className ?? table.table} has changed while it was computed. Nothing was inserted; populate again, with the new data.`,
    );
  }
  await runInsideMake([{ schema: table.schema, table: table.table }], async () =>
    make.insert(attempt.key, computed, context),
  );
  return "done";
}

function interrupted({ table }: InsertPlan, cause: LostConnectionError): DataJointError {
  return new DataJointError(
    `The connection was lost ${MOST_LOSSES} times inside the insert part of ${table.className ?? table.table}. Nothing was inserted. The server ends a transaction in which nothing happens for a while, so what takes long belongs into compute. ${cause.message}`,
    { cause },
  );
}

/** After the fence found no row: whether it was our own commit that took it. */
async function hasArrived({ todo, attempt, guard, ownsRows }: InsertPlan): Promise<boolean> {
  if (!(await todo.isPresent(attempt.key))) return false;
  return ownsRows === undefined ? guard!.isSurelyMine() : ownsRows(attempt);
}
