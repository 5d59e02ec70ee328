/**
 * @module
 * What every check of `tenon migrate verify` is given, and what several of them ask of a database.
 */
import type { Connection, Heading, SqlValue } from "@tenon/datajoint";
import type { Settings } from "../../settings/settings.ts";
import type { Findings } from "./codes.ts";

/** What a check is given. */
export interface Check {
  readonly connection: Connection;
  readonly settings: Settings;
  readonly tables: readonly DatabaseTable[];
  readonly findings: Findings;
  readonly signal: AbortSignal;
  /** Called now and then: how much of how much is done. */
  readonly progress: (what: string, done: number, total: number) => void;
}

/** A table of the database that is verified. */
export interface DatabaseTable {
  readonly schema: string;
  readonly table: string;
  readonly heading: Heading;
}

/** The tables of some schemas, hidden ones included, in the order of their names. */
export async function readTables(
  connection: Connection,
  schemas: readonly string[],
): Promise<DatabaseTable[]> {
  const { catalogue } = connection.dialect;
  const there = new Set(await catalogue.schemas(connection));
  const tables: DatabaseTable[] = [];
  for (const schema of schemas.filter((name) => there.has(name)))
    tables.push(
      ...(await Promise.all(
        (
          await catalogue.tables(connection, schema)
        ).map(async (table) => ({
          schema,
          table,
          heading: await catalogue.heading(connection, schema, table),
        })),
      )),
    );
  return tables;
}

/** `schema.table`, as findings name a table. */
export function nameOf({ schema, table }: { readonly schema: string; readonly table: string }): string {
  return `${schema}.${table}`;
}

/** How many rows a table has, counted. */
export async function countRows(
  connection: Connection,
  table: { readonly schema: string; readonly table: string },
): Promise<number> {
  const { rows } = await connection.run({
    text: `SELECT COUNT(*) AS n FROM ${connection.dialect.writer.table(table.schema, table.table)}`,
    parameters: [],
  });
  return Number(rows[0]!["n"]);
}

/** A key for people: `subject=mouse1, unit=3`; bytes as hexadecimal digits. */
export function keyText(row: Readonly<Record<string, SqlValue>>, names: readonly string[]): string {
  return names.map((name) => `${name}=${valueText(row[name] ?? null)}`).join(", ");
}

function valueText(value: SqlValue): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex").slice(0, 64);
  return String(value);
}

/** `3 rows`, `1 row`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
