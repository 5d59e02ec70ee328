/**
 * @module
 * Statements with more values than SQLite binds (32,766): the rest stands in the text itself, as a list of a hundred thousand keys does.
 */

/** A value as node:sqlite takes it. */
export type Bound = null | string | number | bigint | Uint8Array;

const mostBound = 32_000;

/** Literals, names, and places of parameters. */
const placePattern = /'(?:[^']|'')*'|"(?:[^"]|"")*"|\?/g;

/** The statement with few enough parameters. What SQL can write exactly goes into its text: whole numbers, texts and short bytes (uuids). */
export function inlined(
  text: string,
  parameters: readonly Bound[],
): { readonly text: string; readonly parameters: readonly Bound[] } {
  if (parameters.length <= mostBound) return { text, parameters };
  const bound: Bound[] = [];
  let i = 0;
  const written = text.replaceAll(placePattern, (found) => {
    if (found !== "?") return found;
    const value = parameters[i++]!;
    const literal = writeLiteral(value);
    if (literal !== undefined) return literal;
    bound.push(value);
    return "?";
  });
  return { text: written, parameters: bound };
}

function writeLiteral(value: Bound): string | undefined {
  if (typeof value === "bigint" && value > -(2n ** 63n)) return `${value}`;
  // a zero would end the text of the statement
  if (typeof value === "string" && !value.includes("\0")) return `'${value.replaceAll("'", "''")}'`;
  if (value instanceof Uint8Array && value.length <= 64) return `X'${Buffer.from(value).toString("hex")}'`;
  return undefined;
}
