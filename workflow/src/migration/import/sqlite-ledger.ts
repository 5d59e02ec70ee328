/**
 * @module
 * What of which dump is in a SQLite file already: a hidden table in every schema that is imported into, as on a server, written in the one
 * transaction of the import.
 */
import { type Connection, type CopiedTable, declareCopy } from "@tenon/datajoint";
import type { Problem } from "../dump/dump-error.ts";
import type { DumpSurvey } from "../dump/dump-tables.ts";
import { ledgerTable } from "./import-ledger.ts";
import { schemasOf, tablesOf } from "./look-at-dumps.ts";

/** Notes that a dump is in a schema as a whole. */
export async function noteInSqlite(connection: Connection, schema: string, dump: string): Promise<void> {
  await declareCopy(connection, ledger(schema));
  const spec = {
    schema,
    table: ledgerTable,
    columns: ["dump", "finished"],
    rows: [[dump, new Date().toISOString().slice(0, 19).replace("T", " ")]],
    onDuplicate: "replace" as const,
    key: ["dump"],
  };
  await connection.run(connection.dialect.writer.insert(spec));
}

function ledger(schema: string): CopiedTable {
  const column = { nullable: false, default: null, autoIncrement: false, comment: "", lineage: undefined };
  return {
    schema,
    table: ledgerTable,
    comment: "what tenon migrate db has imported",
    columns: [
      { ...column, name: "dump", type: "char(40)", inKey: true },
      { ...column, name: "finished", type: "datetime", inKey: false },
    ],
    foreignKeys: [],
    indexes: [],
  };
}

/** What of the dumps is in already, and what stands in their way. */
export async function knownDumps(
  connection: Connection,
  surveys: readonly DumpSurvey[],
  schema: string | undefined,
): Promise<{ readonly dumps: ReadonlySet<string>; readonly problems: readonly Problem[] }> {
  const { catalogue, writer } = connection.dialect;
  const there = new Set(await catalogue.schemas(connection));
  const dumps = new Set<string>();
  const problems: Problem[] = [];
  for (const survey of surveys)
    for (const name of schemasOf(survey, schema)) {
      const tables = there.has(name) ? await catalogue.tables(connection, name) : [];
      if (tables.length === 0) continue;
      if (tables.includes(ledgerTable)) {
        const text = `SELECT dump AS d FROM ${writer.table(name, ledgerTable)}`;
        for (const row of (await connection.run({ text, parameters: [] })).rows) dumps.add(String(row["d"]));
      }
      if (dumps.has(survey.identity)) continue;
      const ours = new Set(
        tablesOf(survey, schema)
          .filter((table) => table.schema === name)
          .map(({ table }) => table),
      );
      const taken = tables.filter((table) => ours.has(table));
      if (taken.length > 0)
        problems.push({
          code: "schema-not-empty",
          where: name,
          message: `The schema ${name} is in the database already, with ${taken.length} tables of the dump (${taken.slice(0, 3).join(", ")}) that are not of this import. Nothing was touched. Import into another file: database.path or TENON_DATABASE.`,
        });
    }
  return { dumps, problems };
}
