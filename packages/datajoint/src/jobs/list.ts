/**
 * @module
 * What may be claimed now: two SELECTs that lock nothing.
 */
import { type JobKey, keyOfRow, keyText } from "./job-key.ts";
import { keyHash } from "./key-hash.ts";
import { isJob, type JobQueue, joined, sql } from "./queue.ts";
import { listedQueue, queuesOf } from "./twin.ts";

/** Rows of one list: workers that take one key each spread over the first few; those that take batches need more to spread over. */
const ROWS_ONE = 256;
const ROWS_BATCH = 1024;

/** Keys that are still to be computed: key source minus target, under the caller's restrictions. */
export type Todo = (limit: number) => Promise<readonly JobKey[]>;

export interface ListOptions {
  readonly todo: Todo;
  /** Only these keys; undefined when the caller restricts nothing. Used with `~~table`, whose rows are listed, not the key source. */
  readonly among?: ReadonlySet<string> | undefined;
  /** How many keys are claimed at once. */
  readonly wanted: number;
}

/** Keys that are free, to be claimed from the first on: those of the best priority, from a random one on and around, so that workers that
 *  list the same begin elsewhere and batches of neighbours meet as little as can be. Not all, when there are many. */
export async function listFree(queue: JobQueue, options: ListOptions): Promise<readonly JobKey[]> {
  const limit = options.wanted === 1 ? ROWS_ONE : ROWS_BATCH;
  const listed = listedQueue(queue);
  const keys =
    listed.shape === "legacy"
      ? await listLegacy(listed, options.todo, Math.max(8, options.wanted), limit)
      : await listCurrent(listed, options.among, limit);
  if (queue.twin === undefined) return turned(keys);
  const taken = await takenHashes(queuesOf(queue)[0]!);
  return turned(keys.filter((key) => !taken.has(keyHash(key, queue.key))));
}

async function listCurrent(
  queue: JobQueue,
  among: ReadonlySet<string> | undefined,
  limit: number,
): Promise<readonly JobKey[]> {
  const { words, connection } = queue;
  const { writer } = connection.dialect;
  const names = queue.key.map((attribute) => writer.quote(attribute.name));
  const there = names.map((name) => `t.${name}=q.${name}`).join(" AND ");
  const { rows } = await connection.run(
    sql(
      `SELECT ${names.map((name) => `q.${name}`).join(", ")}, q.priority AS ${writer.quote("~priority")}, EXISTS (SELECT 1 FROM ${words.target} t WHERE ${there}) AS ${writer.quote("~there")}` +
        ` FROM ${words.jobs} q WHERE q.status='pending' AND q.scheduled_time<=${words.time(0)} ORDER BY q.priority, q.scheduled_time${among === undefined ? ` LIMIT ${limit}` : ""}`,
    ),
  );
  const free: { key: JobKey; priority: number }[] = [];
  for (const row of rows) {
    const key = keyOfRow(row, queue.key);
    if (among !== undefined && !among.has(keyText(key, queue.key))) continue;
    if (Number(row["~there"]) === 0) free.push({ key, priority: Number(row["~priority"]) });
    // computed by someone without a reservation
    else
      await connection.run(
        joined(`DELETE FROM ${words.jobs} WHERE`, isJob(queue, key), "AND status='pending'"),
      );
  }
  const best = free[0]?.priority;
  return free.filter(({ priority }) => priority === best).map(({ key }) => key);
}

async function listLegacy(
  queue: JobQueue,
  todo: Todo,
  take: number,
  first: number,
): Promise<readonly JobKey[]> {
  // most looks of an idle worker end here
  if ((await todo(1)).length === 0) return [];
  const taken = await takenHashes(queue);
  // rows with errors stay: a limit may be full of them
  for (let limit = Math.max(first, 2 * taken.size); ; limit *= 4) {
    const keys = await todo(limit);
    const free = keys.filter((key) => !taken.has(keyHash(key, queue.key)));
    if (free.length >= take || keys.length < limit) return free;
  }
}

async function takenHashes(queue: JobQueue): Promise<ReadonlySet<string>> {
  const { rows } = await queue.connection.run(
    sql(`SELECT key_hash FROM ${queue.words.jobs} WHERE table_name=?`, queue.target),
  );
  return new Set(rows.map((row) => String(row.key_hash)));
}

/** The items from a random one on, and then those before it. */
function turned<T>(items: readonly T[]): readonly T[] {
  const start = Math.floor(Math.random() * items.length);
  return [...items.slice(start), ...items.slice(0, start)];
}
