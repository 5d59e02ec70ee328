/**
 * @module
 * The queue of a table for people and programs that look at it: found, never declared. Workers open theirs with `Leases`.
 */
import type { Claim } from "../jobs/claim.ts";
import { type PythonReservation, type PythonWatch, releaseDeadPythonIn } from "../jobs/dead-python.ts";
import { withTwin } from "../jobs/jobs-table.ts";
import { isMine, type JobQueue, joined, makeQueue, type QueueShape } from "../jobs/queue.ts";
import { defaultTiming } from "../jobs/timing.ts";
import type { Populatable } from "./populatable.ts";
import { Todo } from "./todo.ts";

/** Which kind of job table holds the jobs of a table: what its schema's Python workers use; SQLite has `~~table` always. */
export function queueShape(table: Pick<Populatable, "generation" | "connection">): QueueShape {
  return table.generation === "legacy" && table.connection.dialect.can.concurrentWriters
    ? "legacy"
    : "current";
}

/** The queue of a table; undefined when no worker has declared its job table yet, so that it has no jobs. */
export async function findQueue(table: Populatable): Promise<JobQueue | undefined> {
  const { connection, schema, table: target } = table;
  const queue = makeQueue({
    connection,
    schema,
    target,
    shape: queueShape(table),
    timing: defaultTiming,
    key: new Todo(table).key,
  });
  const tables = await connection.dialect.catalogue.tables(connection, schema);
  const { queue: found, isDeclared } = withTwin(queue, tables);
  return isDeclared ? found : undefined;
}

/**
 * Looks at what datajoint-python workers have reserved of a table, and frees what dead ones left, by the rule of `PythonWatch`'s timing:
 * call it every minute or so with the same watch. Calls of populate do so by themselves.
 *
 * @returns every reservation of a Python worker, with host, pid and what was found about it
 */
export async function releaseDeadPython(
  table: Populatable,
  watch: PythonWatch,
): Promise<readonly PythonReservation[]> {
  const queue = await findQueue(table);
  return queue === undefined ? [] : releaseDeadPythonIn(queue, watch);
}

/** Whether the job of a key is held under this very token, late or not. */
export async function isHeld(queue: JobQueue, { key, token }: Claim): Promise<boolean> {
  const { rows } = await queue.connection.run(
    joined(`SELECT 1 AS there FROM ${queue.words.jobs} WHERE`, isMine(queue, key, token)),
  );
  return rows.length > 0;
}
