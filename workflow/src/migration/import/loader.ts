/**
 * @module
 * Sends the rows of one dump to a server: the bytes as they stand, over several sessions, in transactions of some megabytes that note in
 * the ledger what they hold.
 *
 * What a newcomer would get wrong: foreign keys are off on these sessions, so tables may come in any order, and somebody has to look for
 * orphans afterwards (import-dumps.ts does).
 */
import { type MysqlSettings, RawSession } from "@tenon/datajoint";
import type { InsertRows } from "../dump/dump-statement.ts";
import type { SessionState } from "../dump/session-state.ts";
import { noteRows, type Ranges } from "./import-ledger.ts";
import { quoted } from "./target-ddl.ts";

/** Bytes of rows of one transaction. */
const transactionBytes = 8 * 2 ** 20;
/** Bytes that a session may have waiting. */
const mostWaiting = 16 * 2 ** 20;

/** Modes that every server of today knows; a dump of 5.7 may name others. */
const knownModes = new Set(
  "ALLOW_INVALID_DATES ANSI_QUOTES ERROR_FOR_DIVISION_BY_ZERO HIGH_NOT_PRECEDENCE IGNORE_SPACE NO_AUTO_VALUE_ON_ZERO NO_BACKSLASH_ESCAPES NO_DIR_IN_CREATE NO_ENGINE_SUBSTITUTION NO_UNSIGNED_SUBTRACTION NO_ZERO_DATE NO_ZERO_IN_DATE ONLY_FULL_GROUP_BY PAD_CHAR_TO_FULL_LENGTH PIPES_AS_CONCAT REAL_AS_FLOAT STRICT_ALL_TABLES STRICT_TRANS_TABLES".split(
    " ",
  ),
);

/** The SET that gives a session what the dump's statements count on. */
export function sessionStatement(state: SessionState): string {
  const modes = (state.sqlMode ?? "NO_AUTO_VALUE_ON_ZERO")
    .toUpperCase()
    .split(",")
    .filter((mode) => knownModes.has(mode.trim()));
  // zero dates and old defaults are the dump's right: they were rows of a server
  const sqlMode = [...new Set([...modes, "NO_AUTO_VALUE_ON_ZERO"])].join(",");
  const charset = /^\w+$/.test(state.charset ?? "") ? state.charset! : "utf8mb4";
  const zone = /^[-+]\d\d:\d\d$/.test(state.timeZone ?? "") ? state.timeZone! : "+00:00";
  return `SET SESSION sql_mode='${sqlMode}', time_zone='${zone}', foreign_key_checks=0, unique_checks=0, character_set_client=${charset}, character_set_connection=${charset}, character_set_results=utf8mb4, autocommit=0`;
}

export interface RowsSink {
  /** Takes a piece over, or waits until there is room; what is in already is left out. */
  put(piece: InsertRows, schema: string, done: Ranges): Promise<void>;
  /** Resolves when everything that was put is committed. @throws what a session threw */
  flush(): Promise<void>;
  close(): void;
}

export interface LoaderOptions {
  readonly settings: MysqlSettings;
  readonly sessions: number;
  /** Identity of the dump. */
  readonly dump: string;
  readonly onRows: (rows: number) => void;
}

/** Opens the sessions. */
export async function openLoader(options: LoaderOptions): Promise<RowsSink> {
  const lanes = await Promise.all(
    Array.from(
      { length: options.sessions },
      async () => new Lane(await RawSession.open(options.settings), options),
    ),
  );
  let next = 0;
  return {
    async put(piece, schema, done) {
      const rest = piecesLeft(piece, done);
      for (const part of rest) {
        // the idler one; neighbours of one table may be carried out side by side
        const lane = lanes.reduce(
          (best, one) => (one.waiting < best.waiting ? one : best),
          lanes[next++ % lanes.length]!,
        );
        await lane.put({ ...part, schema, piece });
      }
    },
    async flush() {
      await Promise.all(lanes.map((lane) => lane.flush()));
    },
    close() {
      for (const lane of lanes) lane.close();
    },
  };
}

interface Part {
  readonly values: Buffer;
  readonly rows: number;
  /** Of its bytes in the unpacked dump. */
  readonly from: number;
  readonly to: number;
}

/** The rows of a piece that no range holds, in runs. A range always ends between rows. */
export function piecesLeft(piece: Pick<InsertRows, "values" | "rowEnds" | "offset">, done: Ranges): Part[] {
  const { values, rowEnds, offset } = piece;
  const parts: Part[] = [];
  let start = 0;
  let open: { start: number; rows: number } | undefined;
  const close = (end: number) => {
    if (open === undefined) return;
    parts.push({
      values: values.subarray(open.start, end),
      rows: open.rows,
      from: offset + open.start,
      to: offset + end,
    });
    open = undefined;
  };
  let last = 0;
  for (const end of rowEnds) {
    // what stands before a row: a comma and white space, none before the first
    while (values[start] !== 0x28) start++;
    if (isIn(offset + start, done)) close(last);
    else if (open === undefined) open = { start, rows: 1 };
    else open.rows++;
    last = end;
    start = end;
  }
  close(last);
  return parts;
}

function isIn(at: number, ranges: Ranges): boolean {
  let [low, high] = [0, ranges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ranges[middle]![1] <= at) low = middle + 1;
    else high = middle;
  }
  return low < ranges.length && ranges[low]![0] <= at;
}

type LanePart = Part & { readonly schema: string; readonly piece: InsertRows };

class Lane {
  /** Bytes that were taken over and are not carried out. */
  waiting = 0;
  readonly #session: RawSession;
  readonly #options: LoaderOptions;
  #state: SessionState | undefined;
  #last: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;
  /** Of the open transaction. */
  #bytes = 0;
  #rows = 0;

  constructor(session: RawSession, options: LoaderOptions) {
    this.#session = session;
    this.#options = options;
  }

  async put(part: LanePart): Promise<void> {
    while (this.waiting >= mostWaiting && this.#failure === undefined)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    if (this.#failure !== undefined) throw this.#failure.error;
    this.waiting += part.values.length;
    this.#then(async () => {
      await this.#insert(part);
      this.waiting -= part.values.length;
      this.#wake?.();
    });
  }

  async flush(): Promise<void> {
    this.#then(() => this.#commit());
    await this.#last;
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  close(): void {
    this.#failure ??= { error: new Error("The loader was closed.") };
    this.#wake?.();
    this.#session.close();
  }

  #then(work: () => Promise<void>): void {
    this.#last = this.#last.then(async () => {
      if (this.#failure !== undefined) return;
      try {
        await work();
      } catch (error) {
        this.#failure = { error };
        this.#wake?.();
      }
    });
  }

  async #insert({ values, rows, from, to, schema, piece }: LanePart): Promise<void> {
    if (piece.session !== this.#state) {
      await this.#commit();
      await this.#session.run(sessionStatement(piece.session));
      this.#state = piece.session;
    }
    const columns = piece.columns === undefined ? "" : ` (${piece.columns.map(quoted).join(",")})`;
    const head = Buffer.from(
      `${piece.verb} INTO ${quoted(schema)}.${quoted(piece.table)}${columns} VALUES `,
      "utf8",
    );
    await this.#session.run(Buffer.concat([head, values]));
    await this.#session.run(noteRows(schema, this.#options.dump, piece.table, [from, to], rows));
    this.#rows += rows;
    this.#bytes += values.length;
    if (this.#bytes >= transactionBytes) await this.#commit();
  }

  async #commit(): Promise<void> {
    if (this.#rows === 0) return;
    await this.#session.run("COMMIT");
    this.#options.onRows(this.#rows);
    this.#rows = 0;
    this.#bytes = 0;
  }
}
