/**
 * @module
 * What people see of a queue: its rows with status, message and stack, and freeing those that failed.
 *
 * What a newcomer would get wrong: a reserved row is alive while its expiry lies ahead; a worker that was killed leaves a reserved row that
 * is late for up to a minute, until another takes it over.
 */
import { unpack } from "../blob/decode.ts";
import type { SqlRow, Statement } from "../connection/driver.ts";
import { type JobKey, keyOfPython, keyOfRow } from "./job-key.ts";
import { isJob, type JobQueue, joined, LEAST_TOKEN, sql } from "./queue.ts";
import { queuesOf } from "./twin.ts";

export type JobStatus = "pending" | "reserved" | "error" | "ignore" | "success";

export interface JobRow {
  readonly key: JobKey;
  readonly status: JobStatus;
  /** `ClassName: message` of a failed job; "" without one. */
  readonly message: string;
  /** The stack of a failed job; "" without one. */
  readonly stack: string;
  readonly user: string;
  readonly host: string;
  readonly pid: number;
  /** When it was last touched, as the server writes it; for a reserved row of Tenon when its lease ends. */
  readonly time: string;
  /** Reserved by a Tenon worker, and its lease is over. Of Python's reservations nobody knows. */
  readonly isLate: boolean;
}

/** Rows of a queue, oldest first; those of one status when it is given. Of a key that is in two queues, the row that says more. */
export async function readJobs(queue: JobQueue, status?: JobStatus): Promise<readonly JobRow[]> {
  if (queue.twin === undefined) return readRows(queue, status);
  const rows = new Map<string, JobRow>();
  for (const one of queuesOf(queue)) {
    for (const row of await readRows(one, undefined)) {
      const id = JSON.stringify(row.key, (_, value) => (typeof value === "bigint" ? String(value) : value));
      const known = rows.get(id);
      if (known === undefined || known.status === "pending") rows.set(id, row);
    }
  }
  return [...rows.values()].filter((row) => status === undefined || row.status === status);
}

/** Which of some queues of one connection have failed jobs: one question for all, since mostly none has. */
export async function withErrors<Queue extends JobQueue>(
  queues: readonly Queue[],
): Promise<readonly Queue[]> {
  const [first] = queues;
  if (first === undefined) return [];
  const columns = queues.map((queue, i) => {
    const any = queuesOf(queue).map((one) => {
      const isTarget = one.shape === "legacy" ? [sql("AND table_name=?", one.target)] : [];
      return joined(`EXISTS (SELECT 1 FROM ${one.words.jobs} WHERE status='error'`, ...isTarget, ")");
    });
    const either = any.flatMap((one, j) => (j === 0 ? [one] : ["OR", one]));
    return joined(i === 0 ? "" : ",", ...either, `AS q${i}`);
  });
  const { rows } = await first.connection.run(joined("SELECT", ...columns));
  return queues.filter((_, i) => Number(rows[0]![`q${i}`]) > 0);
}

async function readRows(queue: JobQueue, status: JobStatus | undefined): Promise<readonly JobRow[]> {
  const { words, connection, shape } = queue;
  const quote = (name: string) => connection.dialect.writer.quote(name);
  const legacy = shape === "legacy";
  const ended = legacy
    ? words.expiry
    : `COALESCE(CASE WHEN status='reserved' THEN ${words.expiry} ELSE completed_time END, ${words.expiry}, created_time)`;
  const columns = [
    ...(legacy ? ["key_hash", quote("key")] : queue.key.map(({ name }) => quote(name))),
    "status, error_message, error_stack, host, pid",
    `${quote("user")}`,
    `${ended} AS ${quote("~time")}`,
    `CASE WHEN status='reserved' AND connection_id>=${LEAST_TOKEN} AND ${words.expiry}<${words.time(0)} THEN 1 ELSE 0 END AS ${quote("~late")}`,
  ];
  const filters = [
    ...(legacy ? [sql("table_name=?", queue.target)] : []),
    ...(status === undefined ? [] : [sql("status=?", status)]),
  ];
  const where = filters.flatMap((filter, i) => [i === 0 ? "WHERE" : "AND", filter]);
  const { rows } = await connection.run(
    joined(`SELECT ${columns.join(", ")} FROM ${words.jobs}`, ...where, `ORDER BY ${quote("~time")}`),
  );
  return Promise.all(rows.map((row) => jobRow(queue, row)));
}

/** Makes failed (or ignored) jobs free again.
 * @param keys  only these, as `readJobs` gives them; all of that status when absent
 * @returns how many were freed */
export async function freeJobs(
  queue: JobQueue,
  status: "error" | "ignore",
  keys?: readonly JobKey[],
): Promise<number> {
  let freed = 0;
  // an error stands in both queues of a table that has two
  for (const one of queuesOf(queue)) freed = Math.max(freed, await freeRows(one, status, keys));
  return freed;
}

/** Marks failed jobs as ignored: they stay with their message, and no worker tries them until they are freed.
 * @param keys  only these, as `readJobs` gives them
 * @returns how many were marked */
export async function ignoreJobs(queue: JobQueue, keys: readonly JobKey[]): Promise<number> {
  let marked = 0;
  for (const key of keys) {
    let isMarked = false;
    for (const one of queuesOf(queue)) {
      const where = [
        ...(one.shape === "legacy" ? [sql("table_name=? AND", one.target)] : []),
        "status='error' AND",
        isRow(one, key),
      ];
      const { affectedRows } = await one.connection.run(
        joined(`UPDATE ${one.words.jobs} SET status='ignore' WHERE`, ...where),
      );
      isMarked ||= affectedRows > 0;
    }
    if (isMarked) marked++;
  }
  return marked;
}

async function freeRows(
  queue: JobQueue,
  status: "error" | "ignore",
  keys: readonly JobKey[] | undefined,
): Promise<number> {
  const { words, connection, shape } = queue;
  const what =
    shape === "legacy"
      ? sql(`DELETE FROM ${words.jobs} WHERE table_name=? AND status=?`, queue.target, status)
      : sql(
          `UPDATE ${words.jobs} SET status='pending', scheduled_time=${words.time(0)}, error_message='', error_stack=NULL, completed_time=NULL WHERE status=?`,
          status,
        );
  if (keys === undefined) return (await connection.run(what)).affectedRows;
  let freed = 0;
  for (const key of keys)
    freed += (await connection.run(joined(what, "AND", isRow(queue, key)))).affectedRows;
  return freed;
}

function isRow(queue: JobQueue, key: JobKey): Statement {
  const isHash = queue.shape === "legacy" && !queue.key.every(({ name }) => name in key);
  if (!isHash || typeof key.key_hash !== "string") return isJob(queue, key);
  return sql("table_name=? AND key_hash=?", queue.target, key.key_hash);
}

async function jobRow(queue: JobQueue, row: SqlRow): Promise<JobRow> {
  const key = queue.shape === "legacy" ? legacyKey(queue, row) : keyOfRow(row, queue.key);
  const stack = row.error_stack instanceof Uint8Array ? await unpack(row.error_stack) : "";
  return {
    key,
    status: String(row.status) as JobStatus,
    message: String(row.error_message ?? ""),
    stack: typeof stack === "string" ? stack : JSON.stringify(stack),
    user: String(row.user ?? ""),
    host: String(row.host ?? ""),
    pid: Number(row.pid ?? 0),
    time: String(row["~time"] ?? ""),
    isLate: Number(row["~late"]) === 1,
  };
}

/** The key beside a row's hash; only the hash when it cannot be read. */
export function legacyKey(queue: JobQueue, row: SqlRow): JobKey {
  if (row.key instanceof Uint8Array) {
    try {
      const key = keyOfPython(row.key, queue.key);
      // of a job that was reserved when the table had another key: the hash goes with it, and names the row
      return queue.key.every(({ name }) => name in key) ? key : { ...key, key_hash: String(row.key_hash) };
    } catch {
      // a key that Python packed with types that this package does not know: the hash still names the row
    }
  }
  return { key_hash: String(row.key_hash) };
}
