/**
 * @module
 * `tenon migrate inventory`: what the dumps hold, what they and the code need, and what of it is not there, before anything is imported.
 *
 * Reads only files; of the configuration it asks which stores are named, and of the server, when there is one, what it takes.
 */
import type { Settings } from "../../settings/settings.ts";
import type { Problem } from "../dump/dump-error.ts";
import { type DumpSurvey, surveyDump } from "../dump/dump-tables.ts";
import { platformTable } from "../platform/platform-tables.ts";
import { DangerousStatements } from "./dangerous-statements.ts";
import { DumpedPaths, type PathsOfColumn } from "./dumped-paths.ts";
import { type CodeScan, isMeant, scanCode } from "./scan-code.ts";

export interface InventorySchema {
  readonly schema: string;
  /** Whether a dump holds it. */
  readonly present: boolean;
  readonly tables: number;
  readonly rows: number;
  /** Of the rows, as text of the dump. */
  readonly bytes: number;
  /** Who needs it: tables by foreign key, places of the code. */
  readonly neededBy: readonly string[];
}

export interface InventoryStore {
  readonly store: string;
  readonly kinds: readonly string[];
  /** Columns and places of the code that name it. */
  readonly namedBy: readonly string[];
  /** Rows of its tracking tables. */
  readonly files: number;
  /** The folder that the configuration names for it. */
  readonly location: string | null;
}

export interface InventoryDump {
  readonly path: string;
  readonly bytes: number;
  readonly compression: string;
  /** `mysql 8.0.35`; null when the dump does not say. */
  readonly server: string | null;
  readonly charsets: readonly string[];
  readonly collations: readonly string[];
  readonly tables: number;
  readonly rows: number;
  /** The longest row, as text of the dump, bytes. */
  readonly largestRow: { readonly table: string; readonly bytes: number } | null;
  readonly complete: boolean | null;
}

export interface Inventory {
  readonly ok: boolean;
  readonly problems: readonly Problem[];
  readonly notes: readonly Problem[];
  readonly schemas: readonly InventorySchema[];
  readonly stores: readonly InventoryStore[];
  readonly platformTables: readonly {
    readonly table: string;
    readonly rows: number;
    readonly what: string;
    readonly here: string;
  }[];
  readonly absolutePaths: readonly PathsOfColumn[];
  readonly dumps: readonly InventoryDump[];
  readonly code: CodeScan | null;
  /** What the configured server takes; null when it was not asked. */
  readonly server: { readonly name: string; readonly maxAllowedPacket: number } | null;
}

export interface InventoryRequest {
  readonly dumps: readonly string[];
  /** A folder of Python sources. */
  readonly code: string | undefined;
  /** The schema of dumps that name none. */
  readonly schema: string | undefined;
  readonly settings: Settings;
  /** What the configured server takes in one statement; undefined when it cannot be asked. */
  readonly server: { readonly name: string; readonly maxAllowedPacket: number } | undefined;
  readonly signal: AbortSignal;
  readonly progress: (what: string, done: number, total: number) => void;
}

const systemSchemas = new Set(["mysql", "sys", "information_schema", "performance_schema"]);
/** Places that are listed of one need. */
const listedAtMost = 8;

/** Takes the inventory.
 * @throws DumpError `dump-unreadable` for a file that is no dump; CodeScanError */
export async function takeInventory(request: InventoryRequest): Promise<Inventory> {
  const { settings, signal, progress } = request;
  const [problems, notes]: [Problem[], Problem[]] = [[], []];
  const surveys: DumpSurvey[] = [];
  const paths: PathsOfColumn[] = [];
  for (const path of request.dumps) {
    const seen = new DumpedPaths();
    const dangerous = new DangerousStatements(path);
    surveys.push(
      await surveyDump(path, {
        ...(request.schema === undefined ? {} : { schema: request.schema }),
        signal,
        onProgress: (read, total) => progress(`reading ${path}`, read, total),
        visit: (statement) => {
          seen.add(statement);
          dangerous.add(statement);
        },
      }),
    );
    paths.push(...seen.paths);
    problems.push(...dangerous.result().problems);
    notes.push(...dangerous.result().notes);
    for (const { where, count, message } of seen.undecodable)
      problems.push({
        code: "blob-undecodable",
        where,
        message: `${count} values cannot be decoded: ${message}`,
      });
  }
  const code = request.code === undefined ? null : await scanCode(request.code);
  for (const survey of surveys) problems.push(...survey.problems);
  const schemas = schemasOf(surveys, code, problems);
  const stores = storesOf(surveys, code, settings, problems);
  for (const { where, count, example } of paths)
    notes.push({
      code: "absolute-path",
      where,
      message: `${count} rows hold absolute paths, e.g. '${example}'; nothing is read from there.`,
    });
  notes.push(...unsupported(surveys));
  const dumps = surveys.map((survey) => dumpOf(survey, request, problems));
  return {
    ok: problems.length === 0,
    problems,
    notes,
    schemas,
    stores,
    platformTables: platformTablesOf(surveys),
    absolutePaths: paths,
    dumps,
    code,
    server: request.server ?? null,
  };
}

function tablesOf(surveys: readonly DumpSurvey[]) {
  return surveys.flatMap((survey) =>
    survey.tables.flatMap((table) =>
      table.schema === undefined || systemSchemas.has(table.schema.toLowerCase())
        ? []
        : [{ ...table, schema: table.schema }],
    ),
  );
}

function schemasOf(
  surveys: readonly DumpSurvey[],
  code: CodeScan | null,
  problems: Problem[],
): InventorySchema[] {
  const tables = tablesOf(surveys);
  const present = new Set(tables.map(({ schema }) => schema));
  const needed = new Map<string, string[]>();
  const need = (schema: string, by: string) => {
    const list = needed.get(schema) ?? [];
    if (!list.includes(by)) list.push(by);
    needed.set(schema, list);
  };
  for (const { schema, table, ddl } of tables)
    for (const { parentSchema } of ddl?.foreignKeys ?? [])
      if (parentSchema !== undefined && parentSchema !== schema) need(parentSchema, `${schema}.${table}`);
  for (const [schema, by] of needed)
    if (!present.has(schema) && tables.length > 0)
      problems.push({
        code: "schema-not-dumped",
        where: schema,
        message: `${by.length} tables refer to this schema, which is in no dump (e.g. ${by[0]}): ask for its dump too.`,
      });
  for (const { name, places } of code?.schemas ?? []) {
    const meant = [...present].filter((schema) => isMeant(name, schema));
    for (const schema of meant.length > 0 ? meant : [name]) need(schema, places[0]!);
    if (meant.length === 0 && tables.length > 0)
      problems.push({
        code: "schema-not-dumped",
        where: name,
        message: `The code uses this schema (${places.join(", ")}), and no dump holds one of that name.`,
      });
  }
  return [...new Set([...present, ...needed.keys()])].toSorted().map((schema) => {
    const mine = tables.filter((table) => table.schema === schema);
    return {
      schema,
      present: present.has(schema),
      tables: mine.length,
      rows: sum(mine.map(({ rows }) => rows)),
      bytes: sum(mine.map(({ bytes }) => bytes)),
      neededBy: (needed.get(schema) ?? []).slice(0, listedAtMost),
    };
  });
}

function storesOf(
  surveys: readonly DumpSurvey[],
  code: CodeScan | null,
  settings: Settings,
  problems: Problem[],
): InventoryStore[] {
  const tables = tablesOf(surveys);
  const found = new Map<string, { readonly kinds: Set<string>; readonly namedBy: string[]; files: number }>();
  const store = (name: string) => {
    const one = found.get(name) ?? { kinds: new Set<string>(), namedBy: [], files: 0 };
    found.set(name, one);
    return one;
  };
  for (const { schema, table, externals, rows } of tables) {
    for (const { column, kind, store: name } of externals) {
      const one = store(name);
      one.kinds.add(kind);
      one.namedBy.push(`${schema}.${table}.${column}`);
    }
    if (table.startsWith("~external_")) store(table.slice("~external_".length)).files += rows;
  }
  for (const { name, places } of code?.stores ?? []) store(name).namedBy.push(...places);
  return [...found].map(([name, { kinds, namedBy, files }]) => {
    const location = Object.hasOwn(settings.stores, name) ? settings.stores[name]!.location : null;
    if (location === null)
      problems.push({
        code: "store-not-configured",
        where: name,
        message: `${namedBy[0] ?? `${files} files`} need the store '${name}'. Add "stores": {"${name}": {"protocol": "file", "location": "..."}} to the configuration.`,
      });
    return { store: name, kinds: [...kinds], namedBy: namedBy.slice(0, listedAtMost), files, location };
  });
}

function platformTablesOf(surveys: readonly DumpSurvey[]): Inventory["platformTables"] {
  return tablesOf(surveys).flatMap(({ schema, table, rows }) => {
    const known = table.startsWith("~") ? undefined : platformTable(schema, table);
    return known === undefined ? [] : [{ table: `${schema}.${table}`, rows, ...known }];
  });
}

/** What is not taken over, with what to do. */
function unsupported(surveys: readonly DumpSurvey[]): Problem[] {
  return surveys.flatMap((survey) => {
    const objects = survey.objects
      .filter(({ kind }) => kind !== "view")
      .map(({ kind, schema, name, where }) => ({
        code: "not-imported",
        where,
        message: `The ${kind} ${schema === undefined ? "" : `${schema}.`}${name} is not imported: DataJoint's tables need none. If the lab's own programs do, make it by hand.`,
      }));
    const codecs = tablesOf([survey]).flatMap(({ schema, table, externals }) =>
      externals
        .filter(({ kind }) => kind === "object")
        .map(({ column }) => ({
          code: "not-readable",
          where: `${schema}.${table}.${column}`,
          message:
            "Objects of datajoint-python 2.x stores are imported and kept; Tenon reads <blob@>, <attach@> and <hash@> only.",
        })),
    );
    return [...objects, ...codecs];
  });
}

function dumpOf(survey: DumpSurvey, { server }: InventoryRequest, problems: Problem[]): InventoryDump {
  const { origin, tables } = survey;
  const largest = tables.reduce<(typeof tables)[number] | undefined>(
    (best, table) => (table.largestRow > (best?.largestRow ?? 0) ? table : best),
    undefined,
  );
  const name = largest === undefined ? "" : `${largest.schema ?? "?"}.${largest.table}`;
  if (largest !== undefined && server !== undefined && largest.largestRow > server.maxAllowedPacket)
    problems.push({
      code: "row-too-large",
      where: name,
      message: `A row of ${largest.largestRow} bytes does not fit into one statement of ${server.name} (max_allowed_packet ${server.maxAllowedPacket}). Raise it: SET GLOBAL max_allowed_packet = ${Math.min(2 ** 30, 2 ** Math.ceil(Math.log2(largest.largestRow + 1024)))}, and the same in my.cnf.`,
    });
  return {
    path: survey.path,
    bytes: survey.bytes,
    compression: survey.compression,
    server: origin.serverVersion === undefined ? null : `${origin.kind} ${origin.serverVersion}`,
    charsets: [...new Set([...survey.charsets, ...tables.map(({ ddl }) => ddl?.charset ?? "")])].filter(
      (one) => one !== "",
    ),
    collations: [...new Set(tables.map(({ ddl }) => ddl?.collation ?? ""))].filter((one) => one !== ""),
    tables: tables.length,
    rows: sum(tables.map(({ rows }) => rows)),
    largestRow: largest === undefined ? null : { table: name, bytes: largest.largestRow },
    complete: survey.isCompleted ?? null,
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
