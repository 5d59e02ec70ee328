/**
 * @module
 * The server that dumps go to: what it is, whether it takes what they hold, and whether their schemas are free.
 */
import { type Connection, type MysqlSettings, RawSession } from "@tenon/datajoint";
import type { Problem } from "../dump/dump-error.ts";
import type { DumpSurvey } from "../dump/dump-tables.ts";
import { ledgerTable } from "./import-ledger.ts";
import { schemasOf, tablesOf } from "./look-at-dumps.ts";
import { quoted, type TargetServer } from "./target-ddl.ts";

/** Words of an INSERT around its longest row, bytes; generous. */
const headBytes = 4096;

/** Learns what the server is. */
export async function readServer(settings: MysqlSettings): Promise<TargetServer> {
  using session = await RawSession.open(settings);
  const { rows } = await session.run("SELECT VERSION() AS v");
  const text = String(rows[0]!["v"]);
  const [, major, minor, patch] = /^(\d+)\.(\d+)\.(\d+)/.exec(text)!;
  const collations = new Set<string>();
  const isMariadb = /mariadb/i.test(text);
  const known = await session.run(
    isMariadb
      ? "SELECT FULL_COLLATION_NAME AS c FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY"
      : "SELECT COLLATION_NAME AS c FROM information_schema.COLLATIONS",
  );
  for (const row of known.rows) collations.add(String(row["c"]).toLowerCase());
  return { isMariadb, version: Number(major) * 10_000 + Number(minor) * 100 + Number(patch), collations };
}

/** What keeps these dumps from being imported here; nothing is changed.
 * @param schema  of a dump that names none */
export async function checkTarget(
  connection: Connection,
  settings: MysqlSettings,
  surveys: readonly DumpSurvey[],
  schema: string | undefined,
): Promise<Problem[]> {
  using session = await RawSession.open(settings);
  const { rows } = await session.run(
    "SELECT @@max_allowed_packet AS packet, @@lower_case_table_names AS folds",
  );
  const [packet, folds] = [Number(rows[0]!["packet"]), Number(rows[0]!["folds"])];
  const problems: Problem[] = [];
  for (const survey of surveys) {
    const tables = tablesOf(survey, schema);
    for (const { schema: own, table, largestRow } of tables)
      if (largestRow + headBytes > packet)
        problems.push({
          code: "packet-too-small",
          where: `${own}.${table}`,
          message: `A row of ${(largestRow / 2 ** 20).toFixed(1)} MiB is larger than the server takes (max_allowed_packet ${(packet / 2 ** 20).toFixed(0)} MiB): SET GLOBAL max_allowed_packet = ${2 ** Math.ceil(Math.log2(largestRow + headBytes))}; and in my.cnf.`,
        });
    const upper = tables.find(({ table }) => table !== table.toLowerCase());
    if (folds > 0 && upper !== undefined)
      problems.push({
        code: "case-folded",
        where: upper.where,
        message: `The server folds the case of table names (lower_case_table_names=${folds}), and the dump has ${upper.table}: two tables could become one. Import into a server with lower_case_table_names=0, which is set when its data folder is made.`,
      });
  }
  const there = new Set(await connection.dialect.catalogue.schemas(connection));
  const names = new Set(surveys.flatMap((survey) => schemasOf(survey, schema)));
  for (const name of names) {
    if (!there.has(name)) continue;
    const tables = await connection.dialect.catalogue.tables(connection, name);
    if (await isFree(session, name, tables, surveys)) continue;
    problems.push({
      code: "schema-not-empty",
      where: name,
      message: `The schema ${name} is on the server already with ${tables.length} tables that are not of this import. Nothing was touched. Import into a fresh server, or drop it first if it may go: DROP DATABASE ${quoted(name)};`,
    });
  }
  return problems;
}

/** Whether a schema holds nothing, or what an earlier run of this very import left. */
async function isFree(
  session: RawSession,
  schema: string,
  tables: readonly string[],
  surveys: readonly DumpSurvey[],
): Promise<boolean> {
  if (tables.length === 0) return true;
  if (!tables.includes(ledgerTable)) return false;
  const { rows } = await session.run(
    `SELECT DISTINCT dump AS d FROM ${quoted(schema)}.${quoted(ledgerTable)}`,
  );
  const known = new Set(rows.map((row) => String(row["d"])));
  if (surveys.some(({ identity }) => known.has(identity))) return true;
  const ours = new Set(surveys.flatMap((survey) => survey.tables.map(({ table }) => table)));
  // another dump's schema, of which this dump brings other tables
  if (known.size > 0) return !tables.some((table) => ours.has(table));
  // killed before its first rows were in
  return tables.every((table) => table === ledgerTable || ours.has(table));
}
