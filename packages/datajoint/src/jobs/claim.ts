/**
 * @module
 * Claims keys: one statement, decided by the server's row locks. Which were won is told by the token.
 */
import { hostname } from "node:os";
import { pack } from "../blob/encode.ts";
import type { RunResult } from "../connection/driver.ts";
import { LeaseLostError } from "../errors.ts";
import { type JobKey, keyOfRow, keyText, pythonKey } from "./job-key.ts";
import { keyHash } from "./key-hash.ts";
import { countToken, isJob, isKey, type JobQueue, joined, LEAST_TOKEN, sql } from "./queue.ts";
import { queuesOf } from "./twin.ts";

/** A key that this process holds, until it is done, lost, given back or late. */
export interface Claim {
  readonly key: JobKey;
  /** Unique, and larger than any earlier one of the key. */
  readonly token: bigint;
}

const WHO_BITS = 2_097_151n;

/** Reserves the keys that are free, all in one statement. None may be held by this process.
 *  @returns those won, in the order of `keys` */
export async function claim(queue: JobQueue, keys: readonly JobKey[]): Promise<readonly Claim[]> {
  if (keys.length === 0) return [];
  if (queue.words.counter !== undefined) return claimCounted(queue, keys);
  if (queue.twin !== undefined) return claimBoth(queue, keys);
  const result = await queue.connection.run(
    queue.shape === "legacy" ? insertLegacy(queue, keys) : updateCurrent(queue, keys, queue.words.nextToken),
  );
  if (result.affectedRows === 0) return [];
  // all rows that a statement makes have one token; those that it finds may have had a larger one before
  if (keys.length === 1 || (queue.shape === "legacy" && result.affectedRows === keys.length))
    return keys.map((key) => ({ key, token: result.insertId }));
  return won(queue, keys, result);
}

/** In both queues or not at all; a batch of which a part was taken is claimed one by one. */
async function claimBoth(queue: JobQueue, keys: readonly JobKey[]): Promise<readonly Claim[]> {
  const [legacy, current] = queuesOf(queue) as [JobQueue, JobQueue];
  try {
    return await queue.connection.transaction(async () => {
      const all = ({ affectedRows }: RunResult) => {
        // thrown to roll back
        if (affectedRows !== keys.length) throw new LeaseLostError("Not all keys were free in both queues.");
      };
      const made = await queue.connection.run(insertLegacy(legacy, keys));
      all(made);
      const token = made.insertId;
      all(await queue.connection.run(updateCurrent(current, keys, String(token))));
      return keys.map((key) => ({ key, token }));
    });
  } catch (error) {
    if (!(error instanceof LeaseLostError)) throw error;
  }
  const claims: Claim[] = [];
  if (keys.length > 1) for (const key of keys) claims.push(...(await claimBoth(queue, [key])));
  return claims;
}

function updateCurrent(queue: JobQueue, keys: readonly JobKey[], token: string) {
  const { words } = queue;
  return joined(
    sql(
      `UPDATE ${words.jobs} SET status='reserved', host=?, pid=?, user=${words.user}, version=?, connection_id=${token}, reserved_time=${words.time(queue.timing.leaseS)} WHERE (`,
      hostname(),
      process.pid,
      "",
    ),
    anyOf(queue, keys),
    `) AND status='pending' AND scheduled_time<=${words.time(0)}`,
  );
}

/** In the order of the rows, so that two batches never wait for each other's locks. */
function inOrder(queue: JobQueue, keys: readonly JobKey[]): readonly JobKey[] {
  const text = (key: JobKey) =>
    queue.shape === "legacy" ? keyHash(key, queue.key) : keyText(key, queue.key);
  return keys.toSorted((a, b) => (text(a) < text(b) ? -1 : 1));
}

function anyOf(queue: JobQueue, keys: readonly JobKey[]) {
  return joined(
    ...inOrder(queue, keys).flatMap((key, i) => [i === 0 ? "(" : "OR (", isJob(queue, key), ")"]),
  );
}

function insertLegacy(queue: JobQueue, keys: readonly JobKey[]) {
  const { words, connection } = queue;
  const quote = (name: string) => connection.dialect.writer.quote(name);
  const rows = inOrder(queue, keys).map((key, i) =>
    joined(
      i === 0 ? "" : "UNION ALL",
      sql(
        `SELECT ?,?,'reserved',?,?,?,${words.user},${words.newToken},${words.time(queue.timing.leaseS)} FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM ${words.target} WHERE`,
        queue.target,
        keyHash(key, queue.key),
        pack(pythonKey(key, queue.key)),
        hostname(),
        process.pid,
      ),
      isKey(queue, key),
      ")",
    ),
  );
  const columns = [
    "table_name",
    "key_hash",
    "status",
    "key",
    "host",
    "pid",
    "user",
    "connection_id",
    "timestamp",
  ].map(quote);
  return joined(`INSERT IGNORE INTO ${words.jobs} (${columns.join(",")})`, ...rows);
}

/** The rows of a batch that this session has just taken. The low bits of the last token name the session; asked for on any. */
async function won(
  queue: JobQueue,
  keys: readonly JobKey[],
  { insertId }: RunResult,
): Promise<readonly Claim[]> {
  const columns =
    queue.shape === "legacy"
      ? "key_hash"
      : queue.key.map((attribute) => queue.connection.dialect.writer.quote(attribute.name)).join(", ");
  const { rows } = await queue.connection.run(
    joined(
      `SELECT ${columns}, connection_id AS ${queue.connection.dialect.writer.quote("~token")} FROM ${queue.words.jobs} WHERE (`,
      anyOf(queue, keys),
      sql(
        ") AND status='reserved' AND connection_id>=? AND connection_id & 2097151 = ? AND host=? AND pid=?",
        LEAST_TOKEN,
        insertId & WHO_BITS,
        hostname(),
        process.pid,
      ),
    ),
  );
  const text = (key: JobKey) =>
    queue.shape === "legacy" ? keyHash(key, queue.key) : keyText(key, queue.key);
  const tokens = new Map(
    rows.map((row) => [
      queue.shape === "legacy" ? String(row.key_hash) : keyText(keyOfRow(row, queue.key), queue.key),
      BigInt(row["~token"] as number | bigint),
    ]),
  );
  return keys.flatMap((key) => {
    const token = tokens.get(text(key));
    return token === undefined ? [] : [{ key, token }];
  });
}

/** SQLite: the counter and the rows in one transaction; nobody else writes meanwhile. */
async function claimCounted(queue: JobQueue, keys: readonly JobKey[]): Promise<readonly Claim[]> {
  return queue.connection.transaction(async () => {
    const token = await countToken(queue);
    const names = queue.key
      .map((attribute) => queue.connection.dialect.writer.quote(attribute.name))
      .join(", ");
    const { rows } = await queue.connection.run(
      joined(
        updateCurrent(queue, keys, `max(${token}, connection_id+1)`),
        `RETURNING ${names}, connection_id AS ${queue.connection.dialect.writer.quote("~token")}`,
      ),
    );
    const tokens = new Map(
      rows.map((row) => [
        keyText(keyOfRow(row, queue.key), queue.key),
        BigInt(row["~token"] as number | bigint),
      ]),
    );
    return keys.flatMap((key) => {
      const won = tokens.get(keyText(key, queue.key));
      return won === undefined ? [] : [{ key, token: won }];
    });
  });
}
