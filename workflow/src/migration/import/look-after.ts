/**
 * @module
 * After an import: rows counted table by table, foreign keys, which were off, looked through, and reservations of workers that are not here
 * removed.
 */
import type { Connection } from "@tenon/datajoint";
import type { Problem } from "../dump/dump-error.ts";
import { countRows, nameOf } from "../verify/check.ts";
import { Findings } from "../verify/codes.ts";
import { checkForeignKeys } from "../verify/foreign-keys.ts";

export interface ImportedTable {
  readonly schema: string;
  readonly table: string;
  /** Rows in the dump, and in the database now; null: the table is not there. */
  readonly expected: number;
  readonly rows: number | null;
}

export interface LookAfterOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (what: string, done: number, total: number, detail: string) => void;
}

/** Looks at what was brought in.
 * @param tables  those of the dumps that are in
 * @param isNew  whether this run brought it in; of others work may have gone on since
 * @returns the tables with their rows */
export async function lookAfter(
  connection: Connection,
  tables: readonly ImportedTable[],
  isNew: (table: ImportedTable) => boolean,
  { signal, onProgress }: LookAfterOptions,
): Promise<{
  readonly tables: readonly ImportedTable[];
  readonly problems: readonly Problem[];
  readonly notes: readonly Problem[];
}> {
  const { catalogue, writer } = connection.dialect;
  const findings = new Findings();
  const notes: Problem[] = [];
  const there = new Map<string, ReadonlySet<string>>();
  for (const { schema } of tables)
    if (!there.has(schema)) there.set(schema, new Set(await catalogue.tables(connection, schema)));
  const counted: ImportedTable[] = [];
  for (const [index, table] of tables.entries()) {
    signal.throwIfAborted();
    const where = nameOf(table);
    onProgress("counting rows", index, tables.length, where);
    if (!there.get(table.schema)!.has(table.table)) {
      counted.push({ ...table, rows: null });
      findings.problem(
        "table-missing",
        where,
        "The table is in the dump and not in the database. Run the same command again; if it stays so, its definition was refused above.",
      );
      continue;
    }
    const rows = await countRows(connection, table);
    counted.push({ ...table, rows });
    if (!isNew(table)) continue;
    if (rows !== table.expected)
      findings.pass({
        code: "rows-differ",
        where,
        message: `The dump has ${table.expected} rows, the table ${rows}. Did something else write into it? Drop the schema and import again.`,
      });
    if (table.table !== "~jobs") continue;
    const { affectedRows } = await connection.run({
      text: `DELETE FROM ${writer.table(table.schema, table.table)} WHERE status='reserved'`,
      parameters: [],
    });
    if (affectedRows > 0)
      notes.push({
        code: "reservations-removed",
        where,
        message: `${affectedRows} jobs were reserved by workers of the old server; they are free again.`,
      });
  }
  await checkForeignKeys({
    connection,
    schemas: [...there.keys()],
    findings,
    signal,
    progress: (what, done, total) => onProgress(what, done, total, ""),
  });
  return { tables: counted, problems: findings.problems, notes };
}
