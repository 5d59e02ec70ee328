/**
 * @module
 * The text of a SpikeGLX `.meta` file: lines `key=value`, and `~key=(header)(entry)(entry)...`.
 *
 * What a newcomer would get wrong: a value may hold further `=` signs (user notes), so a line is split at the first; and the order and
 * set of keys differs from version to version, so nothing is required here.
 */
import { RecordingError } from "../../errors.ts";

/** One `~` table: the fields of its header and of each entry, as text. */
export interface MetaTable {
  readonly header: readonly string[];
  readonly entries: readonly (readonly string[])[];
}

export interface SpikeGlxMeta {
  readonly path: string;
  /** Plain keys with their values as text. */
  readonly values: ReadonlyMap<string, string>;
  /** `~` tables by name without the `~`. */
  readonly tables: ReadonlyMap<string, MetaTable>;
}

/** Separators of entries: `imroTbl` and `muxTbl` use blanks, `snsChanMap` a semicolon and a colon, the others colons. */
const SEPARATOR = /[\s:;]+/;
const TABLE_KEYS = new Set(["imroTbl", "muxTbl", "snsChanMap", "snsGeomMap", "snsShankMap"]);

/** Parses the text of a `.meta` file. Lines without `=` are passed over. @param path  only for messages */
export function parseMeta(text: string, path: string): SpikeGlxMeta {
  const values = new Map<string, string>();
  const tables = new Map<string, MetaTable>();
  for (const line of text.split(/\r?\n/)) {
    const equals = line.indexOf("=");
    if (equals <= 0) continue;
    const key = line.slice(0, equals).trim();
    const value = line.slice(equals + 1).trim();
    // IBL's tools write the tables back without their `~`
    if (key.startsWith("~")) tables.set(key.slice(1), parseTable(value));
    else if (TABLE_KEYS.has(key) && value.startsWith("(")) tables.set(key, parseTable(value));
    else values.set(key, value);
  }
  return { path, values, tables };
}

function parseTable(text: string): MetaTable {
  const groups = [...text.matchAll(/\(([^()]*)\)/g)].map((match) => match[1].trim());
  const [header = "", ...entries] = groups;
  return {
    header: header === "" ? [] : header.split(/[,\s]+/),
    entries: entries.map((entry) => entry.split(SEPARATOR)),
  };
}

/** The value of a key as a finite number; undefined when the key is absent.
 * @throws RecordingError `bad-meta` when it is there and not a number */
export function metaNumber(meta: SpikeGlxMeta, key: string): number | undefined {
  const text = meta.values.get(key);
  if (text === undefined || text === "") return undefined;
  return toNumber(text, meta, key);
}

/** The value of a key that must be there, as a finite number.
 * @throws RecordingError `bad-meta` when it is absent or not a number */
export function requireMetaNumber(meta: SpikeGlxMeta, ...keys: string[]): number {
  for (const key of keys) {
    const value = metaNumber(meta, key);
    if (value !== undefined) return value;
  }
  throw new RecordingError(
    `'${meta.path}' has no ${keys.map((key) => `'${key}'`).join(" or ")}. ` +
      "The meta file is cut or not of SpikeGLX: copy it again from the rig.",
    "bad-meta",
    meta.path,
  );
}

/** Text from a meta file as a finite number. @throws RecordingError `bad-meta` */
export function toNumber(text: string | undefined, meta: SpikeGlxMeta, where: string): number {
  const value = text === undefined || text.trim() === "" ? Number.NaN : Number(text);
  if (!Number.isFinite(value))
    throw new RecordingError(
      `'${meta.path}': ${where} must be a number, got '${text ?? ""}'`,
      "bad-meta",
      meta.path,
    );
  return value;
}

/** Parses a list of ids in runs, `0:35,72:95,384`, both ends of a run included. @throws RecordingError `bad-meta` */
export function parseIdRuns(text: string, meta: SpikeGlxMeta, where: string): Int32Array {
  const ids: number[] = [];
  for (const run of text.split(",")) {
    const [first, last = first] = run.split(":").map((part) => toNumber(part, meta, where));
    for (let id = first; id <= last; id++) ids.push(id);
  }
  return Int32Array.from(ids);
}
