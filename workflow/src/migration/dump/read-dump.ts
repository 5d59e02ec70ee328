/**
 * @module
 * A dump as a stream of statements; the rows of INSERT statements in pieces, so that neither the file nor a statement is ever held whole.
 *
 * Bytes stay bytes: nothing is decoded but names. What a newcomer would get wrong: one INSERT comes as several `insert` items when it is
 * long (`isFirst`, `isLast`), and a piece's bytes are safe to keep, nobody overwrites them.
 */
import { decodeBytes } from "./character-sets.ts";
import { DumpError } from "./dump-error.ts";
import { openDump } from "./dump-source.ts";
import type {
  DumpCommand,
  DumpComment,
  DumpRest,
  DumpStatement,
  InsertRows,
  Place,
} from "./dump-statement.ts";
import { DumpWindow, type DumpWindowOptions } from "./dump-window.ts";
import { findValues, readInsertHeader } from "./insert-header.ts";
import { readSet, type SessionState, SessionTracker } from "./session-state.ts";
import { tokenize } from "./sql-tokens.ts";
import { findStatementEnd } from "./statement-end.ts";
import { classify } from "./statement-kind.ts";
import { TupleScanner } from "./tuple-scanner.ts";

/** A row longer than this cannot be sent to any server (max_allowed_packet is 1 GiB at most). */
const longestRow = 2 ** 30;
const longestCommand = 64 * 2 ** 20;
const insertPattern = /^(insert|replace)[\s/`]/i;

/**
 * Reads a dump.
 * @throws DumpError with the code `dump-unreadable`, `dump-truncated`, `dump-syntax`, `statement-refused` (values that are no literals) or
 *   `row-too-large`
 */
export async function* readDump(
  path: string,
  options: DumpWindowOptions = {},
): AsyncGenerator<DumpStatement, void, void> {
  const source = await openDump(path);
  try {
    yield* new DumpReader(new DumpWindow(source, options)).statements();
  } finally {
    await source.close();
  }
}

class DumpReader {
  readonly #window: DumpWindow;
  readonly #tracker = new SessionTracker();
  #delimiter: Buffer = Buffer.from(";");
  #schema: string | undefined;
  #session: SessionState;

  constructor(window: DumpWindow) {
    this.#window = window;
    this.#session = this.#tracker.state;
  }

  async *statements(): AsyncGenerator<DumpStatement, void, void> {
    for (;;) {
      if (!(await this.#skipSpace())) return;
      const comment = await this.#lineComment();
      if (comment !== undefined) {
        yield comment;
        continue;
      }
      if (await this.#skipPlainComment()) continue;
      if (await this.#takeDelimiterLine()) continue;
      const header =
        this.#delimiter.length === 1 && this.#delimiter[0] === 0x3b ? await this.#insertHeader() : undefined;
      if (header !== undefined) yield* this.#rows(header);
      else yield await this.#command();
    }
  }

  #place(): Place {
    const { base, position, line } = this.#window;
    return { offset: base + position, line, session: this.#session };
  }

  get #splitRules() {
    const mode = this.#session.sqlMode?.toUpperCase() ?? "";
    return {
      delimiter: this.#delimiter,
      backslashEscapes: !mode.includes("NO_BACKSLASH_ESCAPES"),
      ansiQuotes: /\bANSI(_QUOTES)?\b/.test(mode),
    };
  }

  /** To the first byte of something; false at the end of the file. */
  async #skipSpace(): Promise<boolean> {
    for (;;) {
      while (this.#window.position < this.#window.end) {
        const c = this.#window.bytes[this.#window.position]!;
        // an empty statement; a byte order mark; \0 as editors leave it
        if (c > 0x20 && c !== 0xef && c !== 0x3b) return true;
        if (c === 0x3b && this.#delimiter[0] !== 0x3b) return true;
        if (c === 0xef) {
          await this.#window.need(3);
          if (this.#window.bytes[this.#window.position + 1] !== 0xbb) return true;
          this.#window.position += 2;
        }
        this.#window.position++;
      }
      if (!(await this.#window.fill())) return this.#window.position < this.#window.end;
    }
  }

  async #lineComment(): Promise<DumpComment | undefined> {
    await this.#window.need(3);
    const [a, b, c] = this.#window.bytes.subarray(
      this.#window.position,
      Math.min(this.#window.position + 3, this.#window.end),
    );
    if (a !== 0x23 && !(a === 0x2d && b === 0x2d && (c ?? 0x20) <= 0x20)) return undefined;
    const place = this.#place();
    const stop = await this.#window.findLineEnd();
    const text = this.#window.bytes
      .toString("latin1", this.#window.position, Math.min(stop, this.#window.position + 4096))
      .trimEnd();
    this.#window.position = stop;
    return { kind: "comment", text, ...place };
  }

  /** `/* ... *\/` that is no code, MariaDB's sandbox line included. */
  async #skipPlainComment(): Promise<boolean> {
    await this.#window.need(16);
    const start = this.#window.text(16);
    const isSandbox = /^\/\*M?!999999\\-/.test(start);
    if (!isSandbox && (!start.startsWith("/*") || start[2] === "!" || start.startsWith("/*M!"))) return false;
    const end = await this.#window.find((bytes, from, to) => {
      const found = bytes.indexOf("*/", from + 2, "latin1");
      return found >= 0 && found + 2 <= to ? found : -1;
    });
    // without an end it may hide the rest of the file: that is said below
    if (end < 0) return false;
    this.#window.position = end + 2;
    return true;
  }

  async #takeDelimiterLine(): Promise<boolean> {
    await this.#window.need(10);
    if (
      !/^delimiter[ \t]$/i.test(
        this.#window.bytes.toString("latin1", this.#window.position, this.#window.position + 10),
      )
    )
      return false;
    const stop = await this.#window.findLineEnd();
    const word = this.#window.bytes.toString("latin1", this.#window.position + 10, stop).trim();
    if (word === "" || word.length > 15)
      throw new DumpError(
        "dump-syntax",
        this.#window.where(),
        `${this.#window.where()}: DELIMITER without a delimiter.`,
      );
    this.#delimiter = Buffer.from(word, "latin1");
    this.#window.position = stop;
    return true;
  }

  async #command(): Promise<DumpCommand | DumpRest> {
    const place = this.#place();
    const where = this.#window.where(place.line);
    if (this.#window.bytes[this.#window.position] === 0x5c) return this.#clientCommand(place);
    const rules = this.#splitRules;
    const end = await this.#window.find(
      (bytes, from, to) => findStatementEnd(bytes, from, to, rules),
      longestCommand,
    );
    if (end < 0) {
      const text = this.#window.text(200);
      if (!this.#window.isAtEnd)
        throw new DumpError(
          "dump-syntax",
          where,
          `The statement at ${where} has no end within ${longestCommand / 2 ** 20} MiB: '${shown(text)}'.`,
        );
      this.#window.position = this.#window.end;
      return { kind: "incomplete", table: undefined, text: shown(text), ...place };
    }
    const bytes = this.#window.bytes.subarray(this.#window.position, end);
    this.#window.position = end + this.#delimiter.length;
    const tokens = tokenize(bytes.toString("latin1"), rules, where);
    const { kind, schema, name } = classify(tokens);
    const decoded = (text: string | undefined) => (text === undefined ? undefined : this.#decoded(text));
    if (kind === "set") {
      this.#tracker.apply(readSet(tokens) ?? []);
      this.#session = this.#tracker.state;
    }
    if (kind === "use") this.#schema = decoded(name);
    const isSchema = kind === "use" || kind === "create-database" || kind === "alter-database";
    return {
      kind,
      schema: isSchema ? decoded(name) : (decoded(schema) ?? this.#schema),
      name: isSchema ? undefined : decoded(name),
      isQualified: schema !== undefined,
      bytes,
      tokens,
      ...place,
    };
  }

  /** `\! rm`, `\. file`: words for the mysql client, to the end of the line. */
  async #clientCommand(place: Place): Promise<DumpCommand> {
    const end = await this.#window.findLineEnd();
    const bytes = this.#window.bytes.subarray(this.#window.position, end);
    this.#window.position = end;
    return {
      kind: "client-command",
      schema: this.#schema,
      name: undefined,
      isQualified: false,
      bytes,
      tokens: [],
      ...place,
    };
  }

  #decoded(name: string): string {
    return decodeBytes(name, this.#session.charset ?? "utf8mb4");
  }

  /** The words in front of the values; undefined when this is no INSERT with VALUES. The position is then where it was. */
  async #insertHeader(): Promise<InsertHeader | undefined> {
    await this.#window.need(8);
    if (!insertPattern.test(this.#window.text(8))) return undefined;
    const place = this.#place();
    const end = await this.#window.find(findValues, longestCommand);
    if (end < 0) return undefined;
    const rules = this.#splitRules;
    const text = this.#window.bytes.toString("latin1", this.#window.position, end);
    const header = readInsertHeader(tokenize(text, rules, this.#window.where(place.line)));
    if (header === undefined) return undefined;
    this.#window.position = end;
    const { schema, table, columns, verb } = header;
    return {
      kind: "insert",
      schema: schema === undefined ? this.#schema : this.#decoded(schema),
      isQualified: schema !== undefined,
      table: this.#decoded(table),
      columns: columns?.map((name) => this.#decoded(name)),
      verb,
      line: place.line,
      session: place.session,
    };
  }

  async *#rows(header: InsertHeader): AsyncGenerator<InsertRows | DumpRest, void, void> {
    const scanner = new TupleScanner(this.#window.position, this.#splitRules);
    let isFirst = true;
    for (;;) {
      const refusal = scanner.scan(this.#window.bytes, this.#window.end);
      const { rowEnds } = scanner;
      if (refusal !== undefined) throw this.#refused(header, refusal.at, refusal.reason);
      const isLast = scanner.isDone;
      if (rowEnds.length > 0 || isLast) {
        const start = this.#rowStart();
        const last = rowEnds.at(-1) ?? start;
        this.#window.position = start;
        const place = { ...this.#place(), session: header.session };
        const ends = Int32Array.from(rowEnds, (end) => end - start);
        const values = this.#window.bytes.subarray(start, last);
        this.#window.position = isLast ? scanner.position : last;
        yield { ...header, ...place, values, rowEnds: ends, isFirst, isLast };
        isFirst = false;
        if (isLast) return;
      }
      if (this.#window.end - this.#window.position > longestRow)
        throw new DumpError(
          "row-too-large",
          this.#window.where(header.line),
          `A row of ${header.table} at ${this.#window.where(header.line)} is longer than ${longestRow / 2 ** 30} GiB, which no server takes in one statement.`,
        );
      const before = this.#window.position;
      const base = this.#window.base;
      if (!(await this.#window.fill())) {
        const place = this.#place();
        const text = shown(this.#window.text(60));
        this.#window.position = this.#window.end;
        yield { kind: "incomplete", table: header.table, text, ...place };
        return;
      }
      if (this.#window.base !== base) scanner.shift(before - this.#window.position);
    }
  }

  /** The `(` of the next row: the position may be at the comma behind the last. */
  #rowStart(): number {
    let at = this.#window.position;
    while (at < this.#window.end && this.#window.bytes[at] !== 0x28) at++;
    return at;
  }

  #refused(header: InsertHeader, at: number, reason: string): DumpError {
    this.#window.position = Math.max(this.#window.position, at);
    const where = this.#window.where();
    return new DumpError(
      "statement-refused",
      where,
      `The INSERT into ${header.table} at ${where}: ${reason}. Only rows of literal values are loaded.`,
    );
  }
}

type InsertHeader = Omit<InsertRows, "offset" | "values" | "rowEnds" | "isFirst" | "isLast">;

function shown(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, " ").slice(0, 60);
}
