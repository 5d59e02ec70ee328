/**
 * @module
 * Absolute paths inside rows: they name places of the machine that wrote them, which are not here. Columns are asked by SQL, decoded values
 * are walked; nothing is rewritten.
 */
import type { SqlValue } from "@tenon/datajoint";
import { type Check, counted, nameOf } from "./check.ts";

/** Whether a text is an absolute path or an address of a cloud store: `/home/x/y`, `C:\data`, `s3://bucket/key`. */
export function isAbsolutePath(text: string): boolean {
  return (
    /^\/(?!\/)[^\s/:*?"<>|]+(?:\/[^/\0\n]+)+\/?$/.test(text) ||
    /^[a-z]:[\\/][^\n]+$/i.test(text) ||
    /^\\\\[^\\\s]+\\[^\n]+$/.test(text) ||
    /^(?:s3|gs|gcs|azure):\/\/[^/\s]+\/\S+$/.test(text)
  );
}

/** The absolute paths in a decoded value: texts of dictionaries, lists and tuples, at any depth. Arrays of numbers are passed over. */
export function* absolutePathsIn(value: unknown, depth = 0): Iterable<string> {
  if (typeof value === "string") {
    if (value.length < 4096 && isAbsolutePath(value)) yield value;
    return;
  }
  if (value === null || typeof value !== "object" || ArrayBuffer.isView(value) || depth > 32) return;
  if (value instanceof Map) {
    for (const [key, item] of value) {
      yield* absolutePathsIn(key, depth + 1);
      yield* absolutePathsIn(item, depth + 1);
    }
  } else if (Array.isArray(value) || value instanceof Set) {
    for (const item of value) yield* absolutePathsIn(item, depth + 1);
  } else if (Object.getPrototypeOf(value) === Object.prototype || "items" in value || "fields" in value) {
    for (const item of Object.values(value)) yield* absolutePathsIn(item, depth + 1);
  }
}

/** Columns of text in which a path may stand. */
function isText(type: string): boolean {
  return /^(var)?char\((\d+)\)|text$/i.test(type) && !/^char\((?:[1-9]|1\d|32)\)/i.test(type);
}

/** Rows whose text columns hold absolute paths; one note for each column. */
export async function checkAbsolutePaths(check: Check): Promise<void> {
  const { connection, findings } = check;
  const { writer } = connection.dialect;
  for (const table of check.tables.filter(({ table: name }) => !name.startsWith("~")))
    for (const { name, type } of table.heading.attributes) {
      if (!isText(type)) continue;
      check.signal.throwIfAborted();
      const column = writer.quote(name);
      const rows = connection.stream({
        text: `SELECT ${column} AS value, COUNT(*) AS n FROM ${writer.table(table.schema, table.table)} WHERE SUBSTR(${column}, 1, 1) IN (?, ?) OR SUBSTR(${column}, 2, 1) = ? OR SUBSTR(${column}, 1, 10) LIKE ? GROUP BY ${column}`,
        parameters: ["/", "\\", ":", "%://%"],
      });
      let [count, example] = [0, ""];
      for await (const row of rows as AsyncIterable<Readonly<Record<string, SqlValue>>>) {
        const text = String(row["value"]);
        if (!isAbsolutePath(text)) continue;
        count += Number(row["n"]);
        example ||= text;
      }
      if (count > 0)
        findings.note(
          "absolute-path",
          nameOf(table),
          `${counted(count, "row")} with an absolute path in ${name}, e.g. '${example}'.`,
        );
    }
}
