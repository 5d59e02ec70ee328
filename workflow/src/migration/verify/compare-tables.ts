/**
 * @module
 * The rows of every table beside those of the dumps.
 *
 * What a newcomer would get wrong: reserved jobs are not imported, by rule (they name connections of the platform's server), so `~jobs` is
 * expected to have fewer rows than the dump; and a database that is in use already has more rows than the dump.
 */
import { QueryError, type SqlValue } from "@tenon/datajoint";
import { type Check, counted, countRows, type DatabaseTable, nameOf } from "./check.ts";

/** A table as the dumps have it. */
export interface DumpedTable {
  readonly schema: string;
  readonly table: string;
  /** Counted in the INSERT statements. */
  readonly rows: number;
  /** Names in the CREATE TABLE, hidden ones included. */
  readonly columns: readonly string[];
  /** Of `~jobs`: those that a worker of the platform held. */
  readonly reserved: readonly ReservedJob[];
}

/** A reserved row of `~jobs` in a dump. */
export interface ReservedJob {
  readonly table: string;
  readonly keyHash: string;
  /** Connection of the platform's server. */
  readonly connectionId: string;
}

export interface TableCount {
  readonly schema: string;
  readonly table: string;
  /** Rows of the dump without those that are left out by rule. */
  readonly expected: number;
  /** Rows of the database; null when there is no such table. */
  readonly got: number | null;
}

/** Compares schemas, tables, columns and numbers of rows. */
export async function compareTables(check: Check, dumped: readonly DumpedTable[]): Promise<TableCount[]> {
  const { connection, findings } = check;
  const byName = new Map(check.tables.map((table) => [nameOf(table), table]));
  const schemas = new Set(await connection.dialect.catalogue.schemas(connection));
  for (const schema of new Set(dumped.map(({ schema }) => schema)))
    if (!schemas.has(schema))
      findings.problem("schema-missing", schema, `The schema of the dump is not in ${connection.name}.`);
  const counts: TableCount[] = [];
  for (const [index, table] of dumped.entries()) {
    check.signal.throwIfAborted();
    check.progress("rows", index, dumped.length);
    const name = nameOf(table);
    const there = byName.get(name);
    const expected = table.rows - table.reserved.length;
    const { schema } = table;
    if (there === undefined) {
      if (schemas.has(schema))
        findings.problem(
          "table-missing",
          name,
          `The table of the dump is not in the database; it has ${counted(expected, "row")} there.`,
        );
      counts.push({ schema, table: table.table, expected, got: null });
      continue;
    }
    await compareColumns(check, table);
    if (table.reserved.length > 0) {
      const left = counted(table.reserved.length, "reserved job");
      findings.note(
        "rows-removed-by-rule",
        name,
        `${left} of the dump left out: they are of the platform's workers.`,
      );
    }
    const got = (await countRows(connection, there)) - (await jobsOfThisLab(check, table));
    counts.push({ schema, table: table.table, expected, got });
    if (got < expected && table.table === "~jobs")
      findings.note(
        "jobs-freed",
        name,
        `${counted(expected - got, "failed job")} of the dump were freed here since.`,
      );
    else if (got < expected)
      findings.problem(
        "rows-missing",
        name,
        `${got} rows, ${expected} expected from the dump: ${expected - got} missing.`,
      );
    if (got > expected)
      findings.note(
        "rows-added",
        name,
        `${got} rows, ${expected} expected from the dump: ${got - expected} more.`,
      );
  }
  return counts;
}

/** Whether every column of the dump is there. Asked of the database, since a heading leaves hidden columns out. */
async function compareColumns({ connection, findings }: Check, table: DumpedTable): Promise<void> {
  const { writer } = connection.dialect;
  const missing = async (columns: readonly string[]) => {
    const names = columns.map((name) => writer.quote(name)).join(", ");
    try {
      await connection.run({
        text: `SELECT ${names} FROM ${writer.table(table.schema, table.table)} WHERE 1 = 0`,
        parameters: [],
      });
      return false;
    } catch (error) {
      if (error instanceof QueryError) return true;
      throw error;
    }
  };
  if (table.columns.length === 0 || !(await missing(table.columns))) return;
  const absent: string[] = [];
  for (const column of table.columns) if (await missing([column])) absent.push(column);
  findings.problem("columns-missing", nameOf(table), `The database lacks ${absent.join(", ")} of the dump.`);
}

/** Jobs that workers of this database hold; they came after the dump. */
async function jobsOfThisLab(check: Check, table: DumpedTable): Promise<number> {
  if (table.table !== "~jobs") return 0;
  const held = await reservedJobs(check, table);
  const foreign = new Set(table.reserved.map(jobId));
  const stale = held.filter((job) => foreign.has(jobId(job)));
  const name = nameOf(table);
  if (stale.length > 0)
    check.findings.problem(
      "jobs-reserved",
      name,
      `${counted(stale.length, "job")} of the platform's workers still reserved, e.g. of ${stale[0]!.table} with connection ${stale[0]!.connectionId}; their keys would never be done.`,
    );
  if (held.length > stale.length)
    check.findings.note("jobs-running", name, `${counted(held.length - stale.length, "job")} in work here.`);
  return held.length - stale.length;
}

function jobId({ table, keyHash, connectionId }: ReservedJob): string {
  return `${table} ${keyHash} ${connectionId}`;
}

async function reservedJobs(
  { connection }: Check,
  { schema, table }: Pick<DatabaseTable, "schema" | "table">,
): Promise<ReservedJob[]> {
  const { rows } = await connection.run({
    text: `SELECT table_name AS t, key_hash AS k, connection_id AS c FROM ${connection.dialect.writer.table(schema, table)} WHERE status = ?`,
    parameters: ["reserved"],
  });
  const text = (value: SqlValue | undefined) => String(value ?? "");
  return rows.map((row) => ({
    table: text(row["t"]),
    keyHash: text(row["k"]),
    connectionId: text(row["c"]),
  }));
}

/** Failed jobs that the dump brought. */
export async function noteFailedJobs({ connection, findings, tables }: Check): Promise<void> {
  for (const table of tables.filter(({ table: name }) => name === "~jobs")) {
    const { rows } = await connection.run({
      text: `SELECT COUNT(*) AS n FROM ${connection.dialect.writer.table(table.schema, table.table)} WHERE status = ?`,
      parameters: ["error"],
    });
    const count = Number(rows[0]!["n"]);
    if (count > 0)
      findings.note(
        "jobs-failed",
        nameOf(table),
        `${counted(count, "failed job")}; \`tenon jobs\` shows why, and frees them.`,
      );
  }
}
