/**
 * @module
 * MySQL and MariaDB through mysql2.
 *
 * Protocols. Results are read in the text protocol, where temporal values come as the server writes them and as Python sees them. There the
 * server rounds FLOAT to six digits, so the writer asks for FLOAT columns as DOUBLE (mysql/writer.ts). Writes that carry bytes are
 * prepared and sent in the binary protocol: the text protocol would send each byte as two hexadecimal digits, so that a blob of half
 * max_allowed_packet would be refused.
 */
import { createConnection, type Connection as Mysql2Connection, setMaxParserCache } from "mysql2/promise";
import type {
  Driver,
  RunResult,
  Session,
  SqlRow,
  SqlValue,
  Statement,
  StatementLimits,
  TransactionOptions,
} from "../../connection/driver.ts";
import { DataJointError, LostConnectionError } from "../../errors.ts";
import { callbackConnection } from "./callback-connection.ts";
import { Pool, type Pooled } from "./pool.ts";
import { makeRowReader, type ResultColumn } from "./read-rows.ts";
import { askServer, within } from "./session-state.ts";
import { checkSettings, type MysqlSettings, mysql2Options } from "./settings.ts";
import { isLost, translateError } from "./translate-error.ts";
import { Watchdog, type WatchdogTiming, watchdogTiming } from "./watchdog.ts";

/** datajoint-python's mode: strict, and "text" stays a string literal. */
const sqlMode =
  "NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ONLY_FULL_GROUP_BY";

/** Rows that a stream may hold before it pauses the socket. */
const streamBufferRows = 256;

/** Statements that change nothing, and so may be sent again when the connection was lost. */
const readPattern = /^\s*\(?\s*(select|show|describe|explain|with)\b/i;
const lockPattern = /\bfor\s+(update|share)\b|\bget_lock\s*\(|\blast_insert_id\s*\(/i;

// shapes of results whose reader mysql2 keeps; its own 15 000 are half a megabyte before the first
setMaxParserCache(1000);

export class MysqlDriver implements Driver {
  readonly limits: StatementLimits;
  readonly isMariadb: boolean;
  readonly #pool: Pool;
  readonly #line: Line;

  constructor(pool: Pool, line: Line, isMariadb: boolean, maxPacketBytes: number) {
    this.#pool = pool;
    this.#line = line;
    this.isMariadb = isMariadb;
    // the server's limit is for the packet; leave room for headers
    this.limits = { bytes: maxPacketBytes - 1024, parameters: 65_535 };
  }

  async run(statement: Statement): Promise<RunResult> {
    const isRead = readPattern.test(statement.text) && !lockPattern.test(statement.text);
    for (let attempt = 0; ; attempt++) {
      const pooled = await this.#pool.acquire("", isOnlyBriefer);
      try {
        const result = await runOn(pooled.session, statement, this.#line);
        this.#pool.release(pooled);
        return result;
      } catch (error) {
        const lost = error instanceof LostConnectionError;
        this.#pool.release(pooled, lost);
        if (!(lost && isRead && attempt === 0)) throw error;
      }
    }
  }

  async *stream(statement: Statement): AsyncIterable<SqlRow> {
    const pooled = await this.#pool.acquire();
    let isDone = false;
    try {
      yield* streamOn(pooled.session, statement, this.#line);
      isDone = true;
    } finally {
      // leaving early closes the session: reading a long rest to its end would cost more than a new one
      this.#pool.release(pooled, !isDone);
    }
  }

  async transaction<T>(work: (session: Session) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    const pooled = await this.#begin(JSON.stringify(options.variables ?? {}));
    const session = new TransactionSession(pooled.session, this.#line);
    let isClean = false;
    try {
      const result = await work(session);
      await session.idle();
      await runOn(pooled.session, plain("COMMIT"), this.#line);
      isClean = true;
      return result;
    } catch (error) {
      if (!(error instanceof LostConnectionError)) {
        try {
          await session.idle();
          await runOn(pooled.session, plain("ROLLBACK"), this.#line);
          isClean = true;
        } catch {
          // the session is closed below, and the server rolls back what a closed session leaves
        }
      }
      throw error;
    } finally {
      session.isOver = true;
      this.#pool.release(pooled, !isClean);
    }
  }

  async close(): Promise<void> {
    this.#line.watchdog.close();
    await this.#pool.close();
  }

  /** A session in an open transaction. A session that was lost while idle is replaced: nothing has happened on it yet. */
  async #begin(variables: string): Promise<Pooled> {
    for (let attempt = 0; ; attempt++) {
      const pooled = await this.#pool.acquire(variables === "{}" ? "" : variables);
      try {
        await runOn(pooled.session, plain("START TRANSACTION"), this.#line);
        return pooled;
      } catch (error) {
        this.#pool.release(pooled, true);
        if (!(error instanceof LostConnectionError && attempt === 0)) throw error;
      }
    }
  }
}

class TransactionSession implements Session {
  isOver = false;
  readonly #session: Mysql2Connection;
  readonly #line: Line;
  #isStreaming = false;
  #isLost = false;
  /** The last statement sent; COMMIT waits for it, also when the caller did not. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(session: Mysql2Connection, line: Line) {
    this.#session = session;
    this.#line = line;
  }

  async run(statement: Statement): Promise<RunResult> {
    this.#check();
    const running = runOn(this.#session, statement, this.#line);
    this.#last = running.catch(() => undefined);
    try {
      return await running;
    } catch (error) {
      if (error instanceof LostConnectionError) this.#isLost = true;
      throw error;
    }
  }

  async *stream(statement: Statement): AsyncIterable<SqlRow> {
    this.#check();
    this.#isStreaming = true;
    try {
      yield* streamOn(this.#session, statement, this.#line);
    } finally {
      this.#isStreaming = false;
    }
  }

  idle(): Promise<unknown> {
    return this.#last;
  }

  #check(): void {
    if (this.isOver) throw new DataJointError("A statement came after the end of its transaction.");
    if (this.#isLost) {
      throw new LostConnectionError(
        `The connection to ${this.#line.where} was lost inside a transaction; nothing of it was committed.`,
      );
    }
    if (this.#isStreaming) {
      throw new DataJointError(
        "A transaction has one session, and it is busy with a stream: use fetch() inside the transaction, or finish the stream first.",
      );
    }
  }
}

/** Opens a connection to a server and learns what it is.
 *  @throws AccessError, LostConnectionError, SettingsError */
export async function openMysql(
  settings: MysqlSettings,
  timing: WatchdogTiming = watchdogTiming,
): Promise<MysqlDriver> {
  checkSettings(settings);
  const where = `${settings.user}@${settings.host}:${settings.port ?? 3306}`;
  const options = mysql2Options(settings);
  const openMs = 2 * (options.connectTimeout ?? 10_000);
  const open = async (tag: string): Promise<Mysql2Connection> => {
    let session: Mysql2Connection | undefined;
    try {
      session = await within(openMs, createConnection(options), (late) => late.destroy());
      const variables = { ...settings.variables, ...(tag === "" ? {} : JSON.parse(tag)) };
      await within(openMs, session.query(setUp(variables)));
      return session;
    } catch (error) {
      session?.destroy();
      throw translateError(error, where);
    }
  };
  const watchdog = new Watchdog(askServer(options, timing), where, timing);
  const line = { where, watchdog };
  const pool = new Pool(open, settings.maxSessions ?? 8, where);
  const first = await pool.acquire();
  let rows: readonly SqlRow[];
  try {
    ({ rows } = await runOn(
      first.session,
      plain("SELECT VERSION() AS version, @@max_allowed_packet AS packet"),
      line,
    ));
  } catch (error) {
    pool.release(first, true);
    watchdog.close();
    throw error;
  }
  pool.release(first);
  const { version, packet } = rows[0]!;
  return new MysqlDriver(pool, line, /mariadb/i.test(String(version)), Number(packet));
}

/** The time zone is left as the server has it: timestamps are naive local times, as Python reads them. */
function setUp(variables: Readonly<Record<string, number | string>>): string {
  const assignments = Object.entries(variables).map(([name, value]) => {
    if (!/^[a-z_]+$/.test(name)) throw new DataJointError(`'${name}' is not the name of a session variable.`);
    if (typeof value === "number") return `${name}=${value}`;
    return `${name}='${value.replaceAll(/['\\]/g, (character) => character + character)}'`;
  });
  return `SET SESSION ${[`sql_mode='${sqlMode}'`, "autocommit=1", ...assignments].join(", ")}`;
}

function plain(text: string): Statement {
  return { text, parameters: [] };
}

/** Where a session leads, and who watches its statements. */
interface Line {
  readonly where: string;
  readonly watchdog: Watchdog;
}

/** Whether a session's own variables only end it sooner when it is idle, so that any single statement may run on it: a worker then needs
 *  one session for its reads and its insert transactions. */
function isOnlyBriefer(tag: string): boolean {
  return /^\{"wait_timeout":\d+\}$/.test(tag);
}

async function runOn(
  session: Mysql2Connection,
  statement: Statement,
  { where, watchdog }: Line,
): Promise<RunResult> {
  try {
    const { text } = statement;
    const values = statement.parameters.map(encodeParameter);
    const isBinary =
      !readPattern.test(text) && statement.parameters.some((value) => value instanceof Uint8Array);
    const [result, fields] = await watchdog.watch(
      session,
      isBinary ? session.execute(text, values as never) : session.query(text, values),
    );
    if (!Array.isArray(result)) {
      const { affectedRows, insertId } = result;
      return { rows: [], affectedRows, insertId: BigInt(insertId) };
    }
    const read = makeRowReader(fields as unknown as ResultColumn[], statement.computed);
    const rows = result as unknown as Record<string, SqlValue>[];
    for (const row of rows) read(row);
    return { rows, affectedRows: rows.length, insertId: 0n };
  } catch (error) {
    throw translateError(error, where, statement.text);
  }
}

async function* streamOn(
  session: Mysql2Connection,
  statement: Statement,
  { where, watchdog }: Line,
): AsyncIterable<SqlRow> {
  const query = callbackConnection(session).query<Record<string, SqlValue>>(
    statement.text,
    statement.parameters.map(encodeParameter),
  );
  let read: ((row: Record<string, SqlValue>) => void) | undefined;
  query.on("fields", (fields) => {
    read = makeRowReader(fields, statement.computed);
  });
  const rows = query.stream({ highWaterMark: streamBufferRows });
  const end = watchdog.begin(session, (error) => rows.destroy(error));
  try {
    for await (const row of rows) {
      read?.(row);
      yield row;
    }
  } catch (error) {
    throw isLost(error) || error instanceof Error ? translateError(error, where, statement.text) : error;
  } finally {
    end();
  }
}

function encodeParameter(value: SqlValue): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new DataJointError(`${value} cannot be sent to the database: MySQL has no such number.`);
  }
  if (value !== null && typeof value === "object")
    throw new DataJointError(`A parameter is text, a number, bytes or null, not ${String(value)}.`);
  if (value === undefined) throw new DataJointError("A parameter is undefined.");
  return value;
}
