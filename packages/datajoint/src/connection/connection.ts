/**
 * @module
 * A connection to a database: the dialect, and statements routed to the transaction that the caller is in.
 *
 * Transactions are ambient: whatever is awaited inside `transaction(work)` runs on its session, without a handle being passed along.
 * What a newcomer would get wrong: a promise started inside and not awaited outlives the transaction; its statements are then refused.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { DataJointError } from "../errors.ts";
import type { Dialect } from "../sql/dialect.ts";
import { openDatabase } from "../sql/dialects.ts";
import type { MysqlSettings } from "../sql/mysql/settings.ts";
import type { SqliteSettings } from "../sql/sqlite/driver.ts";
import type {
  Driver,
  RunResult,
  Session,
  SqlRow,
  Statement,
  StatementLimits,
  TransactionOptions,
} from "./driver.ts";

export type { MysqlSettings, SqliteSettings };

/** Which database to open, and how. */
export type ConnectionSettings = MysqlSettings | SqliteSettings;

/** The ambient transaction: its session, until the transaction ends. */
interface Ambient {
  readonly session: Session;
  isOver: boolean;
}

export class Connection implements Session {
  readonly dialect: Dialect;
  /** Where it leads, without the password: `mysql://user@host:3306`, `sqlite:/x/tenon.sqlite`. */
  readonly name: string;
  readonly #driver: Driver;
  readonly #settings: ConnectionSettings;
  readonly #ambient = new AsyncLocalStorage<Ambient>();
  #isClosed = false;

  constructor(dialect: Dialect, driver: Driver, name: string, settings: ConnectionSettings) {
    this.dialect = dialect;
    this.#driver = driver;
    this.name = name;
    this.#settings = settings;
    open.add(this);
  }

  /** True inside `transaction(work)`, for the code that the work runs and awaits. */
  get inTransaction(): boolean {
    const ambient = this.#ambient.getStore();
    return ambient !== undefined && !ambient.isOver;
  }

  /** What it was opened with, password included, for further connections to the same database. A getter, so that printing a connection
   *  does not show the password. */
  get settings(): ConnectionSettings {
    return this.#settings;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** What one statement may carry on this database. */
  get limits(): StatementLimits {
    return this.#driver.limits;
  }

  /** Runs one statement, on the ambient transaction's session if there is one.
   *  @throws QueryError and its kin, LostConnectionError */
  async run(statement: Statement): Promise<RunResult> {
    return this.#session().run(statement);
  }

  /** Streams the rows of one statement; memory is bounded by a row or a small batch. */
  stream(statement: Statement): AsyncIterable<SqlRow> {
    return this.#session().stream(statement);
  }

  /**
   * Runs `work` in one transaction: COMMIT when it resolves, ROLLBACK when it throws.
   *
   * @throws DataJointError when called inside another transaction of this connection
   * @throws RetryTransactionError when the whole transaction should be run again (deadlock, lock wait, busy file)
   * @throws LostConnectionError when the session ended; nothing was committed, unless it was lost during the COMMIT itself
   */
  async transaction<T>(work: () => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    if (this.inTransaction) {
      throw new DataJointError(
        "transaction() was called inside a transaction: transactions do not nest. Run the inner work directly; it is part of the outer one.",
      );
    }
    this.#refuseClosed();
    return this.#driver.transaction(async (session) => {
      const ambient: Ambient = { session, isOver: false };
      try {
        return await this.#ambient.run(ambient, work);
      } finally {
        ambient.isOver = true;
      }
    }, options);
  }

  /** Closes every session of this connection. Idempotent. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    open.delete(this);
    await this.#driver.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #session(): Session {
    this.#refuseClosed();
    const ambient = this.#ambient.getStore();
    if (ambient === undefined) return this.#driver;
    if (ambient.isOver) {
      throw new DataJointError(
        "A statement came after the end of the transaction it belongs to: a promise made inside transaction() was not awaited there.",
      );
    }
    return ambient.session;
  }

  #refuseClosed(): void {
    if (this.#isClosed) throw new DataJointError(`The connection ${this.name} is closed.`);
  }
}

const open = new Set<Connection>();

/** Connections of this process that are not closed; for leak checks. */
export function openConnections(): readonly Connection[] {
  return [...open];
}

/**
 * Opens a connection, and proves it by talking to the server.
 *
 * @throws AccessError when user name and password do not match, naming user@host
 * @throws LostConnectionError when the host refuses, or cannot be found or reached
 * @throws SettingsError when a setting contradicts another, or the file cannot be used as a database
 */
export async function connect(settings: ConnectionSettings): Promise<Connection> {
  const { dialect, driver, name } = await openDatabase(settings);
  return new Connection(dialect, driver, name, settings);
}
