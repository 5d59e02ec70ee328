/**
 * @module
 * The key source of a table as one SQL text without parameters, for datajoint-python's utilities, which run it and append to it.
 *
 * They look for the word WHERE in the text and append `AND (... NOT IN ...)` when they find it: so the text ends with a WHERE of its own.
 * They hand it to a client that reads `%` as a place for a parameter: so there is none.
 */
import { type PopulateTable, Query, type SqlValue, type Statement } from "@tenon/datajoint";

/** The SQL; null on a database that Python's utilities do not reach. */
export function keySourceSql(table: PopulateTable): string | null {
  const { dialect } = table.connection;
  if (!dialect.can.concurrentWriters) return null;
  const { node } = new Query(table.connection, table.keySource().node).proj();
  const columns = node.heading.primaryKey.map((name) => dialect.writer.quote(name)).join(",");
  return `SELECT ${columns} FROM (${inlined(dialect.writer.select(node))}) AS ${dialect.writer.quote("ks")} WHERE (1)`;
}

/** The text of a statement with its parameters written into it. */
export function inlined({ text, parameters }: Statement): string {
  let next = 0;
  // quoted text and names first, so that a question mark inside them stays
  return text.replace(/'(?:[^']|'')*'|`[^`]*`|"[^"]*"|\?/g, (piece) =>
    piece === "?" ? literal(parameters[next++] ?? null) : piece,
  );
}

function literal(value: SqlValue): string {
  if (value === null) return "NULL";
  if (typeof value === "number" || typeof value === "bigint") return `${value}`;
  if (typeof value !== "string") return `X'${Buffer.from(value).toString("hex")}'`;
  return /^[\w .:/@-]*$/.test(value)
    ? `'${value}'`
    : `CONVERT(X'${Buffer.from(value, "utf8").toString("hex")}' USING utf8mb4)`;
}
