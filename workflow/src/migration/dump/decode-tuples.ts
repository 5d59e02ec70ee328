/**
 * @module
 * Rows of an INSERT as values: what SQLite is given, and what a verification compares.
 *
 * What a newcomer would get wrong: a literal in quotes is bytes here, in the character set of the dump (`session.charset`), whatever its
 * column holds; only what stands without quotes is a string, as it was written (`12`, `1e-5`, `DEFAULT`).
 */
import type { InsertRows } from "./dump-statement.ts";

/** NULL; a number or keyword as written; the bytes of a quoted, hexadecimal or bit literal. */
export type DumpValue = null | string | Uint8Array;

/**
 * Decodes the rows of a piece one after the other.
 *
 * Bytes may point into the piece; copy what is kept for long.
 */
export function* decodeRows(
  piece: Pick<InsertRows, "values" | "rowEnds" | "session">,
): Generator<readonly DumpValue[], void, void> {
  const backslashEscapes = !/NO_BACKSLASH_ESCAPES/i.test(piece.session.sqlMode ?? "");
  let start = 0;
  for (const end of piece.rowEnds) {
    while (piece.values[start] !== 0x28) start++;
    yield decodeRow(piece.values, start, end, backslashEscapes);
    start = end;
  }
}

/** The values of `(1,'a',NULL)`, which lies at [start, end). */
function decodeRow(bytes: Buffer, start: number, end: number, backslashEscapes: boolean): DumpValue[] {
  const values: DumpValue[] = [];
  let p = start + 1;
  let prefix = "";
  while (p < end - 1) {
    const c = bytes[p]!;
    if (c === 0x2c || c <= 0x20) p++;
    else if (c === 0x27 || c === 0x22) {
      const close = closingQuote(bytes, p, backslashEscapes);
      const inner = bytes.subarray(p + 1, close);
      values.push(decodeQuoted(inner, c, prefix, backslashEscapes));
      prefix = "";
      p = close + 1;
    } else {
      const from = p;
      while (p < end - 1 && !isBoundary(bytes[p]!)) p++;
      const word = bytes.toString("latin1", from, p);
      if (bytes[p] === 0x27 || word.startsWith("_")) prefix = word.toLowerCase();
      else {
        values.push(decodeWord(word));
        prefix = "";
      }
    }
  }
  return values;
}

function isBoundary(c: number): boolean {
  return c === 0x2c || c === 0x27 || c === 0x22 || c <= 0x20;
}

function decodeWord(word: string): DumpValue {
  if (/^null$/i.test(word)) return null;
  if (/^0x/i.test(word)) return fromHex(word.slice(2));
  if (/^0b/i.test(word)) return fromBits(word.slice(2));
  return word;
}

function decodeQuoted(inner: Buffer, quote: number, prefix: string, backslashEscapes: boolean): Uint8Array {
  if (prefix === "x") return fromHex(inner.toString("latin1"));
  if (prefix === "b") return fromBits(inner.toString("latin1"));
  return unescapeBytes(inner, quote, backslashEscapes);
}

function fromHex(digits: string): Uint8Array {
  return Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, "hex");
}

function fromBits(digits: string): Uint8Array {
  const whole = digits.padStart(Math.ceil(digits.length / 8) * 8, "0");
  return Uint8Array.from({ length: whole.length / 8 }, (_, i) =>
    Number.parseInt(whole.slice(i * 8, i * 8 + 8), 2),
  );
}

/** The quote that ends the string beginning at `start`. */
function closingQuote(bytes: Buffer, start: number, backslashEscapes: boolean): number {
  const quote = bytes[start]!;
  for (let at = start + 1; ; ) {
    const found = bytes.indexOf(quote, at);
    let first = found - 1;
    if (backslashEscapes) while (first > start && bytes[first] === 0x5c) first--;
    if ((found - 1 - first) % 2 === 1) at = found + 1;
    else if (bytes[found + 1] === quote) {
      // what stands before the pair ends no run of backslashes behind it
      at = found + 2;
    } else return found;
  }
}

/** What stands behind a backslash → the byte it means. */
const escaped = Uint8Array.from({ length: 256 }, (_, i) => i);
for (const [letter, byte] of Object.entries({ "0": 0, b: 8, t: 9, n: 10, r: 13, Z: 26 }))
  escaped[letter.charCodeAt(0)] = byte;

/** The bytes of a string literal between its quotes; the input itself where nothing was escaped. */
export function unescapeBytes(inner: Buffer, quote: number, backslashEscapes: boolean): Buffer {
  const isEscaped = (backslashEscapes && inner.includes(0x5c)) || inner.includes(quote);
  if (!isEscaped) return inner;
  const out = Buffer.allocUnsafe(inner.length);
  let length = 0;
  for (let p = 0; p < inner.length; p++) {
    const c = inner[p]!;
    if (c === 0x5c && backslashEscapes && p + 1 < inner.length) {
      const next = inner[++p]!;
      // \% and \_ keep their backslash outside patterns
      if (next === 0x25 || next === 0x5f) out[length++] = 0x5c;
      out[length++] = escaped[next]!;
    } else {
      if (c === quote) p++;
      out[length++] = c;
    }
  }
  return out.subarray(0, length);
}
