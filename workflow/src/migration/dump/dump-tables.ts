/**
 * @module
 * What a dump holds, found in one pass without decoding a value: schemas, tables with definitions and exact numbers of rows, views, and
 * whether the dump came to its end.
 */
import { decodeBytes } from "./character-sets.ts";
import { DumpError, type Problem } from "./dump-error.ts";
import { openDump } from "./dump-source.ts";
import type { DumpStatement, InsertRows } from "./dump-statement.ts";
import type { DumpWindowOptions } from "./dump-window.ts";
import { readDump } from "./read-dump.ts";
import { type ExternalColumn, externalColumns, readTableDdl, type TableDdl } from "./table-ddl.ts";

/** A table of a dump. */
export interface DumpTable {
  /** undefined when the dump does not say in which schema it is. */
  readonly schema: string | undefined;
  readonly table: string;
  /** `FILE:LINE` of its definition, else of its first rows. */
  readonly where: string;
  /** undefined when the dump has rows but no definition of it. */
  readonly ddl: TableDdl | undefined;
  /** The definition as it stands. */
  readonly ddlBytes: Buffer | undefined;
  readonly externals: readonly ExternalColumn[];
  /** Tuples of all its INSERTs. */
  readonly rows: number;
  /** Of its rows, as text. */
  readonly bytes: number;
  /** Of its longest row, as text: what max_allowed_packet must hold. */
  readonly largestRow: number;
}

/** A view, trigger, routine or event. */
export interface DumpObject {
  readonly kind: "view" | "trigger" | "routine" | "event";
  readonly schema: string | undefined;
  readonly name: string;
  readonly where: string;
}

export interface DumpSurvey {
  readonly path: string;
  /** Of the file as it lies there. */
  readonly bytes: number;
  /** Names the file whatever it is called: its size and a hash of its ends. */
  readonly identity: string;
  readonly compression: "none" | "gzip" | "zstd";
  /** Bytes unpacked. */
  readonly textBytes: number;
  /** Pieces of one INSERT count once; comments do not. */
  readonly statements: number;
  /** From the header; `unknown` without one. */
  readonly origin: {
    readonly kind: "mysql" | "mariadb" | "unknown";
    readonly serverVersion: string | undefined;
  };
  /** The database that mysqldump's header names; it is only said there when one alone was dumped. */
  readonly headerDatabase: string | undefined;
  /** `true` when mysqldump wrote that it came to its end, `undefined` when it was told to write no comments. */
  readonly isCompleted: boolean | undefined;
  /** Schemas that the dump names by CREATE DATABASE or USE. */
  readonly schemas: readonly string[];
  readonly tables: readonly DumpTable[];
  readonly objects: readonly DumpObject[];
  /** Character sets that its statements are in. */
  readonly charsets: readonly string[];
  /** What makes it unfit: `dump-truncated`, `dump-unreadable`, `dump-syntax`, `row-too-large`, `statement-refused` (rows with more than literals). */
  readonly problems: readonly Problem[];
}

export interface SurveyOptions extends DumpWindowOptions {
  /** The schema of what stands before any USE. */
  readonly schema?: string;
  /** Sees every statement that the survey sees. */
  readonly visit?: (statement: DumpStatement) => void;
}

interface OpenTable {
  schema: string | undefined;
  table: string;
  where: string;
  ddl: TableDdl | undefined;
  ddlBytes: Buffer | undefined;
  rows: number;
  bytes: number;
  largestRow: number;
}

/**
 * Reads a whole dump and says what it holds. What is wrong with it is in `problems`, beside what was found up to there.
 * @throws DumpError `dump-unreadable` when the file cannot be opened or is none
 */
export async function surveyDump(path: string, options: SurveyOptions = {}): Promise<DumpSurvey> {
  const source = await openDump(path);
  await source.close();
  const survey = new Survey(path, options.schema);
  try {
    for await (const statement of readDump(path, options)) {
      survey.add(statement);
      options.visit?.(statement);
    }
    survey.finish();
  } catch (error) {
    if (!(error instanceof DumpError)) throw error;
    survey.problems.push({ code: error.code, where: error.where, message: error.message });
  }
  const { bytes, identity, compression } = source;
  return { path, bytes, identity, compression, ...survey.result() };
}

class Survey {
  readonly problems: Problem[] = [];
  readonly #path: string;
  readonly #schema: string | undefined;
  readonly #tables = new Map<string, OpenTable>();
  readonly #objects = new Map<string, DumpObject>();
  readonly #schemas = new Set<string>();
  readonly #charsets = new Set<string>();
  #statements = 0;
  #textBytes = 0;
  /** The last header has had no end so far. */
  #isOpen: boolean | undefined;
  #origin: DumpSurvey["origin"] = { kind: "unknown", serverVersion: undefined };
  #headerDatabase: string | undefined;

  constructor(path: string, schema: string | undefined) {
    this.#path = path;
    this.#schema = schema;
  }

  add(statement: DumpStatement): void {
    const { kind, offset, line } = statement;
    const where = `${this.#path}:${line}`;
    if (kind === "comment") {
      this.#addComment(statement.text);
      return;
    }
    if (statement.session.charset !== undefined) this.#charsets.add(statement.session.charset);
    if (kind === "insert") {
      if (statement.isFirst) this.#statements++;
      this.#textBytes = offset + statement.values.length;
      this.#addRows(statement, where);
      return;
    }
    this.#statements++;
    if (kind === "incomplete") {
      const what =
        statement.table === undefined
          ? `in the statement '${statement.text}'`
          : `in the rows of ${statement.table}`;
      this.problems.push({
        code: "dump-truncated",
        where,
        message: `${this.#path} ends at line ${line} ${what}: it was cut there. Get the whole dump.`,
      });
      this.#isOpen = undefined;
      return;
    }
    this.#textBytes = offset + statement.bytes.length;
    const schema = statement.schema ?? this.#schema;
    const { name } = statement;
    if ((kind === "use" || kind === "create-database") && schema !== undefined) this.#schemas.add(schema);
    if (name === undefined) return;
    if (kind === "create-table") this.#addTable(schema, name, where, statement);
    if (kind === "view" || kind === "trigger" || kind === "routine" || kind === "event") {
      this.#objects.set(`${kind} ${id(schema, name)}`, { kind, schema, name, where });
      // older versions of mysqldump let a table stand for a view until the tables are there
      if (kind === "view") this.#tables.delete(id(schema, name));
    }
  }

  finish(): void {
    if (this.#isOpen === true)
      this.problems.push({
        code: "dump-truncated",
        where: this.#path,
        message: `${this.#path} lacks mysqldump's last line, '-- Dump completed': it was cut between two statements, or the dump failed. Get the whole dump.`,
      });
  }

  result() {
    return {
      textBytes: this.#textBytes,
      statements: this.#statements,
      origin: this.#origin,
      headerDatabase: this.#headerDatabase,
      isCompleted: this.problems.some(({ code }) => code === "dump-truncated")
        ? false
        : this.#isOpen === undefined
          ? undefined
          : !this.#isOpen,
      schemas: [...this.#schemas],
      tables: [...this.#tables.values()].map((table) => ({
        ...table,
        externals: table.ddl === undefined ? [] : externalColumns(table.ddl),
      })),
      objects: [...this.#objects.values()],
      charsets: [...this.#charsets],
      problems: this.problems,
    };
  }

  #addComment(text: string): void {
    const dumper = /^-- (MySQL|MariaDB) dump\b/.exec(text);
    if (dumper !== null) {
      this.#isOpen = true;
      this.#origin = { kind: dumper[1] === "MySQL" ? "mysql" : "mariadb", serverVersion: undefined };
    }
    const database = /^-- Host: .*\bDatabase: (\S.*)$/.exec(text)?.[1];
    if (database !== undefined) this.#headerDatabase = decodeBytes(database, "utf8mb4");
    const version = /^-- Server version\s+(\S+)/.exec(text)?.[1];
    // MySQL's own mysqldump may have been pointed at a MariaDB, and the other way round
    if (version !== undefined)
      this.#origin = {
        kind: /mariadb/i.test(version)
          ? "mariadb"
          : this.#origin.kind === "mariadb" && /^(5|8|9)\./.test(version)
            ? "mysql"
            : this.#origin.kind,
        serverVersion: version,
      };
    if (/^-- Dump completed/.test(text)) this.#isOpen = false;
  }

  #addTable(
    schema: string | undefined,
    name: string,
    where: string,
    statement: DumpStatement & { readonly bytes: Buffer },
  ): void {
    const ddl = "tokens" in statement ? readTableDdl(statement.tokens, statement.session.charset) : undefined;
    const table = this.#table(schema, name, where);
    if (table.ddl !== undefined) return;
    table.where = where;
    table.ddl = ddl;
    table.ddlBytes = Buffer.from(statement.bytes);
  }

  #addRows({ schema, table: name, values, rowEnds }: InsertRows, where: string): void {
    const table = this.#table(schema ?? this.#schema, name, where);
    table.rows += rowEnds.length;
    table.bytes += values.length;
    let start = 0;
    for (let i = 0; i < rowEnds.length; i++) {
      const length = rowEnds[i]! - start;
      if (length > table.largestRow) table.largestRow = length;
      start = rowEnds[i]!;
    }
  }

  #table(schema: string | undefined, table: string, where: string): OpenTable {
    const key = id(schema, table);
    let found = this.#tables.get(key);
    if (found === undefined) {
      found = { schema, table, where, ddl: undefined, ddlBytes: undefined, rows: 0, bytes: 0, largestRow: 0 };
      this.#tables.set(key, found);
    }
    return found;
  }
}

function id(schema: string | undefined, name: string): string {
  return JSON.stringify([schema ?? null, name]);
}
