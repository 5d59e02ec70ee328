/**
 * @module
 * Late leases, and the first of the two looks before one is taken over.
 *
 * A lease counts as abandoned when it was late at two looks at least `grace` apart with the very same expiry. So after an outage of the
 * server, a failover or a step of its clock, when every lease looks late, no live worker loses one: it renews between the looks.
 */
import type { SqlRow } from "../connection/driver.ts";
import { type JobKey, keyOfPython, keyOfRow, keyText } from "./job-key.ts";
import { keyHash } from "./key-hash.ts";
import { type JobQueue, LEAST_TOKEN, sql } from "./queue.ts";
import { queuesOf } from "./twin.ts";

/** A lease further ahead than this was written before the clock was set back. */
const AHEAD_S = 600;

export interface LateJob {
  readonly key: JobKey;
  readonly token: bigint;
  /** As the server wrote it; compared, never read. */
  readonly expiry: string;
  /** The queue that has the row. */
  readonly queue: JobQueue;
}

/** Rows of Tenon workers whose lease is late now; of a lease in two queues, both. */
export async function listLate(queue: JobQueue): Promise<readonly LateJob[]> {
  const late: LateJob[] = [];
  for (const one of queuesOf(queue)) late.push(...(await listLateIn(one)));
  return late;
}

async function listLateIn(queue: JobQueue): Promise<readonly LateJob[]> {
  const { words, connection, shape } = queue;
  const { writer } = connection.dialect;
  const columns =
    shape === "legacy"
      ? `key_hash, ${writer.quote("key")}`
      : queue.key.map((attribute) => writer.quote(attribute.name)).join(", ");
  const { rows } = await connection.run(
    sql(
      `SELECT ${columns}, connection_id AS ${writer.quote("~token")}, ${words.expiry} AS ${writer.quote("~expiry")} FROM ${words.jobs}` +
        ` WHERE ${shape === "legacy" ? "table_name=? AND " : ""}status='reserved' AND connection_id>=? AND (${words.expiry}<${words.time(0)} OR ${words.expiry}>${words.time(AHEAD_S)})`,
      ...(shape === "legacy" ? [queue.target] : []),
      LEAST_TOKEN,
    ),
  );
  return rows.flatMap((row) => {
    const key = shape === "legacy" ? legacyKey(queue, row) : keyOfRow(row, queue.key);
    if (key === undefined) return [];
    return [{ key, token: BigInt(row["~token"] as number | bigint), expiry: String(row["~expiry"]), queue }];
  });
}

/** The key that a row of `~jobs` holds beside its hash; undefined when it is not the one that was hashed. */
function legacyKey(queue: JobQueue, row: SqlRow): JobKey | undefined {
  if (!(row.key instanceof Uint8Array)) return undefined;
  const key = keyOfPython(row.key, queue.key);
  const hasAll = queue.key.every(({ name }) => name in key);
  return hasAll && keyHash(key, queue.key) === row.key_hash ? key : undefined;
}

/** Remembers when each late lease was seen first. One for each queue, kept for as long as the process works on it. */
export class LateWatch {
  readonly #seen = new Map<string, number>();

  /**
   * Takes note of a look. A look has two times, since the answer may be a whole outage younger than the question: the first look counts
   * from its answer, the second from its question.
   *
   * @param askedMs  before `listLate`, of a clock that is never set
   * @param answeredMs  after it
   * @returns those seen with the same expiry at least `grace` ago
   */
  look(queue: JobQueue, late: readonly LateJob[], askedMs: number, answeredMs = askedMs): readonly LateJob[] {
    const sightings = late.map((job) => {
      return { job, id: `${job.queue.jobs} ${keyText(job.key, queue.key)} ${job.token} ${job.expiry}` };
    });
    const present = new Set(sightings.map(({ id }) => id));
    for (const id of this.#seen.keys()) if (!present.has(id)) this.#seen.delete(id);
    for (const { id } of sightings) if (!this.#seen.has(id)) this.#seen.set(id, answeredMs);
    return sightings
      .filter(({ id }) => askedMs - this.#seen.get(id)! >= queue.timing.graceS * 1000)
      .map(({ job }) => job);
  }

  /** How many late leases the last look saw. */
  get count(): number {
    return this.#seen.size;
  }
}
