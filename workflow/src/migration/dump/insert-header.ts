/**
 * @module
 * The words of an INSERT in front of its rows.
 */
import { nameOf, type Token } from "./sql-tokens.ts";

/** Behind the word VALUES; -1 when it is not there yet. Names are skipped, since one may be called so. */
export function findValues(bytes: Buffer, from: number, end: number): number {
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

/** What stands between INSERT and VALUES; undefined when it is another form (SET, SELECT). Names are byte strings. */
export function readInsertHeader(tokens: readonly Token[]) {
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
