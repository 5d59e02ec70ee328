/**
 * @module
 * The tables of a MySQL or MariaDB server that a backup holds, and their rows as the server writes them, so that the rows of a backup and
 * those of a restored copy can be compared.
 *
 * What a newcomer would get wrong: MySQL prints six digits of a FLOAT, and mysqldump therefore loses its last bits; here they are read as
 * DOUBLE, which has them all.
 */
import type { RawSession } from "@tenon/datajoint";
import { scratchPrefix } from "../deploy/mysql/roles.ts";
import { ledgerTable, literal } from "../migration/import/import-ledger.ts";
import { quoted } from "../migration/import/target-ddl.ts";

export interface SourceColumn {
  readonly name: string;
  /** `varchar`, `longblob`: the type without its length. */
  readonly type: string;
}

export interface SourceTable {
  readonly schema: string;
  readonly table: string;
  /** Without generated ones, whose values follow from the others. */
  readonly columns: readonly SourceColumn[];
}

/** Sets a session so that it reads the same bytes as every other of this kind, and takes its snapshot now. */
export async function beginSnapshot(session: RawSession): Promise<void> {
  await session.run("SET NAMES utf8mb4");
  await session.run("SET SESSION time_zone='+00:00', sql_mode=''");
  await session.run("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ");
  await session.run("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY");
}

/** Schemas whose names begin with the prefix, in order, without those of rehearsals. */
export async function schemasWith(session: RawSession, prefix: string): Promise<readonly string[]> {
  return (await allSchemas(session)).filter((schema) => schema.startsWith(prefix) && !isScratch(schema));
}

/** Schemas that rehearsals have made. */
export async function scratchSchemas(session: RawSession): Promise<readonly string[]> {
  return (await allSchemas(session)).filter(isScratch);
}

/** What a schema of a backup is called in a rehearsal; the operator's role may make and drop such schemas. */
export function scratchName(token: string, schema: string): string {
  return `${scratchPrefix}${token}_${schema}`;
}

function isScratch(schema: string): boolean {
  return schema.startsWith(scratchPrefix) && /^[0-9a-f]{8}_/.test(schema.slice(scratchPrefix.length));
}

async function allSchemas(session: RawSession): Promise<readonly string[]> {
  const { rows } = await session.run("SELECT SCHEMA_NAME AS s FROM information_schema.SCHEMATA ORDER BY 1");
  return rows.map((row) => String(row["s"]));
}

/** The tables of some schemas; what an import has noted of itself is none of them. */
export async function tablesIn(
  session: RawSession,
  schemas: readonly string[],
): Promise<readonly SourceTable[]> {
  const tables: SourceTable[] = [];
  for (const schema of schemas) {
    const { rows } = await session.run(
      `SELECT c.TABLE_NAME AS t, c.COLUMN_NAME AS c, c.DATA_TYPE AS d, c.EXTRA AS e FROM information_schema.COLUMNS c JOIN information_schema.TABLES t ON t.TABLE_SCHEMA=c.TABLE_SCHEMA AND t.TABLE_NAME=c.TABLE_NAME WHERE c.TABLE_SCHEMA=${literal(schema)} AND t.TABLE_TYPE='BASE TABLE' ORDER BY c.TABLE_NAME, c.ORDINAL_POSITION`,
    );
    const byTable = Map.groupBy(rows, (row) => String(row["t"]));
    for (const [table, columns] of byTable)
      if (table !== ledgerTable)
        tables.push({
          schema,
          table,
          columns: columns
            .filter((row) => !/\b(VIRTUAL|STORED|PERSISTENT) GENERATED\b/i.test(String(row["e"])))
            .map((row) => ({ name: String(row["c"]), type: String(row["d"]).toLowerCase() })),
        });
  }
  return tables;
}

/** What of some schemas is no table: `view lab.v`, `trigger lab.t`, `routine lab.f`, `event lab.e`. */
export async function othersIn(session: RawSession, schemas: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  // of MariaDB: sequences, and tables that keep their own history
  const special = await session.run(
    "SELECT TABLE_TYPE AS k, TABLE_SCHEMA AS s, TABLE_NAME AS n FROM information_schema.TABLES WHERE TABLE_TYPE NOT IN ('BASE TABLE','VIEW','SYSTEM VIEW') ORDER BY 2, 3",
  );
  for (const row of special.rows)
    if (schemas.includes(String(row["s"])))
      found.push(`${String(row["k"]).toLowerCase()} ${String(row["s"])}.${String(row["n"])}`);
  const kinds: readonly (readonly [string, string, string, string])[] = [
    ["view", "VIEWS", "TABLE_SCHEMA", "TABLE_NAME"],
    ["trigger", "TRIGGERS", "TRIGGER_SCHEMA", "TRIGGER_NAME"],
    ["routine", "ROUTINES", "ROUTINE_SCHEMA", "ROUTINE_NAME"],
    ["event", "EVENTS", "EVENT_SCHEMA", "EVENT_NAME"],
  ];
  for (const [kind, table, schema, name] of kinds) {
    const { rows } = await session.run(
      `SELECT ${schema} AS s, ${name} AS n FROM information_schema.${table} ORDER BY 1, 2`,
    );
    for (const row of rows)
      if (schemas.includes(String(row["s"]))) found.push(`${kind} ${String(row["s"])}.${String(row["n"])}`);
  }
  return found;
}

/** The query for a table's rows, as a backup has them. Jobs at work are left out of `~jobs`: their workers are not there after a restore. */
export function rowsQuery({ schema, table, columns }: SourceTable): string {
  const items = columns.map(({ name, type }) => (type === "float" ? `${quoted(name)}*1e0` : quoted(name)));
  const where = table === "~jobs" ? " WHERE status<>'reserved'" : "";
  return `SELECT ${items.join(", ")} FROM ${quoted(schema)}.${quoted(table)}${where}`;
}
