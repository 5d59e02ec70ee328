/**
 * @module
 * One open handle of a SQLite file, and the only file that imports node:sqlite (its classes are being renamed there).
 *
 * Integers are bound and read as bigint at this border: node:sqlite binds every number as REAL, which a column without INTEGER
 * affinity would keep as 5.0, and rounds what it reads past 2^53.
 */
import { DatabaseSync } from "node:sqlite";
import type { RunResult, SqlRow, SqlValue, Statement } from "../../connection/driver.ts";
import { DataJointError, ValueError } from "../../errors.ts";
import { addFunctions } from "./functions.ts";
import { type Bound, inlined } from "./inline-parameters.ts";

/** Statements that change nothing. */
const readPattern = /^\s*\(?\s*(select|with|values|explain|pragma\s+[\w.]+\s*(\(|$))/i;

export class SqliteDatabase {
  readonly #db: DatabaseSync;

  /** @param readOnly  refuses writes, without opening the file read-only: WAL needs to write beside it */
  constructor(path: string, readOnly: boolean) {
    this.#db = new DatabaseSync(path, {
      enableForeignKeyConstraints: true,
      timeout: 0,
      enableDoubleQuotedStringLiterals: false,
    });
    if (readOnly) this.#db.exec("PRAGMA query_only = ON");
    addFunctions(this.#db);
  }

  get inTransaction(): boolean {
    return this.#db.isTransaction;
  }

  exec(text: string): void {
    this.#db.exec(text);
  }

  run(statement: Statement): RunResult {
    const { text, parameters } = inlined(statement.text, statement.parameters.map(encodeParameter));
    const prepared = this.#prepare(text);
    if (prepared.columns().length === 0) {
      const { changes, lastInsertRowid } = prepared.run(...parameters);
      return { rows: [], affectedRows: Number(changes), insertId: BigInt(lastInsertRowid) };
    }
    const rows = prepared.all(...parameters) as Record<string, SqlValue>[];
    for (const row of rows) readIntegers(row);
    return { rows, affectedRows: rows.length, insertId: 0n };
  }

  *iterate(statement: Statement): Iterable<SqlRow> {
    const { text, parameters } = inlined(statement.text, statement.parameters.map(encodeParameter));
    for (const row of this.#prepare(text).iterate(...parameters)) {
      readIntegers(row as Record<string, SqlValue>);
      yield row as SqlRow;
    }
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }

  #prepare(text: string) {
    const prepared = this.#db.prepare(text);
    prepared.setReadBigInts(true);
    return prepared;
  }
}

export function isRead(statement: Statement): boolean {
  return readPattern.test(statement.text);
}

function encodeParameter(value: SqlValue): Bound {
  if (value === null || typeof value === "string" || value instanceof Uint8Array) return value;
  if (typeof value === "bigint") {
    if (BigInt.asIntN(64, value) === value) return value;
    throw new ValueError(
      `${value} is too large for SQLite, whose whole numbers go from -2^63 to 2^63-1. Use MySQL or MariaDB for larger ones.`,
    );
  }
  if (typeof value === "number") {
    if (Number.isNaN(value))
      throw new DataJointError("NaN cannot be sent to the database: SQLite would store NULL.");
    return Number.isSafeInteger(value) && !Object.is(value, -0) ? BigInt(value) : value;
  }
  // an object in first place would be read as named parameters, and bind nothing
  throw new DataJointError(`A parameter is text, a number, bytes or null, not ${String(value)}.`);
}

function readIntegers(row: Record<string, SqlValue>): void {
  for (const name in row) {
    const value = row[name];
    if (typeof value === "bigint" && value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER)
      row[name] = Number(value);
  }
}
