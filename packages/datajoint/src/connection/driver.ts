/**
 * @module
 * What a database driver does: run statements with bound parameters, stream rows, hold one transaction on one session.
 *
 * Values cross this border exactly: integers past 2^53 as bigint, decimals and temporal values as the server's text, bytes as
 * Uint8Array. Decoding to what users see (uuid text, JSON, blobs) is done above, from the heading.
 */

/** A value as the driver binds and returns it. */
export type SqlValue = null | string | number | bigint | Uint8Array;

export type SqlRow = { readonly [name: string]: SqlValue };

export interface Statement {
  readonly text: string;
  readonly parameters: readonly SqlValue[];
  /** Result columns that an expression made. A DECIMAL among them (MySQL's sums and means of integers) comes as a number when that is
   *  exact, so that the databases agree; columns of tables keep their decimal text. */
  readonly computed?: ReadonlySet<string>;
}

export interface RunResult {
  readonly rows: readonly SqlRow[];
  /** Rows that the statement matched (mysql2 counts matched rows, not changed ones). */
  readonly affectedRows: number;
  /** LAST_INSERT_ID, exact. */
  readonly insertId: bigint;
}

/** Runs statements: a pooled connection, or the one session of a transaction. Every failure is an error of `errors.ts`. */
export interface Session {
  run(statement: Statement): Promise<RunResult>;
  /** Rows one after the other, without holding them all; ends the cursor when the loop is left. */
  stream(statement: Statement): AsyncIterable<SqlRow>;
}

export interface TransactionOptions {
  /** Session variables for this connection alone, e.g. `{ wait_timeout: 40 }`; ignored where the database has none. */
  readonly variables?: Readonly<Record<string, number | string>>;
}

/** What one statement may carry. */
export interface StatementLimits {
  /** Bytes of one statement with its values (MySQL: max_allowed_packet). */
  readonly bytes: number;
  /** Bound parameters of one statement. */
  readonly parameters: number;
}

export interface Driver extends Session {
  readonly limits: StatementLimits;
  /** Runs `work` between START TRANSACTION (SQLite: BEGIN IMMEDIATE) and COMMIT on one session; ROLLBACK when it throws.
   *  A lost connection is never replaced inside. */
  transaction<T>(work: (session: Session) => Promise<T>, options?: TransactionOptions): Promise<T>;
  close(): Promise<void>;
}
