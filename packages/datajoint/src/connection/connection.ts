/**
 * @module
 * A connection to a database: the dialect, and statements routed to the transaction that the caller is in.
 *
 * Transactions are ambient: whatever is awaited inside `transaction(work)` runs on its session, without a handle being passed along.
 * What a newcomer would get wrong: a promise started inside and not awaited outlives the transaction; its statements are then refused.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { DataJointError, LostConnectionError, RetryTransactionError } from "../errors.ts";
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

/** The ambient transaction, or a part of it behind a savepoint: its session, until it ends. */
interface Ambient {
  readonly session: Session;
  isOver: boolean;
  /** The parts behind savepoints that are under way or waiting; what else runs here waits for them. */
  parts: Promise<void> | undefined;
  /** What a part is of. */
  readonly outer: Ambient | undefined;
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
    return ambient !== undefined && !hasEnded(ambient);
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
    const ambient = this.#ambient.getStore();
    while (ambient?.parts !== undefined) await ambient.parts;
    return this.#session().run(statement);
  }

  /** Streams the rows of one statement; memory is bounded by a row or a small batch. */
  stream(statement: Statement): AsyncIterable<SqlRow> {
    const session = this.#session();
    const parts = this.#ambient.getStore()?.parts;
    return parts === undefined ? session.stream(statement) : streamAfter(parts, session, statement);
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
      const ambient: Ambient = { session, isOver: false, parts: undefined, outer: undefined };
      try {
        const result = await this.#ambient.run(ambient, work);
        // a part that began is finished, so that it is not committed by halves
        while (ambient.parts !== undefined) await ambient.parts;
        return result;
      } finally {
        ambient.isOver = true;
      }
    }, options);
  }

  /**
   * Runs `work` so that all of its statements take effect or none: in a transaction of its own, or, inside one, behind a savepoint, so that
   * the caller may catch what it throws and go on. Other statements of the transaction wait until it is done: they would be undone with it.
   */
  async atomically<T>(work: () => Promise<T>): Promise<T> {
    const ambient = this.#ambient.getStore();
    if (ambient === undefined) return this.transaction(work);
    const before = ambient.parts;
    let leave!: () => void;
    const mine = new Promise<void>((resolve) => {
      leave = resolve;
    });
    const parts = before === undefined ? mine : before.then(() => mine);
    ambient.parts = parts;
    try {
      await before;
      return await this.#behindSavepoint(ambient, work);
    } finally {
      if (ambient.parts === parts) ambient.parts = undefined;
      leave();
    }
  }

  async #behindSavepoint<T>(outer: Ambient, work: () => Promise<T>): Promise<T> {
    const part: Ambient = { session: outer.session, isOver: false, parts: undefined, outer };
    const send = async (text: string) => {
      if (hasEnded(outer)) throw endedError();
      await outer.session.run({ text, parameters: [] });
    };
    await send("SAVEPOINT tenon_part");
    try {
      const result = await this.#ambient.run(part, work);
      await send("RELEASE SAVEPOINT tenon_part");
      return result;
    } catch (error) {
      // a deadlock has undone the whole transaction, and its savepoints
      if (
        !(error instanceof RetryTransactionError || error instanceof LostConnectionError || hasEnded(outer))
      )
        await send("ROLLBACK TO SAVEPOINT tenon_part");
      throw error;
    } finally {
      part.isOver = true;
    }
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
    if (hasEnded(ambient)) throw endedError();
    return ambient.session;
  }

  #refuseClosed(): void {
    if (this.#isClosed) throw new DataJointError(`The connection ${this.name} is closed.`);
  }
}

async function* streamAfter(
  parts: Promise<void>,
  session: Session,
  statement: Statement,
): AsyncIterable<SqlRow> {
  await parts;
  yield* session.stream(statement);
}

function hasEnded(ambient: Ambient): boolean {
  return ambient.isOver || (ambient.outer !== undefined && hasEnded(ambient.outer));
}

function endedError(): DataJointError {
  return new DataJointError(
    "A statement came after the end of the transaction it belongs to: a promise made inside transaction() was not awaited there.",
  );
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
