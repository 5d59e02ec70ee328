/**
 * @module
 * What the dumps hold, as far as the database is compared with it: tables, their columns and rows, jobs that were held when it was made.
 *
 * A table may stand in several dumps (one schema dumped twice, or in parts); its rows are then those of all.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { decodeRows } from "../dump/decode-tuples.ts";
import type { DumpStatement } from "../dump/dump-statement.ts";
import { type DumpSurvey, surveyDump } from "../dump/dump-tables.ts";
import type { DumpFile } from "./certificate.ts";
import type { Check } from "./check.ts";
import type { Findings } from "./codes.ts";
import type { DumpedTable, ReservedJob } from "./compare-tables.ts";

export interface Dumps {
  readonly files: readonly DumpFile[];
  readonly tables: readonly DumpedTable[];
}

export interface ReadDumpsOptions extends Pick<Check, "signal" | "progress"> {
  /** The schema of dumps that name none. */
  readonly schema?: string | undefined;
}

/** Schemas that belong to a server and are never imported. */
const systemSchemas = new Set(["mysql", "sys", "information_schema", "performance_schema"]);
/** Columns of `~jobs` in datajoint-python's order; a dump may name its own. */
const jobColumns = ["table_name", "key_hash", "status", "connection_id"] as const;

/** Reads every dump once for its contents and once for its hash.
 * @throws DumpError `dump-unreadable` for a file that cannot be opened or is none */
export async function readDumps(
  paths: readonly string[],
  findings: Findings,
  options: ReadDumpsOptions,
): Promise<Dumps> {
  const files: DumpFile[] = [];
  const tables = new Map<string, DumpedTable>();
  for (const path of paths) {
    const jobs = new ReservedJobs(options.schema);
    const survey = await surveyDump(path, {
      ...(options.schema === undefined ? {} : { schema: options.schema }),
      signal: options.signal,
      onProgress: (read, total) => options.progress(`reading ${path}`, read, total),
      visit: (statement) => jobs.add(statement),
    });
    for (const { code, where, message } of survey.problems) findings.pass({ code, where, message });
    const mine = tablesOf(survey, findings);
    for (const table of mine) {
      const name = JSON.stringify([table.schema, table.table]);
      const before = tables.get(name);
      const reserved = [...(before?.reserved ?? []), ...jobs.of(table.schema, survey, table.table)];
      tables.set(name, {
        ...table,
        rows: table.rows + (before?.rows ?? 0),
        columns: table.columns.length > 0 ? table.columns : (before?.columns ?? []),
        reserved,
      });
    }
    files.push({
      path,
      bytes: survey.bytes,
      sha256: await sha256Of(path, options.signal),
      tables: mine.length,
      rows: mine.reduce((sum, { rows }) => sum + rows, 0),
    });
  }
  return { files, tables: [...tables.values()] };
}

function tablesOf(survey: DumpSurvey, findings: Findings): DumpedTable[] {
  const nameless = survey.tables.filter(({ schema }) => schema === undefined);
  if (nameless.length > 0)
    findings.problem(
      "dump-without-schema",
      survey.path,
      `The dump does not say in which schema its ${nameless.length} tables are. Give --schema NAME${survey.headerDatabase === undefined ? "" : ` (its header says ${survey.headerDatabase})`}.`,
    );
  return survey.tables.flatMap(({ schema, table, rows, ddl }) =>
    schema === undefined || systemSchemas.has(schema.toLowerCase())
      ? []
      : [{ schema, table, rows, columns: ddl?.columns.map(({ name }) => name) ?? [], reserved: [] }],
  );
}

/** The reserved rows of every `~jobs`. */
class ReservedJobs {
  readonly #schema: string | undefined;
  readonly #rows: {
    readonly schema: string | undefined;
    readonly columns: readonly string[] | undefined;
    readonly values: readonly (string | null)[];
  }[] = [];

  constructor(schema: string | undefined) {
    this.#schema = schema;
  }

  add(statement: DumpStatement): void {
    if (statement.kind !== "insert" || statement.table !== "~jobs") return;
    // keys and stacks of errors may be long, and nobody asks for them
    for (const row of decodeRows(statement))
      this.#rows.push({
        schema: statement.schema ?? this.#schema,
        columns: statement.columns,
        values: row.map((value) =>
          value instanceof Uint8Array
            ? value.length > 255
              ? ""
              : Buffer.from(value).toString("utf8")
            : value,
        ),
      });
  }

  of(schema: string, survey: DumpSurvey, table: string): ReservedJob[] {
    if (table !== "~jobs") return [];
    const declared = survey.tables.find((one) => one.schema === schema && one.table === table)?.ddl;
    return this.#rows.flatMap((row) => {
      const columns = row.columns ?? declared?.columns.map(({ name }) => name);
      if (row.schema !== schema || columns === undefined) return [];
      const [name, hash, status, connection] = jobColumns.map(
        (column) => row.values[columns.indexOf(column)] ?? "",
      );
      return status === "reserved" ? [{ table: name!, keyHash: hash!, connectionId: connection! }] : [];
    });
  }
}

async function sha256Of(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20, signal }))
    hash.update(piece as Buffer);
  return hash.digest("hex");
}
