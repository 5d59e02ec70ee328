/**
 * @module
 * `tenon migrate db` for a laboratory without a server: dumps of MySQL into the configured SQLite file. Everything is one transaction, so a
 * run that is killed leaves nothing, and the same command begins anew; what is in is not imported twice.
 *
 * What a newcomer would get wrong: dumps have their tables by name, not parents first, and SQLite wants parents first; so all tables are made
 * before the first row, and foreign keys are looked through at the end.
 */
import { existsSync, rmSync } from "node:fs";
import {
  type CatalogueColumn,
  type Connection,
  connect,
  DataJointError,
  declareCopy,
  type Heading,
  type SqlValue,
} from "@tenon/datajoint";
import { decodeRows } from "../dump/decode-tuples.ts";
import { DumpError, type Problem } from "../dump/dump-error.ts";
import type { DumpSurvey, DumpTable } from "../dump/dump-tables.ts";
import { type InsertRows, readDump } from "../dump/read-dump.ts";
import { countRows, nameOf } from "../verify/check.ts";
import type { ImportOptions, ImportReport } from "./import-dumps.ts";
import { ledgerTable } from "./import-ledger.ts";
import { lookAtDumps, schemasOf, tablesOf } from "./look-at-dumps.ts";
import { UnkeptValueError, type ValueReader, valueReader } from "./sqlite-values.ts";

export interface SqliteImportOptions
  extends Pick<ImportOptions, "dumps" | "schema" | "signal" | "onProgress"> {
  /** The database's file; made when it is not there. */
  readonly path: string;
}

/** Bound values of one INSERT stay below what SQLite takes. */
const mostBound = 30_000;

/** Imports dumps: all of them, or, with what is wrong in `problems`, nothing. */
export async function importIntoSqlite(options: SqliteImportOptions): Promise<ImportReport> {
  const startMs = performance.now();
  const looked = await lookAtDumps(options);
  const report = (
    problems: readonly Problem[],
    outcome: "imported" | "already imported" | "refused",
    tables: readonly ImportedRows[],
    notes: readonly Problem[] = [],
  ): ImportReport => ({
    ok: problems.length === 0,
    problems,
    notes: [...looked.notes, ...notes],
    dumps: looked.surveys.map(({ path, bytes }) => ({
      dump: path,
      bytes,
      outcome,
      tables: tables
        .filter((table) => table.dump === path)
        .map(({ schema, table, expected, rows }) => ({ schema, table, expected, rows })),
    })),
    rows: outcome === "imported" ? tables.reduce((sum, { rows }) => sum + rows, 0) : 0,
    seconds: Math.round((performance.now() - startMs) / 100) / 10,
  });
  if (looked.problems.length > 0) return report(looked.problems, "refused", []);
  const isNew = !existsSync(options.path);
  const connection = await connect({ kind: "sqlite", path: options.path });
  let isKept = false;
  try {
    const known = await knownDumps(connection, looked.surveys, options.schema);
    if (known.problems.length === 0 && looked.surveys.every(({ identity }) => known.dumps.has(identity))) {
      isKept = true;
      return report(
        looked.leftOut,
        "already imported",
        await countAll(connection, looked.surveys, options.schema),
      );
    }
    if (known.problems.length > 0) return report(known.problems, "refused", []);
    const run = new SqliteImport(connection, options);
    await connection.transaction(() => run.all(looked.surveys));
    isKept = true;
    return report(
      looked.leftOut,
      "imported",
      await countAll(connection, looked.surveys, options.schema),
      run.notes,
    );
  } catch (error) {
    options.signal.throwIfAborted();
    if (!(error instanceof DumpError || error instanceof DataJointError || error instanceof UnkeptValueError))
      throw error;
    const where = error instanceof DumpError ? error.where : options.path;
    const code = error instanceof DumpError ? error.code : "database-refused";
    return report([{ code, where, message: `${error.message} Nothing was imported.` }], "refused", []);
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

interface Target {
  readonly schema: string;
  readonly table: string;
  readonly heading: Heading;
  /** Columns of the dump's table, in its order. */
  readonly columns: readonly string[];
}

class SqliteImport {
  readonly notes: Problem[] = [];
  readonly #connection: Connection;
  readonly #options: SqliteImportOptions;
  readonly #targets = new Map<string, Target>();

  constructor(connection: Connection, options: SqliteImportOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  async all(surveys: readonly DumpSurvey[]): Promise<void> {
    await this.#run("PRAGMA defer_foreign_keys=ON");
    const tables = surveys.flatMap((survey) => tablesOf(survey, this.#options.schema));
    for (const table of parentsFirst(tables)) await this.#declare(table);
    for (const survey of surveys) {
      for (const schema of schemasOf(survey, this.#options.schema)) await this.#note(schema, survey.identity);
      await this.#load(survey);
    }
    await this.#checkForeignKeys();
  }

  async #declare({ schema, table, ddl, where }: DumpTable): Promise<void> {
    if (ddl === undefined)
      throw new DumpError(
        "table-without-definition",
        where,
        `The dump has rows of ${schema}.${table} and no definition of it (mysqldump --no-create-info). Ask for a whole one.`,
      );
    const generated = ddl.columns.find(({ isGenerated }) => isGenerated);
    if (generated !== undefined)
      throw new DumpError(
        "column-generated",
        where,
        `The column '${generated.name}' of ${schema}.${table} is generated by the server from others, which SQLite tables of DataJoint do not do.`,
      );
    const hidden = ddl.columns.filter(({ name }) => name.startsWith("_")).map(({ name }) => name);
    if (hidden.length > 0)
      this.notes.push({
        code: "hidden-columns-left-out",
        where: `${schema}.${table}`,
        message: `Hidden columns are not imported: ${hidden.join(", ")}.`,
      });
    const columns = ddl.columns.map((column): CatalogueColumn => {
      const isJson = column.type === "longtext" && column.collation === "utf8mb4_bin";
      return {
        name: column.name,
        // what MariaDB makes of JSON
        type: isJson ? "json" : column.type,
        inKey: ddl.primaryKey.includes(column.name),
        nullable: column.nullable,
        default: column.default,
        autoIncrement: column.autoIncrement,
        comment: column.comment,
        lineage: undefined,
      };
    });
    const heading = await declareCopy(this.#connection, {
      schema: schema!,
      table,
      comment: ddl.comment,
      columns,
      foreignKeys: ddl.foreignKeys.map((key) => ({
        columns: key.columns,
        parentSchema: key.parentSchema ?? schema!,
        parentTable: key.parentTable,
        parentColumns: key.parentColumns,
        // as both generations of DataJoint declare them
        onUpdate: key.parentTable.startsWith("~external") ? "restrict" : "cascade",
      })),
      indexes: ddl.indexes.map(({ unique, columns: items }) => ({ unique, items })),
    });
    this.#targets.set(`${schema}.${table}`, {
      schema: schema!,
      table,
      heading,
      columns: ddl.columns.map(({ name }) => name),
    });
  }

  async #load(survey: DumpSurvey): Promise<void> {
    const { signal, onProgress } = this.#options;
    let rows = 0;
    let at = "";
    const progress = (read: number, total: number) =>
      onProgress(survey.path, read, total, `${rows} rows, ${at}`);
    for await (const statement of readDump(survey.path, { signal, onProgress: progress })) {
      if (statement.kind !== "insert") continue;
      const schema = statement.schema ?? this.#options.schema ?? survey.headerDatabase;
      const target = this.#targets.get(`${schema}.${statement.table}`);
      // the server's own schemas
      if (target === undefined) continue;
      at = `${schema}.${statement.table}`;
      rows += await this.#insert(target, statement, survey.path);
    }
  }

  async #insert(target: Target, piece: InsertRows, dump: string): Promise<number> {
    const { schema, table, heading } = target;
    const given = piece.columns ?? target.columns;
    const zone = piece.session.timeZone ?? "+00:00";
    const stamp = heading.attributes.find(({ type }) => /^timestamp/i.test(type));
    // a server would shift them; SQLite keeps what it is given
    if (stamp !== undefined && !/^([-+]00:00|UTC|SYSTEM)$/i.test(zone))
      throw new DumpError(
        "dump-time-zone",
        `${dump}:${piece.line}`,
        `The dump's times are of the zone ${zone}, and '${stamp.name}' of ${schema}.${table} is a timestamp, which is kept in UTC. Ask for a dump with --tz-utc, mysqldump's default.`,
      );
    const readers = given.map((name): ValueReader | undefined => {
      const attribute = heading.attributes.find((one) => one.name === name);
      return attribute === undefined ? undefined : valueReader(attribute, piece.session.charset ?? "utf8mb4");
    });
    const columns = given.filter((_, i) => readers[i] !== undefined);
    const status = table === "~jobs" ? columns.indexOf("status") : -1;
    const batch: SqlValue[][] = [];
    let count = 0;
    const flush = async () => {
      if (batch.length === 0) return;
      const spec = {
        schema,
        table,
        columns,
        rows: batch,
        onDuplicate: "error" as const,
        key: heading.primaryKey,
      };
      await this.#connection.run(this.#connection.dialect.writer.insert(spec));
      batch.length = 0;
    };
    for (const row of decodeRows(piece)) {
      if (row.length !== given.length)
        throw new DumpError(
          "dump-syntax",
          `${dump}:${piece.line}`,
          `A row of ${schema}.${table} has ${row.length} values, and the table ${given.length} columns.`,
        );
      const values = row.flatMap((value, i) => (readers[i] === undefined ? [] : [readers[i](value)]));
      // workers of the old server hold nothing here
      if (status >= 0 && values[status] === "reserved") continue;
      batch.push(values);
      count++;
      if ((batch.length + 1) * columns.length > mostBound) await flush();
    }
    await flush();
    return count;
  }

  /** @throws DumpError naming the first rows whose parents are not there */
  async #checkForeignKeys(): Promise<void> {
    const orphans = await this.#run("PRAGMA foreign_key_check");
    if (orphans.length === 0) return;
    const counts = Map.groupBy(orphans, (row) => `${String(row["table"])} to ${String(row["parent"])}`);
    const shown = [...counts].slice(0, 5).map(([pair, rows]) => `${rows.length} of ${pair}`);
    throw new DumpError(
      "orphan-rows",
      this.#options.path,
      `Rows refer to rows that are not in the dumps: ${shown.join(", ")}. The dump was made while the platform worked, or one is missing; ask for one made at rest.`,
    );
  }

  /** What is in, in a hidden table of each schema, as on a server. */
  async #note(schema: string, dump: string): Promise<void> {
    const { writer } = this.#connection.dialect;
    await declareCopy(this.#connection, ledger(schema));
    const spec = {
      schema,
      table: ledgerTable,
      columns: ["dump", "finished"],
      rows: [[dump, new Date().toISOString().slice(0, 19).replace("T", " ")]],
      onDuplicate: "replace" as const,
      key: ["dump"],
    };
    await this.#connection.run(writer.insert(spec));
  }

  async #run(text: string) {
    return (await this.#connection.run({ text, parameters: [] })).rows;
  }
}

function ledger(schema: string): Parameters<typeof declareCopy>[1] {
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
async function knownDumps(
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

/** Tables so that each comes after those that it refers to. Tables that refer to each other in a ring stay as they are. */
function parentsFirst(tables: readonly DumpTable[]): readonly DumpTable[] {
  const byName = new Map(
    tables.map((table) => [nameOf({ schema: table.schema!, table: table.table }), table]),
  );
  const ordered: DumpTable[] = [];
  const seen = new Set<string>();
  const visit = (name: string) => {
    const table = byName.get(name);
    if (table === undefined || seen.has(name)) return;
    seen.add(name);
    for (const { parentSchema, parentTable } of table.ddl?.foreignKeys ?? [])
      visit(nameOf({ schema: parentSchema ?? table.schema!, table: parentTable }));
    ordered.push(table);
  };
  for (const name of byName.keys()) visit(name);
  return ordered;
}
