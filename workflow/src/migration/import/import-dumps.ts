/**
 * @module
 * `tenon migrate db`: brings dumps into a MySQL or MariaDB server. Every dump is looked at as a whole first; what must not be carried out,
 * or would not fit, is refused before anything is made. Then tables and rows, the way `loader.ts` says; at the end rows are counted, and
 * foreign keys, which were off, are looked through.
 *
 * A lost server is waited for; a killed import goes on with the same command; a dump that is in is not imported twice.
 */
import { setTimeout as sleep } from "node:timers/promises";
import {
  type Connection,
  connect,
  DataJointError,
  LostConnectionError,
  type MysqlSettings,
  RawSession,
  RetryTransactionError,
} from "@tenon/datajoint";
import { DumpError, type Problem } from "../dump/dump-error.ts";
import { type DumpSurvey, surveyDump } from "../dump/dump-tables.ts";
import { type DumpCommand, readDump } from "../dump/read-dump.ts";
import { DangerousStatements } from "../inventory/dangerous-statements.ts";
import { ledgerTable, noteEnd, openLedger, type Ranges, readLedger } from "./import-ledger.ts";
import { openLoader, sessionStatement } from "./loader.ts";
import { orphansOf } from "./orphans.ts";
import { databaseStatement, quoted, type TargetServer, tableStatement, viewStatement } from "./target-ddl.ts";

export interface ImportOptions {
  readonly settings: MysqlSettings;
  readonly dumps: readonly string[];
  /** Schema of a dump that names none. */
  readonly schema?: string | undefined;
  /** Sessions that load side by side. */
  readonly sessions: number;
  readonly signal: AbortSignal;
  /** @param done  bytes of the file read, of `total` */
  readonly onProgress: (what: string, done: number, total: number, detail: string) => void;
  readonly onLine: (line: string) => void;
  /** Seconds that a server may be away without anything getting done. Default 300. */
  readonly patienceS?: number;
}

export interface ImportedTable {
  readonly schema: string;
  readonly table: string;
  /** Rows in the dump, and in the database now; null: the table is not there. */
  readonly expected: number;
  readonly rows: number | null;
}

export interface ImportedDump {
  readonly dump: string;
  readonly bytes: number;
  /** `imported` by this run, `already imported` before, `refused`, or `stopped` on the way. */
  readonly outcome: "imported" | "already imported" | "refused" | "stopped";
  readonly tables: readonly ImportedTable[];
}

export interface ImportReport {
  readonly ok: boolean;
  readonly problems: readonly Problem[];
  readonly notes: readonly Problem[];
  readonly dumps: readonly ImportedDump[];
  readonly rows: number;
  readonly seconds: number;
}

const systemSchemas = new Set(["mysql", "sys", "information_schema", "performance_schema"]);

/** Imports dumps, each as a whole or with what is wrong with it in `problems`.
 * @throws AccessError, LostConnectionError, SettingsError when the server cannot be used at all; the signal's reason */
export async function importDumps(options: ImportOptions): Promise<ImportReport> {
  const startMs = performance.now();
  const run = new ImportRun(options);
  await using connection = await connect(options.settings);
  const surveys = await run.look();
  if (run.problems.length === 0) await run.checkTarget(connection, surveys);
  const dumps: ImportedDump[] = [];
  const isRefused = run.problems.length > 0;
  for (const survey of surveys) dumps.push(isRefused ? run.refused(survey) : await run.bringIn(survey));
  if (dumps.some(({ outcome }) => outcome === "imported" || outcome === "already imported"))
    await run.lookAfter(connection, dumps);
  return {
    ok: run.problems.length === 0,
    problems: run.problems,
    notes: run.notes,
    dumps: run.withRows(dumps),
    rows: run.rows,
    seconds: Math.round((performance.now() - startMs) / 100) / 10,
  };
}

class ImportRun {
  readonly problems: Problem[] = [];
  readonly notes: Problem[] = [];
  rows = 0;
  readonly #options: ImportOptions;
  readonly #counts = new Map<string, number | null>();
  readonly #replaced = new Set<string>();
  /** How the dumps make their schemas. */
  readonly #databases = new Map<string, DumpCommand>();
  #server: TargetServer = { isMariadb: false, version: 80_000, collations: new Set() };

  constructor(options: ImportOptions) {
    this.#options = options;
  }

  /** Reads every dump to its end, and says what is wrong with it. */
  async look(): Promise<readonly DumpSurvey[]> {
    const { dumps, schema, signal, onProgress } = this.#options;
    const surveys: DumpSurvey[] = [];
    for (const path of dumps) {
      const dangers = new DangerousStatements(path);
      try {
        const survey = await surveyDump(path, {
          signal,
          ...(schema === undefined ? {} : { schema }),
          visit: (statement) => {
            dangers.add(statement);
            if (statement.kind === "create-database" && statement.schema !== undefined)
              this.#databases.set(statement.schema, statement);
          },
          onProgress: (done, total) => onProgress(`${path}: looking`, done, total, ""),
        });
        surveys.push(survey);
        this.problems.push(...survey.problems);
        const { problems, notes } = dangers.result();
        this.problems.push(...problems);
        this.notes.push(...notes);
        if (survey.isCompleted === undefined)
          this.notes.push({
            code: "end-unknown",
            where: path,
            message:
              "The dump does not say that it came to its end (mysqldump --skip-comments). If it was cut between two statements, nobody can tell.",
          });
        for (const table of this.#tablesOf(survey))
          if (table.schema === undefined) {
            this.problems.push({
              code: "schema-unknown",
              where: table.where,
              message: `The dump does not say in which schema its tables are. Give it: tenon migrate db ${path} --schema NAME`,
            });
            break;
          }
        for (const { kind, name, where } of survey.objects)
          if (kind !== "view")
            this.problems.push({
              code: "object-skipped",
              where,
              message: `The ${kind} ${name} is not imported: its code would run with the rights of whoever touches the tables. Look at it in the dump, and make it by hand if it is needed.`,
            });
      } catch (error) {
        if (!(error instanceof DumpError)) throw error;
        this.problems.push({ code: error.code, where: error.where, message: error.message });
      }
    }
    // code is left out and named; it does not keep the rows away
    this.#postponed = this.problems.filter(({ code }) => code === "object-skipped");
    for (const problem of this.#postponed) this.problems.splice(this.problems.indexOf(problem), 1);
    return surveys;
  }
  #postponed: readonly Problem[] = [];

  /** Whether the server takes what the dumps hold. */
  async checkTarget(connection: Connection, surveys: readonly DumpSurvey[]): Promise<void> {
    using session = await RawSession.open(this.#options.settings);
    this.#server = await readServer(session);
    const { rows } = await session.run(
      "SELECT @@max_allowed_packet AS packet, @@lower_case_table_names AS folds",
    );
    const packet = Number(rows[0]!["packet"]);
    for (const survey of surveys) {
      for (const table of survey.tables)
        if (table.largestRow + 4096 > packet)
          this.problems.push({
            code: "packet-too-small",
            where: `${table.schema}.${table.table}`,
            message: `A row of ${(table.largestRow / 2 ** 20).toFixed(1)} MiB is larger than the server takes (max_allowed_packet ${(packet / 2 ** 20).toFixed(0)} MiB): SET GLOBAL max_allowed_packet = ${2 ** Math.ceil(Math.log2(table.largestRow + 4096))}; and in my.cnf.`,
          });
      const upper = survey.tables.find(({ table }) => table !== table.toLowerCase());
      if (Number(rows[0]!["folds"]) > 0 && upper !== undefined)
        this.problems.push({
          code: "case-folded",
          where: upper.where,
          message: `The server folds the case of table names (lower_case_table_names), and the dump has ${upper.table}.`,
        });
    }
    for (const survey of surveys) await this.#checkFree(connection, session, survey, surveys);
  }

  /** A schema that holds tables of others is not imported into. */
  async #checkFree(
    connection: Connection,
    session: RawSession,
    survey: DumpSurvey,
    all: readonly DumpSurvey[],
  ): Promise<void> {
    const there = new Set(await connection.dialect.catalogue.schemas(connection));
    for (const schema of schemasOf(survey)) {
      if (!there.has(schema)) continue;
      const tables = await connection.dialect.catalogue.tables(connection, schema);
      if (tables.length === 0) continue;
      if (tables.includes(ledgerTable)) {
        const own = await session.run(
          `SELECT COUNT(*) AS n FROM ${quoted(schema)}.${quoted(ledgerTable)} WHERE dump IN (${all.map(({ identity }) => `'${identity}'`).join(",")})`,
        );
        if (Number(own.rows[0]!["n"]) > 0) continue;
        const mine = new Set(survey.tables.map(({ table }) => table));
        if (!tables.some((table) => mine.has(table))) continue;
        if (tables.every((table) => table === ledgerTable || mine.has(table))) {
          const { rows } = await session.run(
            `SELECT COUNT(*) AS n FROM ${quoted(schema)}.${quoted(ledgerTable)}`,
          );
          // an import that was killed before its first rows were in
          if (Number(rows[0]!["n"]) === 0) continue;
        }
      }
      this.problems.push({
        code: "schema-not-empty",
        where: schema,
        message: `The schema ${schema} is on the server already with ${tables.length} tables that are not of this import. Nothing was touched. Import into a fresh server, or drop it first if it may go: DROP DATABASE ${quoted(schema)};`,
      });
    }
  }

  refused(survey: DumpSurvey): ImportedDump {
    return { dump: survey.path, bytes: survey.bytes, outcome: "refused", tables: [] };
  }

  /** Brings one dump in, waiting for a server that goes away. */
  async bringIn(survey: DumpSurvey): Promise<ImportedDump> {
    const { patienceS = 300, onLine, signal } = this.#options;
    const { path, bytes } = survey;
    const dump = { dump: path, bytes, tables: this.#tablesOf(survey).map(expectedOf) };
    let [done, sinceMs, waitS] = [this.rows, performance.now(), 1];
    for (;;) {
      try {
        return { ...dump, outcome: await this.#load(survey) };
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof DumpError) {
          this.problems.push({ code: error.code, where: error.where, message: error.message });
          return { ...dump, outcome: "stopped" };
        }
        const isPassing = error instanceof LostConnectionError || error instanceof RetryTransactionError;
        if (!isPassing) {
          if (!(error instanceof DataJointError)) throw error;
          this.problems.push({
            code: "server-refused",
            where: path,
            message: `The server refused a statement: ${error.message}. What was committed stays; mend the cause and run the same command again.`,
          });
          return { ...dump, outcome: "stopped" };
        }
        if (this.rows > done) [done, sinceMs, waitS] = [this.rows, performance.now(), 1];
        if ((performance.now() - sinceMs) / 1000 > patienceS) {
          this.problems.push({
            code: "server-lost",
            where: path,
            message: `The server is away: ${(error as Error).message}. What was committed stays; run the same command again when it is back.`,
          });
          return { ...dump, outcome: "stopped" };
        }
        onLine(`${path}: the server is away (${(error as Error).message}); trying again in ${waitS} s`);
        await sleep(waitS * 1000, undefined, { signal }).catch(() => signal.throwIfAborted());
        waitS = Math.min(30, 2 * waitS);
      }
    }
  }

  async #load(survey: DumpSurvey): Promise<"imported" | "already imported"> {
    const { settings, signal, onProgress } = this.#options;
    const { path, identity: dump } = survey;
    const schemas = schemasOf(survey);
    using session = await RawSession.open(settings);
    const ranges = new Map<string, ReadonlyMap<string, Ranges>>();
    let finished = schemas.length > 0;
    for (const schema of schemas) {
      await session.run(
        databaseStatement(this.#databases.get(schema), schema, this.#server, path, (from, to) =>
          this.#noteCollation(from, to),
        ),
      );
      await openLedger(session, schema);
      const state = await readLedger(session, schema, dump);
      ranges.set(schema, state.ranges);
      finished &&= state.finished !== undefined;
    }
    if (finished) return "already imported";
    const views: DumpCommand[] = [];
    const loader = await openLoader({
      settings,
      sessions: this.#options.sessions,
      dump,
      onRows: (count) => {
        this.rows += count;
      },
    });
    try {
      let at = "";
      const progress = (read: number, total: number) =>
        onProgress(path, read, total, `${this.rows} rows${at === "" ? "" : `, ${at}`}`);
      let setFor: unknown;
      for await (const statement of readDump(path, { signal, onProgress: progress })) {
        if (statement.kind === "comment" || statement.kind === "incomplete") continue;
        const schema = statement.schema ?? this.#options.schema ?? survey.headerDatabase;
        if (schema === undefined || systemSchemas.has(schema.toLowerCase())) continue;
        if (statement.kind === "insert") {
          at = `${schema}.${statement.table}`;
          await loader.put(statement, schema, ranges.get(schema)?.get(statement.table) ?? []);
        } else if (statement.kind === "create-table") {
          // a foreign key locks its parent's definition, which an open transaction with its rows holds
          await loader.flush();
          if (setFor !== statement.session) await session.run(sessionStatement(statement.session));
          setFor = statement.session;
          const where = `${path}:${statement.line}`;
          // a foreign key locks its parent, which an open transaction with the parent's rows would hold for ever
          await loader.flush();
          await session.run(
            tableStatement(statement, schema, this.#server, where, (from, to) =>
              this.#noteCollation(from, to),
            ),
          );
        } else if (statement.kind === "view") views.push(statement);
      }
      await loader.flush();
    } finally {
      loader.close();
    }
    await this.#makeViews(session, survey, views);
    for (const schema of schemas) await session.run(noteEnd(schema, dump));
    await session.run("COMMIT");
    return "imported";
  }

  /** The last definition of each view: mysqldump makes placeholders first. */
  async #makeViews(session: RawSession, survey: DumpSurvey, commands: readonly DumpCommand[]): Promise<void> {
    const last = new Map<string, DumpCommand>();
    for (const command of commands) last.set(`${command.schema}.${command.name}`, command);
    let waiting = [...last.values()];
    const schemas = new Set(schemasOf(survey));
    while (waiting.length > 0) {
      const failed: { readonly command: DumpCommand; readonly error: unknown }[] = [];
      for (const command of waiting) {
        const where = `${survey.path}:${command.line}`;
        try {
          await session.run(sessionStatement(command.session));
          await session.run(`USE ${quoted(command.schema!)}`);
          await session.run(viewStatement(command, schemas, this.#server, where));
        } catch (error) {
          if (error instanceof LostConnectionError) throw error;
          failed.push({ command, error });
        }
      }
      // one view may read another that comes later
      if (failed.length === waiting.length) {
        for (const { command, error } of failed)
          this.problems.push({
            code: error instanceof DumpError ? error.code : "object-skipped",
            where: `${survey.path}:${command.line}`,
            message:
              error instanceof DumpError
                ? error.message
                : `The view ${command.name} cannot be made here: ${(error as Error).message}`,
          });
        return;
      }
      waiting = failed.map(({ command }) => command);
    }
  }

  /** Counts rows, looks through foreign keys, and removes reservations of workers that are not here. */
  async lookAfter(connection: Connection, dumps: readonly ImportedDump[]): Promise<void> {
    this.problems.push(...this.#postponed);
    const { signal, onProgress } = this.#options;
    const tables = dumps.flatMap((dump) => dump.tables);
    const schemas = [...new Set(tables.map(({ schema }) => schema))];
    const there = new Map<string, ReadonlySet<string>>();
    for (const schema of schemas)
      there.set(schema, new Set(await connection.dialect.catalogue.tables(connection, schema)));
    for (const [index, { schema, table, expected }] of tables.entries()) {
      signal.throwIfAborted();
      onProgress("counting rows", index, tables.length, `${schema}.${table}`);
      const where = `${schema}.${table}`;
      if (!there.get(schema)!.has(table)) {
        this.#counts.set(where, null);
        this.problems.push({
          code: "table-missing",
          where,
          message: "The table is in the dump and not in the database.",
        });
        continue;
      }
      const own = `${quoted(schema)}.${quoted(table)}`;
      const { rows } = await connection.run({ text: `SELECT COUNT(*) AS n FROM ${own}`, parameters: [] });
      const count = Number(rows[0]!["n"]);
      this.#counts.set(where, count);
      const isImported = dumps.some(
        ({ outcome, tables: its }) =>
          outcome === "imported" && its.some((one) => one.schema === schema && one.table === table),
      );
      if (isImported && count !== expected)
        this.problems.push({
          code: "rows-differ",
          where,
          message: `The dump has ${expected} rows, the table ${count}.`,
        });
      if (table === "~jobs" && isImported) {
        const { affectedRows } = await connection.run({
          text: `DELETE FROM ${own} WHERE status='reserved'`,
          parameters: [],
        });
        if (affectedRows > 0)
          this.notes.push({
            code: "reservations-removed",
            where,
            message: `${affectedRows} jobs were reserved by workers of the old server; they are free again.`,
          });
      }
    }
    this.problems.push(...(await orphansOf(connection, schemas, signal)));
  }

  /** The dumps with the counts that `lookAfter` made. */
  withRows(dumps: readonly ImportedDump[]): readonly ImportedDump[] {
    return dumps.map((dump) => ({
      ...dump,
      tables: dump.tables.map((table) => ({
        ...table,
        rows: this.#counts.get(`${table.schema}.${table.table}`) ?? null,
      })),
    }));
  }

  #noteCollation(from: string, to: string): void {
    if (this.#replaced.has(from)) return;
    this.#replaced.add(from);
    this.notes.push({
      code: "collation-replaced",
      where: from,
      message: `This server does not know the collation ${from}; ${to} stands in its place everywhere. Order and equality of some letters may differ.`,
    });
  }

  #tablesOf(survey: DumpSurvey) {
    const own = this.#options.schema ?? survey.headerDatabase;
    return survey.tables
      .map((table) => ({ ...table, schema: table.schema ?? own }))
      .filter(({ schema }) => schema === undefined || !systemSchemas.has(schema.toLowerCase()));
  }
}

function expectedOf({
  schema,
  table,
  rows,
}: {
  readonly schema: string | undefined;
  readonly table: string;
  readonly rows: number;
}): ImportedTable {
  return { schema: schema!, table, expected: rows, rows: null };
}

/** Schemas that a dump's tables are in, without the server's own. */
function schemasOf(survey: DumpSurvey): string[] {
  const names = survey.tables.map(({ schema }) => schema ?? survey.headerDatabase);
  return [...new Set([...names, ...survey.schemas])].filter(
    (name): name is string => name !== undefined && !systemSchemas.has(name.toLowerCase()),
  );
}

async function readServer(session: RawSession): Promise<TargetServer> {
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
