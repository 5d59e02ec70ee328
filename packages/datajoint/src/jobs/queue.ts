/**
 * @module
 * The queue of one table: which job table it is, and the words in which databases differ.
 *
 * A row is held by a Tenon worker while `status='reserved'` and `connection_id` is that claim's token; tokens are 2^40 and more, Python's
 * connection ids less. The expiry is in `timestamp` (`~jobs`) or `reserved_time` (`~~table`). Contract: leases.md 1 to 4.
 *
 * What a newcomer would get wrong: `connection_id` stays in rows that are free or failed, since it makes the next token larger; so no
 * statement may look at it without `status='reserved'`.
 */
import type { RunResult, Session, SqlValue, Statement, TransactionOptions } from "../connection/driver.ts";
import type { HeadingAttribute } from "../definition/heading.ts";
import type { Dialect } from "../sql/dialect.ts";
import { boundValue, type JobKey } from "./job-key.ts";
import { keyHash } from "./key-hash.ts";
import type { LeaseTiming } from "./timing.ts";

/** What the queue needs of a connection. */
export interface QueueConnection extends Session {
  readonly dialect: Dialect;
  transaction<T>(work: () => Promise<T>, options?: TransactionOptions): Promise<T>;
}

/** One table of jobs for a whole schema (`~jobs`, datajoint-python 0.14), or one for each table (`~~table`, 2.x and SQLite). */
export type QueueShape = "legacy" | "current";

/** Tokens begin here; what is smaller in `connection_id` is a connection of a Python worker. */
export const LEAST_TOKEN = 2n ** 40n;

export interface JobQueue {
  readonly connection: QueueConnection;
  readonly shape: QueueShape;
  readonly timing: LeaseTiming;
  readonly schema: string;
  /** Name of the table to be computed, as the database knows it: `__spike_sorting`. */
  readonly target: string;
  /** Name of the job table, not quoted. */
  readonly jobs: string;
  /** Attributes of the key, in the target's order. */
  readonly key: readonly HeadingAttribute[];
  readonly words: QueueWords;
  /** The queue of the other generation, where workers of both are at the table; a lease is then in both (twin.ts). It has no twin. */
  readonly twin: JobQueue | undefined;
}

/** SQL in which databases and shapes differ. All are expressions, without parameters. */
export interface QueueWords {
  /** The job table and the target, quoted. */
  readonly jobs: string;
  readonly target: string;
  /** The column that holds the expiry, quoted. */
  readonly expiry: string;
  /** The server's time in so many seconds. */
  readonly time: (inSeconds: number) => string;
  readonly insertIgnore: string;
  readonly user: string;
  /** Token of a row that is born; of a row that is there. Both are what LAST_INSERT_ID then returns. */
  readonly newToken: string;
  readonly nextToken: string;
  /** The counter of tokens where the database has no connection ids to make them from (SQLite). */
  readonly counter: string | undefined;
}

const MILLISECONDS = "TIMESTAMPDIFF(MICROSECOND,'2020-01-01',UTC_TIMESTAMP(3)) DIV 1000";
const WHO = "(CONNECTION_ID() & 2097151)";

export function makeQueue(fields: Omit<JobQueue, "jobs" | "words" | "twin">): JobQueue {
  const { connection, shape, schema, target } = fields;
  const { writer, can } = connection.dialect;
  const jobs = shape === "legacy" ? "~jobs" : currentJobsName(target);
  const isEmbedded = !can.concurrentWriters;
  const precise = shape === "legacy" ? "" : "(3)";
  return {
    ...fields,
    jobs,
    twin: undefined,
    words: {
      jobs: writer.table(schema, jobs),
      target: writer.table(schema, target),
      expiry: writer.quote(shape === "legacy" ? "timestamp" : "reserved_time"),
      time: isEmbedded
        ? (seconds) => `strftime('%Y-%m-%d %H:%M:%f','now','${seconds < 0 ? "" : "+"}${seconds} seconds')`
        : (seconds) =>
            `CURRENT_TIMESTAMP${precise} + INTERVAL ${shape === "legacy" ? Math.ceil(seconds) : seconds} SECOND`,
      insertIgnore: isEmbedded ? "INSERT OR IGNORE" : "INSERT IGNORE",
      user: isEmbedded ? "''" : "USER()",
      newToken: `LAST_INSERT_ID(${MILLISECONDS} << 21 | ${WHO})`,
      nextToken: `LAST_INSERT_ID(GREATEST(${MILLISECONDS}, (connection_id >> 21) + 1) << 21 | ${WHO})`,
      counter: isEmbedded ? writer.table(schema, "~token") : undefined,
    },
  };
}

/** `__spike_sorting` has its jobs in `~~spike_sorting`. */
export function currentJobsName(target: string): string {
  return `~~${target.replace(/^_+/, "")}`;
}

/** A piece of SQL with its parameters. */
export function sql(text: string, ...parameters: SqlValue[]): Statement {
  return { text, parameters };
}

/** Pieces one after the other, with blanks between. */
export function joined(...pieces: (string | Statement)[]): Statement {
  return {
    text: pieces.map((piece) => (typeof piece === "string" ? piece : piece.text)).join(" "),
    parameters: pieces.flatMap((piece) => (typeof piece === "string" ? [] : [...piece.parameters])),
  };
}

/** That a row is the job of this key. */
export function isJob(queue: JobQueue, key: JobKey): Statement {
  if (queue.shape === "legacy")
    return sql("table_name=? AND key_hash=?", queue.target, keyHash(key, queue.key));
  return isKey(queue, key);
}

/** That a row has this key, in the target as in `~~table`. */
export function isKey(queue: JobQueue, key: JobKey): Statement {
  const { writer } = queue.connection.dialect;
  return {
    text: queue.key.map((attribute) => `${writer.quote(attribute.name)}=?`).join(" AND "),
    parameters: queue.key.map((attribute) => boundValue(key, attribute)),
  };
}

/** That a row is the job of this key and held under this token. */
export function isMine(queue: JobQueue, key: JobKey, token: bigint): Statement {
  return joined(isJob(queue, key), sql("AND status='reserved' AND connection_id=?", token));
}

/** Runs a statement on the row that this claim must still hold; whether it did. */
export async function onMine(queue: JobQueue, what: Statement, key: JobKey, token: bigint): Promise<boolean> {
  const { affectedRows } = await queue.connection.run(joined(what, "WHERE", isMine(queue, key, token)));
  return affectedRows === 1;
}

/** The next token where tokens are counted. Inside a transaction: rolled back with it, so no row ever has it. */
export async function countToken(queue: JobQueue): Promise<bigint> {
  const { rows }: RunResult = await queue.connection.run(
    sql(`UPDATE ${queue.words.counter} SET n=n+1 RETURNING n`),
  );
  return BigInt(rows[0]!.n as number | bigint);
}
