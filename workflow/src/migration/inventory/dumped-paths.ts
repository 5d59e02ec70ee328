/**
 * @module
 * Absolute paths inside the rows of a dump: in its texts, and in its blobs as far as they are small; and blobs that cannot be decoded.
 *
 * Looks at every row while the dump is read anyway. What a newcomer would get wrong: a column is known by its place, so the definition must
 * have come before the rows, as mysqldump writes it.
 */
import { unpack } from "@tenon/datajoint";
import { decodeRows } from "../dump/decode-tuples.ts";
import type { DumpStatement, InsertRows } from "../dump/dump-statement.ts";
import { readTableDdl, type TableDdl } from "../dump/table-ddl.ts";
import { absolutePathsIn, isAbsolutePath } from "../verify/absolute-paths.ts";

/** Paths of one column. */
export interface PathsOfColumn {
  /** `schema.table.column` */
  readonly where: string;
  /** Values that hold one. */
  readonly count: number;
  readonly example: string;
}

/** Blobs larger than this hold arrays; bytes. */
const largestBlob = 1 << 20;
const blobStart = /^(dj0\0|mYm\0|ZL123\0)/;

/** What begins an absolute path in a quoted literal; a piece without any of these is not decoded. */
const hints = ["'/", "'\\\\", ":\\\\", ":/"].map((text) => Buffer.from(text, "latin1"));

export class DumpedPaths {
  readonly #definitions = new Map<string, TableDdl>();
  readonly #found = new Map<string, { count: number; readonly example: string }>();
  /** Blobs that cannot be decoded, by `schema.table.column`. */
  readonly #undecodable = new Map<string, { count: number; readonly message: string }>();

  /** Sees a statement of a dump. */
  add(statement: DumpStatement): void {
    if (statement.kind === "create-table" && statement.name !== undefined && "tokens" in statement) {
      const ddl = readTableDdl(statement.tokens, statement.session.charset);
      if (ddl !== undefined) this.#definitions.set(tableId(statement.schema, statement.name), ddl);
    }
    if (statement.kind === "insert" && !statement.table.startsWith("~")) this.#addRows(statement);
  }

  get paths(): readonly PathsOfColumn[] {
    return [...this.#found].map(([where, { count, example }]) => ({ where, count, example }));
  }

  get undecodable(): readonly { readonly where: string; readonly count: number; readonly message: string }[] {
    return [...this.#undecodable].map(([where, { count, message }]) => ({ where, count, message }));
  }

  #addRows(piece: InsertRows): void {
    const ddl = this.#definitions.get(tableId(piece.schema, piece.table));
    const names = piece.columns ?? ddl?.columns.map(({ name }) => name);
    if (ddl === undefined || names === undefined) return;
    const types = new Map(ddl.columns.map(({ name, type }) => [name, type]));
    const texts = names.map((name) => /^(var)?char|text/i.test(types.get(name) ?? ""));
    const blobs = names.map((name) => /blob$/i.test(types.get(name) ?? ""));
    const mayHold =
      blobs.includes(true) || (texts.includes(true) && hints.some((hint) => piece.values.includes(hint)));
    if (!mayHold) return;
    const where = (i: number) => `${tableId(piece.schema, piece.table)}.${names[i]}`;
    for (const row of decodeRows(piece))
      for (const [i, value] of row.entries()) {
        if (!(value instanceof Uint8Array)) continue;
        if (texts[i] && value.length < 4096) {
          const text = Buffer.from(value.buffer, value.byteOffset, value.length).toString("utf8");
          if (isAbsolutePath(text)) this.#count(where(i), text);
        } else if (blobs[i] && value.length <= largestBlob) this.#addBlob(where(i), value);
      }
  }

  #addBlob(where: string, value: Uint8Array): void {
    if (!blobStart.test(Buffer.from(value.subarray(0, 6)).toString("latin1"))) return;
    try {
      for (const path of absolutePathsIn(unpack(value))) {
        this.#count(where, path);
        return;
      }
    } catch (error) {
      const before = this.#undecodable.get(where) ?? { count: 0, message: (error as Error).message };
      this.#undecodable.set(where, { ...before, count: before.count + 1 });
    }
  }

  #count(where: string, example: string): void {
    const before = this.#found.get(where) ?? { count: 0, example };
    this.#found.set(where, { ...before, count: before.count + 1 });
  }
}

function tableId(schema: string | undefined, table: string): string {
  return schema === undefined ? table : `${schema}.${table}`;
}
