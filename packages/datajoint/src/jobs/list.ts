/**
 * @module
 * What may be claimed now: two SELECTs that lock nothing.
 */
import { type JobKey, keyOfRow, keyText } from "./job-key.ts";
import { keyHash } from "./key-hash.ts";
import { isJob, type JobQueue, joined, sql } from "./queue.ts";

const CURRENT_LIMIT = 256;
const LEGACY_LIMIT = 1024;

/** Keys that are still to be computed: key source minus target, under the caller's restrictions. */
export type Todo = (limit: number) => Promise<readonly JobKey[]>;

export interface ListOptions {
  readonly todo: Todo;
  /** Only these keys; undefined when the caller restricts nothing. Used with `~~table`, whose rows are listed, not the key source. */
  readonly among?: ReadonlySet<string> | undefined;
  /** How many are wanted; a few more come, so that workers that list the same do not meet at one key. */
  readonly wanted: number;
}

/** A random few of the keys that are free, the most urgent first. */
export async function listFree(queue: JobQueue, options: ListOptions): Promise<readonly JobKey[]> {
  const take = Math.max(8, options.wanted);
  const keys =
    queue.shape === "legacy"
      ? await listLegacy(queue, options.todo, take)
      : await listCurrent(queue, options.among);
  return sample(keys, take);
}

async function listCurrent(
  queue: JobQueue,
  among: ReadonlySet<string> | undefined,
): Promise<readonly JobKey[]> {
  const { words, connection } = queue;
  const { writer } = connection.dialect;
  const names = queue.key.map((attribute) => writer.quote(attribute.name));
  const there = names.map((name) => `t.${name}=q.${name}`).join(" AND ");
  const { rows } = await connection.run(
    sql(
      `SELECT ${names.map((name) => `q.${name}`).join(", ")}, q.priority AS ${writer.quote("~priority")}, EXISTS (SELECT 1 FROM ${words.target} t WHERE ${there}) AS ${writer.quote("~there")}` +
        ` FROM ${words.jobs} q WHERE q.status='pending' AND q.scheduled_time<=${words.time(0)} ORDER BY q.priority, q.scheduled_time${among === undefined ? ` LIMIT ${CURRENT_LIMIT}` : ""}`,
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

async function listLegacy(queue: JobQueue, todo: Todo, take: number): Promise<readonly JobKey[]> {
  const { rows } = await queue.connection.run(
    sql(`SELECT key_hash FROM ${queue.words.jobs} WHERE table_name=?`, queue.target),
  );
  const taken = new Set(rows.map((row) => String(row.key_hash)));
  // rows with errors stay: a limit may be full of them
  for (let limit = LEGACY_LIMIT; ; limit *= 4) {
    const keys = await todo(limit);
    const free = keys.filter((key) => !taken.has(keyHash(key, queue.key)));
    if (free.length >= take || keys.length < limit) return free;
  }
}

/** `count` of the items, at random and in random order. */
function sample<T>(items: readonly T[], count: number): readonly T[] {
  const rest = [...items];
  for (let i = 0; i < Math.min(count, rest.length); i++) {
    const other = i + Math.floor(Math.random() * (rest.length - i));
    [rest[i], rest[other]] = [rest[other]!, rest[i]!];
  }
  return rest.slice(0, count);
}
