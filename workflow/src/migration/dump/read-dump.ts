/**
 * @module
 * A dump as a stream of statements; the rows of INSERT statements in pieces, so that neither the file nor a statement is ever held whole.
 *
 * Bytes stay bytes: nothing is decoded but names. What a newcomer would get wrong: one INSERT comes as several `insert` items when it is
 * long (`isFirst`, `isLast`), and a piece's bytes are safe to keep, nobody overwrites them.
 */
import { decodeBytes } from "./character-sets.ts";
import { DumpError } from "./dump-error.ts";
import { type DumpSource, openDump } from "./dump-source.ts";
import { readSet, type SessionState, SessionTracker } from "./session-state.ts";
import { nameOf, type Token, tokenize } from "./sql-tokens.ts";
import { findStatementEnd } from "./statement-end.ts";
import { classify, type StatementKind } from "./statement-kind.ts";
import { TupleScanner } from "./tuple-scanner.ts";

interface Place {
  /** Of the first byte, in the unpacked text. */
  readonly offset: number;
  /** From 1. */
  readonly line: number;
  /** What the dump's SET statements have come to. */
  readonly session: SessionState;
}

/** Rows of one table: a whole INSERT or a piece of one. */
export interface InsertRows extends Place {
  readonly kind: "insert";
  /** The qualifier, else the schema of the last USE; undefined when there was none. */
  readonly schema: string | undefined;
  readonly table: string;
  readonly isQualified: boolean;
  readonly verb: "INSERT" | "INSERT IGNORE" | "REPLACE";
  /** The columns named; undefined for all of the table. */
  readonly columns: readonly string[] | undefined;
  /** Rows as they stand, `(1,'a'),(2,NULL)`, without what follows them. */
  readonly values: Buffer;
  /** Ends of the rows in `values`, one behind each `)`. */
  readonly rowEnds: Int32Array;
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

/** Any other statement. */
export interface DumpCommand extends Place {
  readonly kind: StatementKind;
  /** What it is about: its qualifier, else that of the last USE; for `create-database` and `use` the schema itself. */
  readonly schema: string | undefined;
  /** The table, view, trigger; undefined where there is none. */
  readonly name: string | undefined;
  readonly isQualified: boolean;
  /** As it stands, without its delimiter. */
  readonly bytes: Buffer;
  /** All versioned comments taken as code; byte strings. */
  readonly tokens: readonly Token[];
}

/** A line comment; mysqldump says there who it is and that it came to its end. */
export interface DumpComment extends Place {
  readonly kind: "comment";
  readonly text: string;
}

/** What stands at the end of the file without a delimiter: the file was cut, or written by hand. */
export interface DumpRest extends Place {
  readonly kind: "incomplete";
  readonly table: string | undefined;
  /** Its first bytes. */
  readonly text: string;
}

export type DumpStatement = InsertRows | DumpCommand | DumpComment | DumpRest;

export interface ReadDumpOptions {
  readonly signal?: AbortSignal;
  /** Told now and then: bytes of the file read, of how many. */
  readonly onProgress?: (read: number, total: number) => void;
  /** Bytes read at a time; rows are handed on in pieces of about this size. Default: 1 MiB. */
  readonly windowBytes?: number;
}

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
  options: ReadDumpOptions = {},
): AsyncGenerator<DumpStatement, void, void> {
  const source = await openDump(path);
  try {
    yield* new DumpReader(source, options).statements();
  } finally {
    await source.close();
  }
}

class DumpReader {
  readonly #source: DumpSource;
  readonly #options: ReadDumpOptions;
  readonly #tracker = new SessionTracker();
  /** Bytes [position, end) are read and not used. */
  #bytes: Buffer = Buffer.alloc(0);
  #position = 0;
  #end = 0;
  #isAtEnd = false;
  /** Of `bytes[0]` in the text. */
  #base = 0;
  /** The line of `bytes[lineAt]`. */
  #line = 1;
  #lineAt = 0;
  #delimiter: Buffer = Buffer.from(";");
  #schema: string | undefined;
  #session: SessionState;

  constructor(source: DumpSource, options: ReadDumpOptions) {
    this.#source = source;
    this.#options = options;
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

  /** Gets more bytes behind those that are not used. Buffers are never written again where a piece may point. */
  async #fill(): Promise<boolean> {
    if (this.#isAtEnd) return false;
    this.#options.signal?.throwIfAborted();
    const { windowBytes = 2 ** 20 } = this.#options;
    const rest = this.#end - this.#position;
    if (this.#bytes.length - this.#end < windowBytes / 4) {
      this.#countLines();
      const next = Buffer.allocUnsafeSlow(Math.max(windowBytes, rest * 2 + windowBytes / 2));
      this.#bytes.copy(next, 0, this.#position, this.#end);
      this.#base += this.#position;
      this.#lineAt -= this.#position;
      this.#bytes = next;
      this.#position = 0;
      this.#end = rest;
    }
    const count = await this.#source.read(this.#bytes, this.#end);
    this.#end += count;
    if (count === 0) this.#isAtEnd = true;
    this.#options.onProgress?.(this.#source.position(), this.#source.bytes);
    return count > 0;
  }

  #countLines(): void {
    for (;;) {
      const found = this.#bytes.indexOf(0x0a, this.#lineAt);
      if (found < 0 || found >= this.#position) break;
      this.#line++;
      this.#lineAt = found + 1;
    }
    // never back: what was looked at ahead is not counted twice
    this.#lineAt = Math.max(this.#lineAt, this.#position);
  }

  #place(): Place {
    this.#countLines();
    return { offset: this.#base + this.#position, line: this.#line, session: this.#session };
  }

  #where(line = this.#place().line): string {
    return `${this.#source.path}:${line}`;
  }

  get #splitRules() {
    const mode = this.#session.sqlMode?.toUpperCase() ?? "";
    return {
      delimiter: this.#delimiter,
      backslashEscapes: !mode.includes("NO_BACKSLASH_ESCAPES"),
      ansiQuotes: /\bANSI(_QUOTES)?\b/.test(mode),
    };
  }

  /** At least `count` bytes, unless the file ends. */
  async #need(count: number): Promise<void> {
    while (this.#end - this.#position < count && (await this.#fill()));
  }

  /** To the first byte of something; false at the end of the file. */
  async #skipSpace(): Promise<boolean> {
    for (;;) {
      while (this.#position < this.#end) {
        const c = this.#bytes[this.#position]!;
        // an empty statement; a byte order mark; \0 as editors leave it
        if (c > 0x20 && c !== 0xef && c !== 0x3b) return true;
        if (c === 0x3b && this.#delimiter[0] !== 0x3b) return true;
        if (c === 0xef) {
          await this.#need(3);
          if (this.#bytes[this.#position + 1] !== 0xbb) return true;
          this.#position += 2;
        }
        this.#position++;
      }
      if (!(await this.#fill())) return this.#position < this.#end;
    }
  }

  async #lineComment(): Promise<DumpComment | undefined> {
    await this.#need(3);
    const [a, b, c] = this.#bytes.subarray(this.#position, Math.min(this.#position + 3, this.#end));
    if (a !== 0x23 && !(a === 0x2d && b === 0x2d && (c ?? 0x20) <= 0x20)) return undefined;
    const place = this.#place();
    const end = await this.#find((bytes, from, to) => {
      const found = bytes.indexOf(0x0a, from);
      return found < to ? found : -1;
    });
    const stop = end < 0 ? this.#end : end;
    const text = this.#bytes
      .toString("latin1", this.#position, Math.min(stop, this.#position + 4096))
      .trimEnd();
    this.#position = stop;
    return { kind: "comment", text, ...place };
  }

  /** `/* ... *\/` that is no code, MariaDB's sandbox line included. */
  async #skipPlainComment(): Promise<boolean> {
    await this.#need(16);
    const start = this.#bytes.toString("latin1", this.#position, Math.min(this.#position + 16, this.#end));
    const isSandbox = /^\/\*M?!999999\\-/.test(start);
    if (!isSandbox && (!start.startsWith("/*") || start[2] === "!" || start.startsWith("/*M!"))) return false;
    const end = await this.#find((bytes, from, to) => {
      const found = bytes.indexOf("*/", from + 2, "latin1");
      return found >= 0 && found + 2 <= to ? found : -1;
    });
    // without an end it may hide the rest of the file: that is said below
    if (end < 0) return false;
    this.#position = end + 2;
    return true;
  }

  async #takeDelimiterLine(): Promise<boolean> {
    await this.#need(10);
    if (!/^delimiter[ \t]$/i.test(this.#bytes.toString("latin1", this.#position, this.#position + 10)))
      return false;
    const end = await this.#find((bytes, from, to) => {
      const found = bytes.indexOf(0x0a, from);
      return found < to ? found : -1;
    });
    const stop = end < 0 ? this.#end : end;
    const word = this.#bytes.toString("latin1", this.#position + 10, stop).trim();
    if (word === "" || word.length > 15)
      throw new DumpError("dump-syntax", this.#where(), `${this.#where()}: DELIMITER without a delimiter.`);
    this.#delimiter = Buffer.from(word, "latin1");
    this.#position = stop;
    return true;
  }

  /** Searches from the position on, reading more as needed; the place in `bytes` (which may have moved), -1 at the end of the file. */
  async #find(
    search: (bytes: Buffer, from: number, end: number) => number,
    limit = Number.POSITIVE_INFINITY,
  ): Promise<number> {
    for (let searched = 0; ; ) {
      // searched again when twice as much is there, so that no byte is looked at more than a few times
      if (this.#end - this.#position >= searched * 2 || this.#isAtEnd) {
        const found = search(this.#bytes, this.#position, this.#end);
        if (found >= 0 || this.#isAtEnd) return found;
        searched = this.#end - this.#position;
        if (searched > limit) return -1;
      }
      await this.#fill();
    }
  }

  async #command(): Promise<DumpCommand | DumpRest> {
    const place = this.#place();
    const where = this.#where(place.line);
    if (this.#bytes[this.#position] === 0x5c) return this.#clientCommand(place);
    const rules = this.#splitRules;
    const end = await this.#find(
      (bytes, from, to) => findStatementEnd(bytes, from, to, rules),
      longestCommand,
    );
    if (end < 0) {
      const text = this.#bytes.toString("latin1", this.#position, Math.min(this.#end, this.#position + 200));
      if (!this.#isAtEnd)
        throw new DumpError(
          "dump-syntax",
          where,
          `The statement at ${where} has no end within ${longestCommand / 2 ** 20} MiB: '${shown(text)}'.`,
        );
      this.#position = this.#end;
      return { kind: "incomplete", table: undefined, text: shown(text), ...place };
    }
    const bytes = this.#bytes.subarray(this.#position, end);
    this.#position = end + this.#delimiter.length;
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
    const found = await this.#find((bytes, from, to) => {
      const end = bytes.indexOf(0x0a, from);
      return end < to ? end : -1;
    });
    const end = found < 0 ? this.#end : found;
    const bytes = this.#bytes.subarray(this.#position, end);
    this.#position = end;
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
    await this.#need(8);
    if (
      !insertPattern.test(
        this.#bytes.toString("latin1", this.#position, Math.min(this.#position + 8, this.#end)),
      )
    )
      return undefined;
    const place = this.#place();
    const end = await this.#find(findValues, longestCommand);
    if (end < 0) return undefined;
    const rules = this.#splitRules;
    const text = this.#bytes.toString("latin1", this.#position, end);
    const header = readInsertHeader(tokenize(text, rules, this.#where(place.line)));
    if (header === undefined) return undefined;
    this.#position = end;
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
    const scanner = new TupleScanner(this.#position, this.#splitRules);
    let isFirst = true;
    for (;;) {
      const refusal = scanner.scan(this.#bytes, this.#end);
      const { rowEnds } = scanner;
      if (refusal !== undefined) throw this.#refused(header, refusal.at, refusal.reason);
      const isLast = scanner.isDone;
      if (rowEnds.length > 0 || isLast) {
        const start = this.#rowStart();
        const last = rowEnds.at(-1) ?? start;
        this.#position = start;
        const place = { ...this.#place(), session: header.session };
        const ends = Int32Array.from(rowEnds, (end) => end - start);
        const values = this.#bytes.subarray(start, last);
        this.#position = isLast ? scanner.position : last;
        yield { ...header, ...place, values, rowEnds: ends, isFirst, isLast };
        isFirst = false;
        if (isLast) return;
      }
      if (this.#end - this.#position > longestRow)
        throw new DumpError(
          "row-too-large",
          this.#where(header.line),
          `A row of ${header.table} at ${this.#where(header.line)} is longer than ${longestRow / 2 ** 30} GiB, which no server takes in one statement.`,
        );
      const before = this.#position;
      const base = this.#base;
      if (!(await this.#fill())) {
        const place = this.#place();
        const text = shown(
          this.#bytes.toString("latin1", this.#position, Math.min(this.#end, this.#position + 60)),
        );
        this.#position = this.#end;
        yield { kind: "incomplete", table: header.table, text, ...place };
        return;
      }
      if (this.#base !== base) scanner.shift(before - this.#position);
    }
  }

  /** The `(` of the next row: the position may be at the comma behind the last. */
  #rowStart(): number {
    let at = this.#position;
    while (at < this.#end && this.#bytes[at] !== 0x28) at++;
    return at;
  }

  #refused(header: InsertHeader, at: number, reason: string): DumpError {
    this.#position = Math.max(this.#position, at);
    const where = this.#where();
    return new DumpError(
      "statement-refused",
      where,
      `The INSERT into ${header.table} at ${where}: ${reason}. Only rows of literal values are loaded.`,
    );
  }
}

type InsertHeader = Omit<InsertRows, "offset" | "values" | "rowEnds" | "isFirst" | "isLast">;

/** Behind the word VALUES; -1 when it is not there yet. Names are skipped, since one may be called so. */
function findValues(bytes: Buffer, from: number, end: number): number {
  for (let p = from; p + 6 < end; p++) {
    const c = bytes[p]!;
    if (c === 0x60) {
      const close = bytes.indexOf(0x60, p + 1);
      if (close < 0 || close >= end) return -1;
      p = close;
    } else if (c === 0x3b || c === 0x27) return p;
    else if (
      (c | 0x20) === 0x76 &&
      p > from &&
      (bytes[p - 1]! <= 0x20 || bytes[p - 1] === 0x29 || bytes[p - 1] === 0x60)
    ) {
      if (/^values[\s(]$/i.test(bytes.toString("latin1", p, p + 7))) return p + 6;
    }
  }
  return -1;
}

function readInsertHeader(tokens: readonly Token[]) {
  let at = 1;
  let isIgnore = false;
  for (
    ;
    tokens[at]?.kind === "word" &&
    /^(LOW_PRIORITY|DELAYED|HIGH_PRIORITY|IGNORE|INTO)$/.test(tokens[at]!.value);
    at++
  )
    if (tokens[at]!.value === "IGNORE") isIgnore = true;
  let table = nameOf(tokens[at++]);
  let schema: string | undefined;
  if (tokens[at]?.text === ".") {
    schema = table;
    table = nameOf(tokens[at + 1]);
    at += 2;
  }
  let columns: string[] | undefined;
  if (tokens[at]?.text === "(") {
    columns = [];
    for (at++; ; at += 2) {
      const name = nameOf(tokens[at]);
      if (name === undefined) return undefined;
      columns.push(name);
      if (tokens[at + 1]?.text === ")") break;
      if (tokens[at + 1]?.text !== ",") return undefined;
    }
    at += 2;
  }
  if (table === undefined || tokens[at]?.value !== "VALUES" || at !== tokens.length - 1) return undefined;
  const verb = tokens[0]!.value === "REPLACE" ? "REPLACE" : isIgnore ? "INSERT IGNORE" : "INSERT";
  return { schema, table, columns, verb } as const;
}

function shown(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, " ").slice(0, 60);
}
