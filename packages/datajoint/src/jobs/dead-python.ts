/**
 * @module
 * Frees what datajoint-python workers reserved that have died: Python never does, so their keys would stay reserved until a person deletes
 * the rows. Contract: leases.md 8.
 *
 * What a newcomer would get wrong: a connection that is in no process list does not prove a death, since both generations of
 * datajoint-python reconnect silently and insert. Hence the rule: absent at two looks two minutes apart, reserved for ten minutes, and
 * connections are numbered as they were then (the server has not restarted since). A wrong verdict is bounded by the primary key: one
 * set of rows gets in, unless the job's key is only part of it (race R1).
 */
import type { SqlRow } from "../connection/driver.ts";
import { freeing } from "./give-back.ts";
import { legacyKey } from "./inspect.ts";
import { type JobKey, keyOfRow } from "./job-key.ts";
import { isKey, type JobQueue, joined, LEAST_TOKEN, sql } from "./queue.ts";
import { monotonicMs } from "./timing.ts";
import { queuesOf } from "./twin.ts";

export interface PythonTiming {
  /** Least time between the two looks at which the connection is absent. Default 120 s. */
  readonly betweenLooksS: number;
  /** Least age of the reservation. Default 600 s. */
  readonly leastAgeS: number;
  /** Least age of one that is older than the server's last start, after which every connection has another number. Default 24 h. */
  readonly restartedAgeS: number;
}

export const pythonTiming: PythonTiming = { betweenLooksS: 120, leastAgeS: 600, restartedAgeS: 86_400 };

/**
 * - `alive`: its connection is there.
 * - `suspected`: it is not, and too little time has passed to judge.
 * - `restarted`: the server has been started since; connections tell nothing. Judged after `restartedAgeS`.
 * - `cannot tell`: the account sees only its own connections; grant it PROCESS.
 * - `released`: free again, by this call.
 */
export type PythonVerdict = "alive" | "suspected" | "restarted" | "cannot tell" | "released";

/** A reservation of a Python worker, and what was found about it. */
export interface PythonReservation {
  readonly schema: string;
  /** The table to be computed, as the database knows it. */
  readonly target: string;
  /** The job table that has it: `~jobs`, or `~~table`. */
  readonly jobs: string;
  readonly key: JobKey;
  /** As datajoint-python wrote them: `user@host` of the account, machine, process. */
  readonly user: string;
  readonly host: string;
  readonly pid: number;
  readonly connectionId: number;
  /** How long ago it was made, by the server's clock, in seconds. */
  readonly ageS: number;
  readonly verdict: PythonVerdict;
}

/** Remembers which connections were absent since when; one for each process, kept for as long as it works. */
export class PythonWatch {
  readonly timing: PythonTiming;
  readonly #absent = new Map<string, number>();

  constructor(timing: Partial<PythonTiming> = {}) {
    this.timing = { ...pythonTiming, ...timing };
  }

  /** Takes note of the absent reservations of one queue. @returns those absent before, for long enough */
  look(queue: JobQueue, absent: readonly string[], askedMs: number, answeredMs: number): ReadonlySet<string> {
    const own = `${queue.schema}.${queue.target} ${queue.jobs} `;
    const present = new Set(absent.map((id) => own + id));
    for (const id of this.#absent.keys()) if (id.startsWith(own) && !present.has(id)) this.#absent.delete(id);
    for (const id of present) if (!this.#absent.has(id)) this.#absent.set(id, answeredMs);
    const leastMs = this.timing.betweenLooksS * 1000;
    return new Set(absent.filter((id) => askedMs - this.#absent.get(own + id)! >= leastMs));
  }
}

/** Looks at every reservation of a Python worker in a queue, and frees those whose worker is dead by the rule. To be called every minute
 *  or so with the same watch: the first call never frees anything.
 *  @returns all of them, with what was found */
export async function releaseDeadPythonIn(
  queue: JobQueue,
  watch: PythonWatch,
): Promise<readonly PythonReservation[]> {
  if (!queue.connection.dialect.can.concurrentWriters) return [];
  const all: PythonReservation[] = [];
  for (const one of queuesOf(queue)) all.push(...(await releaseIn(one, watch)));
  return all;
}

async function releaseIn(queue: JobQueue, watch: PythonWatch): Promise<readonly PythonReservation[]> {
  const askedMs = monotonicMs();
  const rows = await readReservations(queue);
  if (rows.length === 0) {
    watch.look(queue, [], askedMs, askedMs);
    return [];
  }
  const sight = await readSight(queue);
  const idOf = (row: SqlRow) => JSON.stringify([row["~row"], row["~connection"], row["~since"]].map(String));
  const isAbsent = (row: SqlRow) => Number(row["~there"]) === 0 && sight.sees(String(row.user));
  const due = watch.look(queue, rows.filter(isAbsent).map(idOf), askedMs, monotonicMs());
  const found: PythonReservation[] = [];
  for (const row of rows) {
    const ageS = Number(row["~age"]);
    let verdict: PythonVerdict = "suspected";
    if (Number(row["~there"]) > 0) verdict = "alive";
    else if (!sight.sees(String(row.user))) verdict = "cannot tell";
    else {
      const isOlderThanServer = ageS >= sight.uptimeS;
      const leastAgeS = isOlderThanServer ? watch.timing.restartedAgeS : watch.timing.leastAgeS;
      if (isOlderThanServer) verdict = "restarted";
      if (due.has(idOf(row)) && ageS >= leastAgeS) {
        if (!(await release(queue, row))) continue;
        verdict = "released";
      }
    }
    found.push({
      schema: queue.schema,
      target: queue.target,
      jobs: queue.jobs,
      key: keyOf(queue, row),
      user: String(row.user),
      host: String(row.host),
      pid: Number(row.pid),
      connectionId: Number(row["~connection"]),
      ageS,
      verdict,
    });
  }
  return found;
}

async function readReservations({
  connection,
  words,
  shape,
  target,
  key,
}: JobQueue): Promise<readonly SqlRow[]> {
  const quote = (name: string) => connection.dialect.writer.quote(name);
  const names =
    shape === "legacy"
      ? ["key_hash", "key"].map((name) => `q.${quote(name)}`)
      : key.map(({ name }) => `q.${quote(name)}`);
  const row = shape === "legacy" ? "q.key_hash" : `CONCAT_WS('|', ${names.join(", ")})`;
  const since = `q.${words.expiry}`;
  const { rows } = await connection.run(
    sql(
      `SELECT ${names.join(", ")}, q.${quote("user")}, q.host, q.pid, ${row} AS ${quote("~row")}, q.connection_id AS ${quote("~connection")}, ${since} AS ${quote("~since")},` +
        ` COALESCE(TIMESTAMPDIFF(SECOND, ${since}, CURRENT_TIMESTAMP), 0) AS ${quote("~age")},` +
        ` q.connection_id IN (SELECT id FROM information_schema.processlist) AS ${quote("~there")}` +
        ` FROM ${words.jobs} q WHERE ${shape === "legacy" ? "q.table_name=? AND " : ""}q.status='reserved' AND q.connection_id>0 AND q.connection_id<?`,
      ...(shape === "legacy" ? [target] : []),
      LEAST_TOKEN,
    ),
  );
  return rows;
}

/** Whose connections this account sees, and since when connections are numbered as they are. */
async function readSight({ connection }: JobQueue) {
  const { rows } = await connection.run(
    sql(
      "SELECT SUBSTRING_INDEX(CURRENT_USER(), '@', 1) AS account, " +
        "EXISTS (SELECT 1 FROM information_schema.user_privileges WHERE privilege_type='PROCESS' AND " +
        "grantee=CONCAT('''', SUBSTRING_INDEX(CURRENT_USER(), '@', 1), '''@''', SUBSTRING_INDEX(CURRENT_USER(), '@', -1), '''')) OR " +
        // granted by a role, which that table does not show: then the connections of others are there
        "EXISTS (SELECT 1 FROM information_schema.processlist WHERE user <> SUBSTRING_INDEX(CURRENT_USER(), '@', 1)) AS sees_all",
    ),
  );
  const status = await connection.run(sql("SHOW GLOBAL STATUS LIKE 'Uptime'"));
  const account = String(rows[0]!.account);
  const seesAll = Number(rows[0]!.sees_all) > 0;
  return {
    sees: (user: string) => seesAll || user.slice(0, user.lastIndexOf("@")) === account,
    uptimeS: Number(Object.values(status.rows[0]!)[1]),
  };
}

/** Frees the row as it was seen. @returns whether it still was */
async function release(queue: JobQueue, row: SqlRow): Promise<boolean> {
  const isRow =
    queue.shape === "legacy"
      ? sql("table_name=? AND key_hash=?", queue.target, row.key_hash!)
      : isKey(queue, keyOfRow(row, queue.key));
  const { affectedRows } = await queue.connection.run(
    joined(
      freeing(queue),
      "WHERE",
      isRow,
      sql(
        `AND status='reserved' AND connection_id=? AND ${queue.words.expiry}=?`,
        row["~connection"]!,
        row["~since"]!,
      ),
    ),
  );
  return affectedRows === 1;
}

function keyOf(queue: JobQueue, row: SqlRow): JobKey {
  return queue.shape === "legacy" ? legacyKey(queue, row) : keyOfRow(row, queue.key);
}
