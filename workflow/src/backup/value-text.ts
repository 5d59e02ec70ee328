/**
 * @module
 * Values of MySQL as literals of a dump, from the bytes that the server sends.
 */
import type { SourceColumn } from "./mysql-tables.ts";

const numeric = new Set("tinyint smallint mediumint int bigint decimal float double year".split(" "));
const textual = new Set(
  "char varchar tinytext text mediumtext longtext enum set json date time datetime timestamp uuid inet4 inet6".split(
    " ",
  ),
);

/** For each column, what makes a literal of a value that is not NULL. What is neither a number nor a text is bytes. */
export function valueWriters(
  columns: readonly SourceColumn[],
): readonly ((value: Uint8Array) => Uint8Array)[] {
  return columns.map(({ type }) => {
    // `-0` without an exponent is the whole number 0
    if (type === "float" || type === "double")
      return (value) => (value.length === 2 && value[0] === 0x2d && value[1] === 0x30 ? negativeZero : value);
    if (numeric.has(type)) return (value) => value;
    if (type === "bit") return (value) => Buffer.from(`0x${Buffer.from(value).toString("hex")}`);
    if (textual.has(type)) return (value) => escaped(value, quote);
    return (value) => escaped(value, binaryQuote);
  });
}

const quote = Buffer.from("'");
const binaryQuote = Buffer.from("_binary '");
const negativeZero = Buffer.from("-0e0");
const backslash = 0x5c;

/** By byte: what stands behind the backslash; 0: the byte stands for itself. */
const escapes = new Uint8Array(256);
for (const [byte, letter] of [
  [0, "0"],
  [10, "n"],
  [13, "r"],
  [26, "Z"],
  [34, '"'],
  [39, "'"],
  [92, "\\"],
] as const)
  escapes[byte] = letter.charCodeAt(0);

function escaped(value: Uint8Array, before: Buffer): Buffer {
  let extra = 0;
  for (let i = 0; i < value.length; i++) if (escapes[value[i]!] !== 0) extra++;
  const out = Buffer.allocUnsafe(before.length + value.length + extra + 1);
  out.set(before, 0);
  let at = before.length;
  for (let i = 0; i < value.length; i++) {
    const byte = value[i]!;
    const letter = escapes[byte]!;
    if (letter !== 0) {
      out[at++] = backslash;
      out[at++] = letter;
    } else out[at++] = byte;
  }
  out[at] = 0x27;
  return out;
}
