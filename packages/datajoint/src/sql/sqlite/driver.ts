/**
 * @module
 * SQLite in a file, for many processes at once.
 *
 * - One handle reads, one writes. Writers of this process take turns in a queue, so that an open transaction and a single write never wait
 *   for each other's file lock inside one event loop.
 * - A lock held by another process is waited for with timers, never inside SQLite, so the event loop goes on; after 30 s the write
 *   fails with RetryTransactionError.
 * - Calls themselves are synchronous: a statement takes the event loop for as long as it runs. Streams give way between batches.
 */
import { mkdirSync, statfsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type {
  Driver,
  RunResult,
  Session,
  SqlRow,
  Statement,
  StatementLimits,
} from "../../connection/driver.ts";
import { DataJointError, RetryTransactionError, SettingsError } from "../../errors.ts";
import { isRead, SqliteDatabase } from "./database.ts";
import { isBusy, translateError } from "./translate-error.ts";
import { WriteQueue } from "./write-queue.ts";

export interface SqliteSettings {
  readonly kind: "sqlite";
  /** The database file; made, with its folder, when it is not there. */
  readonly path: string;
  /** Seconds to wait for another process's write. Default: 30. */
  readonly busyTimeoutS?: number;
}

/** Rows of a stream between two turns of the event loop. */
const streamBatchRows = 256;

/** Magic numbers of statfs(2) of file systems whose locks do not hold between machines. */
const networkFileSystems = new Map([
  [0x6969, "NFS"],
  [0xff534d42, "CIFS"],
  [0xfe534d42, "SMB2"],
  [0x517b, "SMB"],
]);

export class SqliteDriver implements Driver {
  readonly limits: StatementLimits = { bytes: 64 * 2 ** 20, parameters: 32_000 };
  readonly #path: string;
  readonly #busyMs: number;
  readonly #reader: SqliteDatabase;
  readonly #writer: SqliteDatabase;
  readonly #queue: WriteQueue;

  constructor(path: string, busyMs: number, reader: SqliteDatabase, writer: SqliteDatabase) {
    this.#path = path;
    this.#busyMs = busyMs;
    this.#reader = reader;
    this.#writer = writer;
    this.#queue = new WriteQueue(busyMs);
  }

  async run(statement: Statement): Promise<RunResult> {
    if (isRead(statement))
      return untilFree(() => this.#reader.run(statement), this.#busyMs, this.#path, statement.text);
    return this.#queue.take(() =>
      untilFree(() => this.#writer.run(statement), this.#busyMs, this.#path, statement.text),
    );
  }

  async *stream(statement: Statement): AsyncIterable<SqlRow> {
    // a handle of its own: an open statement would keep other reads of the shared handle at its snapshot
    const database = await untilFree(() => new SqliteDatabase(this.#path, true), this.#busyMs, this.#path);
    try {
      yield* iterate(database, statement, this.#path);
    } finally {
      database.close();
    }
  }

  async transaction<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.#queue.take(async () => {
      await untilFree(
        () => this.#writer.exec("BEGIN IMMEDIATE"),
        this.#busyMs,
        this.#path,
        "BEGIN IMMEDIATE",
      );
      const session = new TransactionSession(this.#writer, this.#path);
      try {
        const result = await work(session);
        session.isOver = true;
        await untilFree(() => this.#writer.exec("COMMIT"), this.#busyMs, this.#path, "COMMIT");
        return result;
      } catch (error) {
        session.isOver = true;
        // a full disk has rolled back already
        if (this.#writer.inTransaction) this.#writer.exec("ROLLBACK");
        throw error;
      }
    });
  }

  async close(): Promise<void> {
    await this.#queue.drain();
    this.#reader.close();
    this.#writer.close();
  }
}

class TransactionSession implements Session {
  isOver = false;
  readonly #database: SqliteDatabase;
  readonly #path: string;

  constructor(database: SqliteDatabase, path: string) {
    this.#database = database;
    this.#path = path;
  }

  async run(statement: Statement): Promise<RunResult> {
    this.#check();
    try {
      return this.#database.run(statement);
    } catch (error) {
      throw translateError(error, this.#path, statement.text);
    }
  }

  async *stream(statement: Statement): AsyncIterable<SqlRow> {
    this.#check();
    for await (const row of iterate(this.#database, statement, this.#path)) {
      yield row;
      this.#check();
    }
  }

  #check(): void {
    if (this.isOver) throw new DataJointError("A statement came after the end of its transaction.");
    if (!this.#database.inTransaction) {
      throw new RetryTransactionError(
        "SQLite has rolled this transaction back after an error; run it again.",
        "rolled-back",
      );
    }
  }
}

/** Opens a database file for this process, making it when it is not there.
 *  @throws SettingsError when the file is not a database, cannot be opened, or lies on a network file system */
export async function openSqlite(settings: SqliteSettings): Promise<SqliteDriver> {
  if (typeof settings.path !== "string" || settings.path === "") {
    throw new SettingsError("The path of the SQLite database is missing.", "path");
  }
  const path = settings.path === ":memory:" ? settings.path : resolve(settings.path);
  if (path === ":memory:") {
    throw new SettingsError(
      "SQLite in memory cannot be shared between readers and writers; give the path of a file.",
      "path",
    );
  }
  prepareFolder(path);
  const busyMs = (settings.busyTimeoutS ?? 30) * 1000;
  const opened: SqliteDatabase[] = [];
  try {
    const open = (readOnly: boolean) =>
      untilFree(
        () => {
          const database = new SqliteDatabase(path, readOnly);
          opened.push(database);
          return database;
        },
        busyMs,
        path,
      );
    const writer = await open(false);
    await untilFree(
      () => writer.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL"),
      busyMs,
      path,
    );
    const reader = await open(true);
    return new SqliteDriver(path, busyMs, reader, writer);
  } catch (error) {
    for (const database of opened) database.close();
    throw error;
  }
}

function prepareFolder(path: string): void {
  const folder = dirname(path);
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new SettingsError(
      `The folder ${folder} for the database cannot be made: ${(error as Error).message}`,
      "path",
      { cause: error },
    );
  }
  const network = networkFileSystems.get(statfsSync(folder).type);
  if (network !== undefined) {
    throw new SettingsError(
      `The folder ${folder} is on ${network}, where SQLite's locks do not hold: use a local disk, or MySQL for several machines.`,
      "path",
    );
  }
}

async function* iterate(database: SqliteDatabase, statement: Statement, path: string): AsyncIterable<SqlRow> {
  let count = 0;
  try {
    for (const row of database.iterate(statement)) {
      yield row;
      if (++count % streamBatchRows === 0) await nextTurn();
    }
  } catch (error) {
    throw translateError(error, path, statement.text);
  }
}

/** Tries until no other process holds the lock. A busy statement has had no effect, so it can be tried again as it is. */
async function untilFree<T>(attempt: () => T, busyMs: number, path: string, statement?: string): Promise<T> {
  const deadline = Date.now() + busyMs;
  for (let i = 0; ; i++) {
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error) || Date.now() >= deadline) throw translateError(error, path, statement);
    }
    // random, so that many processes do not return in step
    await sleep(1 + Math.random() * Math.min(50, 2 ** Math.min(i, 6)));
  }
}
