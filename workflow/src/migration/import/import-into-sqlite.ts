/**
 * @module
 * `tenon migrate db` for a laboratory without a server: dumps of MySQL into the configured SQLite file. Everything is one transaction, so a
 * run that is killed leaves nothing, and the same command begins anew; what is in is not imported twice.
 *
 * What a newcomer would get wrong: dumps have their tables by name, not parents first, and SQLite wants parents first; so all tables are made
 * before the first row, and foreign keys are looked through at the end.
 */
import { existsSync, rmSync } from "node:fs";
import { type Connection, connect, DataJointError } from "@tenon/datajoint";
import { DumpError, type Problem } from "../dump/dump-error.ts";
import type { DumpSurvey } from "../dump/dump-tables.ts";
import { countRows } from "../verify/check.ts";
import type { ImportReport } from "./import-dumps.ts";
import { lookAtDumps, tablesOf } from "./look-at-dumps.ts";
import { SqliteImport, type SqliteImportOptions } from "./sqlite-import.ts";
import { knownDumps } from "./sqlite-ledger.ts";
import { UnkeptValueError } from "./sqlite-values.ts";

/** Imports dumps: all of them, or, with what is wrong in `problems`, nothing. */
export async function importIntoSqlite(options: SqliteImportOptions): Promise<ImportReport> {
  const startMs = performance.now();
  const looked = await lookAtDumps(options);
  const report = (
    problems: readonly Problem[],
    outcomeOf: (survey: DumpSurvey) => "imported" | "already imported" | "refused",
    tables: readonly ImportedRows[],
    notes: readonly Problem[] = [],
  ): ImportReport => ({
    ok: problems.length === 0,
    problems,
    notes: [...looked.notes, ...notes],
    dumps: looked.surveys.map((survey) => ({
      dump: survey.path,
      bytes: survey.bytes,
      outcome: outcomeOf(survey),
      tables: tables
        .filter((table) => table.dump === survey.path)
        .map(({ schema, table, expected, rows }) => ({ schema, table, expected, rows })),
    })),
    rows: looked.surveys
      .filter((survey) => outcomeOf(survey) === "imported")
      .flatMap(({ path }) => tables.filter(({ dump }) => dump === path))
      .reduce((sum, { rows }) => sum + rows, 0),
    seconds: Math.round((performance.now() - startMs) / 100) / 10,
  });
  if (looked.problems.length > 0) return report(looked.problems, () => "refused", []);
  const isNew = !existsSync(options.path);
  const connection = await connect({ kind: "sqlite", path: options.path });
  let isKept = false;
  try {
    const known = await knownDumps(connection, looked.surveys, options.schema);
    if (known.problems.length > 0) return report(known.problems, () => "refused", []);
    const isIn = ({ identity }: DumpSurvey) => known.dumps.has(identity);
    const run = new SqliteImport(connection, options);
    const fresh = looked.surveys.filter((survey) => !isIn(survey));
    if (fresh.length > 0) await connection.transaction(() => run.all(fresh));
    isKept = true;
    const tables = await countAll(connection, looked.surveys, options.schema);
    return report(
      looked.leftOut,
      (survey) => (isIn(survey) ? "already imported" : "imported"),
      tables,
      run.notes,
    );
  } catch (error) {
    options.signal.throwIfAborted();
    if (!(error instanceof DumpError || error instanceof DataJointError || error instanceof UnkeptValueError))
      throw error;
    const where = error instanceof DumpError ? error.where : options.path;
    const code = error instanceof DumpError ? error.code : "database-refused";
    return report([{ code, where, message: `${error.message} Nothing was imported.` }], () => "refused", []);
  } finally {
    await connection.close();
    // a file that would hold nothing
    if (isNew && !isKept)
      for (const ending of ["", "-wal", "-shm"]) rmSync(`${options.path}${ending}`, { force: true });
  }
}

interface ImportedRows {
  readonly dump: string;
  readonly schema: string;
  readonly table: string;
  readonly expected: number;
  readonly rows: number;
}

async function countAll(
  connection: Connection,
  surveys: readonly DumpSurvey[],
  schema: string | undefined,
): Promise<readonly ImportedRows[]> {
  const found: ImportedRows[] = [];
  for (const survey of surveys)
    for (const table of tablesOf(survey, schema)) {
      const where = { schema: table.schema!, table: table.table };
      found.push({
        dump: survey.path,
        ...where,
        expected: table.rows,
        rows: await countRows(connection, where),
      });
    }
  return found;
}
