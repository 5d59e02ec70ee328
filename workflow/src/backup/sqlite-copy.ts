/**
 * @module
 * A copy of a SQLite database as it is at one moment, made while workers go on, and the rows of such a file.
 */
import { type Connection, connect, type SqlValue } from "@tenon/datajoint";
import { readTables } from "../migration/verify/check.ts";
import { type BackedUpTable, BackupError } from "./manifest.ts";
import { RowSum } from "./row-sum.ts";

/** Copies the database of a connection into a file that is not there yet, compacted. */
export async function copySqlite(connection: Connection, path: string): Promise<void> {
  await connection.run({ text: "VACUUM INTO ?", parameters: [path] });
}

export interface SqliteContent {
  readonly version: string;
  readonly tables: readonly BackedUpTable[];
}

/** Reads a database file: whether it is whole, and the rows of every table of the schemas with the prefix.
 * @throws BackupError when SQLite finds it damaged, or foreign keys lead nowhere */
export async function readSqlite(
  path: string,
  prefix: string,
  onTable: (table: string, done: number, total: number) => void,
  signal: AbortSignal,
): Promise<SqliteContent> {
  await using connection = await connect({ kind: "sqlite", path });
  const ask = async (text: string) => (await connection.run({ text, parameters: [] })).rows;
  const damage = (await ask("PRAGMA integrity_check")).map((row) => String(Object.values(row)[0]));
  if (damage.join() !== "ok")
    throw new BackupError(`${path} is damaged: ${damage.slice(0, 3).join("; ")}.`, path);
  const orphans = await ask("PRAGMA foreign_key_check");
  if (orphans.length > 0) {
    const { table, parent } = orphans[0]!;
    throw new BackupError(
      `${path}: ${orphans.length} rows refer to rows that are not there, the first in ${String(table)} to ${String(parent)}.`,
      path,
    );
  }
  const [version] = await ask("SELECT sqlite_version() AS v");
  const schemas = (await connection.dialect.catalogue.schemas(connection)).filter((name) =>
    name.startsWith(prefix),
  );
  const found = await readTables(connection, schemas);
  const tables: BackedUpTable[] = [];
  for (const { schema, table } of found) {
    onTable(`${schema}.${table}`, tables.length, found.length);
    const sum = new RowSum();
    for await (const row of connection.stream({
      text: `SELECT * FROM ${connection.dialect.writer.table(schema, table)}`,
      parameters: [],
    })) {
      sum.add(Object.values(row).map(bytesOf));
      if (sum.rows % 256 === 0) signal.throwIfAborted();
    }
    tables.push({ schema, table, rows: sum.rows, sum: sum.text });
  }
  return { version: String(version!["v"]), tables };
}

function bytesOf(value: SqlValue): Uint8Array | null {
  if (value === null || value === undefined) return null;
  if (value instanceof Uint8Array) return value;
  return Buffer.from(String(value));
}
