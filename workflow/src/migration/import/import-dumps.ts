/**
 * @module
 * `tenon migrate db`: brings dumps into a MySQL or MariaDB server. Every dump is looked at as a whole first; what must not be carried out,
 * or would not fit, is refused before anything is made. Then tables and rows, the way `loader.ts` says; at the end `look-after.ts`.
 *
 * A lost server is waited for; a killed import goes on with the same command; a dump that is in is not imported twice.
 */
import { setTimeout as sleep } from "node:timers/promises";
import {
  connect,
  DataJointError,
  LostConnectionError,
  type MysqlSettings,
  RawSession,
  RetryTransactionError,
} from "@tenon/datajoint";
import { DumpError, type Problem } from "../dump/dump-error.ts";
import type { DumpCommand } from "../dump/dump-statement.ts";
import type { DumpSurvey } from "../dump/dump-tables.ts";
import { readDump } from "../dump/read-dump.ts";
import { noteEnd, openLedger, type Ranges, readLedger } from "./import-ledger.ts";
import { makeViews } from "./import-views.ts";
import { openLoader, sessionStatement } from "./loader.ts";
import { type ImportedTable, lookAfter } from "./look-after.ts";
import { lookAtDumps, schemasOf, systemSchemas, tablesOf } from "./look-at-dumps.ts";
import { renamedKeys, renamedSurvey, unchanged } from "./renamed-survey.ts";
import { databaseStatement, type TargetServer, tableStatement } from "./target-ddl.ts";
import { checkTarget, readServer } from "./target-server.ts";

export interface ImportOptions {
  readonly settings: MysqlSettings;
  readonly dumps: readonly string[];
  /** Schema of a dump that names none. */
  readonly schema?: string | undefined;
  /** What a schema of the dumps is called here. Default: the same. */
  readonly rename?: ((schema: string) => string) | undefined;
  /** Sessions that load side by side. */
  readonly sessions: number;
  readonly signal: AbortSignal;
  /** @param done  bytes of the file read, of `total` */
  readonly onProgress: (what: string, done: number, total: number, detail: string) => void;
  readonly onLine: (line: string) => void;
  /** Seconds that a server may be away without anything getting done. Default 300. */
  readonly patienceS?: number;
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

/** Imports dumps, each as a whole or with what is wrong with it in `problems`.
 * @throws AccessError, LostConnectionError, SettingsError when the server cannot be used at all; the signal's reason */
export async function importDumps(options: ImportOptions): Promise<ImportReport> {
  const { settings, schema } = options;
  const startMs = performance.now();
  await using connection = await connect(settings);
  const looked = await lookAtDumps(options);
  const surveys = looked.surveys.map((survey) => renamedSurvey(survey, options.rename));
  const refusals = [...looked.problems];
  if (refusals.length === 0) refusals.push(...(await checkTarget(connection, settings, surveys, schema)));
  const report = (
    rows: number,
    dumps: readonly ImportedDump[],
    problems: readonly Problem[],
    notes: readonly Problem[],
  ) => ({
    ok: problems.length === 0,
    problems,
    notes: [...looked.notes, ...notes],
    dumps,
    rows,
    seconds: Math.round((performance.now() - startMs) / 100) / 10,
  });
  if (refusals.length > 0) {
    const refused = surveys.map(({ path, bytes }) => ({
      dump: path,
      bytes,
      outcome: "refused" as const,
      tables: [],
    }));
    return report(0, refused, refusals, []);
  }
  const run = new ImportRun(
    options,
    renamedKeys(looked.databases, options.rename),
    await readServer(settings),
  );
  const dumps: ImportedDump[] = [];
  for (const survey of surveys) dumps.push(await run.bringIn(survey));
  const isIn = ({ outcome }: ImportedDump) => outcome === "imported" || outcome === "already imported";
  const fresh = new Set(dumps.flatMap(({ outcome, tables }) => (outcome === "imported" ? tables : [])));
  const after = await lookAfter(
    connection,
    dumps.filter(isIn).flatMap(({ tables }) => tables),
    (table) => fresh.has(table),
    options,
  );
  const counts = new Map(after.tables.map((table) => [`${table.schema}.${table.table}`, table]));
  const counted = dumps.map((dump) => ({
    ...dump,
    tables: dump.tables.map((table) => counts.get(`${table.schema}.${table.table}`) ?? table),
  }));
  return report(
    run.rows,
    counted,
    [...run.problems, ...looked.leftOut, ...after.problems],
    [...run.notes, ...after.notes],
  );
}

class ImportRun {
  readonly problems: Problem[] = [];
  readonly notes: Problem[] = [];
  rows = 0;
  readonly #options: ImportOptions;
  readonly #databases: ReadonlyMap<string, DumpCommand>;
  readonly #server: TargetServer;
  readonly #noted = new Set<string>();

  constructor(options: ImportOptions, databases: ReadonlyMap<string, DumpCommand>, server: TargetServer) {
    this.#options = options;
    this.#databases = databases;
    this.#server = server;
  }

  /** Brings one dump in, waiting for a server that goes away. */
  async bringIn(survey: DumpSurvey): Promise<ImportedDump> {
    const { patienceS = 300, onLine, signal } = this.#options;
    const { path, bytes } = survey;
    const dump = { dump: path, bytes, tables: tablesOf(survey, this.#options.schema).map(expectedOf) };
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
    const schemas = schemasOf(survey, this.#options.schema);
    using session = await RawSession.open(settings);
    const ranges = new Map<string, ReadonlyMap<string, Ranges>>();
    let finished = schemas.length > 0;
    for (const schema of schemas) {
      await session.run(
        databaseStatement(this.#databases.get(schema), schema, this.#server, path, this.#replaced),
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
        const { rename = unchanged } = this.#options;
        const own = statement.schema === undefined ? undefined : rename(statement.schema);
        const schema = own ?? this.#options.schema ?? survey.headerDatabase;
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
          await session.run(tableStatement(statement, schema, this.#server, where, this.#replaced, rename));
        } else if (statement.kind === "view") views.push(statement);
      }
      await loader.flush();
    } finally {
      loader.close();
    }
    this.problems.push(...(await makeViews(session, views, new Set(schemas), this.#server, path)));
    for (const schema of schemas) await session.run(noteEnd(schema, dump));
    await session.run("COMMIT");
    return "imported";
  }

  #note(code: string, where: string, message: string): void {
    if (this.#noted.has(where)) return;
    this.#noted.add(where);
    this.notes.push({ code, where, message });
  }

  readonly #replaced = (what: "collation" | "engine", from: string, to: string): void => {
    if (what === "engine")
      this.#note(
        "engine-replaced",
        from,
        `Tables with the engine ${from}, which has no transactions, are made with ${to}, as DataJoint needs it.`,
      );
    else
      this.#note(
        "collation-replaced",
        from,
        `This server does not know the collation ${from}; ${to} stands in its place everywhere. Order and equality of some letters may differ.`,
      );
  };
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
