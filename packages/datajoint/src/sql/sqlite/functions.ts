/**
 * @module
 * Functions of MySQL that conditions and projections of pipelines use and SQLite lacks, or takes for something else (`log`).
 *
 * Only those whose meaning carries over exactly: parts of dates and times read from their text, and the sample and population spreads. What
 * is not here fails as an unknown function, which is better than a different number.
 */
import type { DatabaseSync } from "node:sqlite";

type Value = null | string | number | bigint | Uint8Array;

/** Where each part stands in `YYYY-MM-DD`. */
const dayParts = { year: [0, 4], month: [5, 7], day: [8, 10], dayofmonth: [8, 10] } as const;

/** Which number of `hh:mm:ss` each part is. */
const clockParts = { hour: 0, minute: 1, second: 2 } as const;

export function addFunctions(db: DatabaseSync): void {
  for (const [name, [from, to]] of Object.entries(dayParts)) {
    db.function(name, { deterministic: true }, (text: Value) => {
      const digits = typeof text === "string" ? text.slice(from, to) : "";
      return /^\d+$/.test(digits) ? Number(digits) : null;
    });
  }
  for (const [name, place] of Object.entries(clockParts)) {
    db.function(name, { deterministic: true }, (text: Value) => {
      if (typeof text !== "string") return null;
      // a date without a time is midnight, as in MySQL
      if (/^\d{4}-\d\d-\d\d$/.test(text)) return 0;
      const clock = /(?:^|[ T])-?(\d{2,3}):(\d\d):(\d\d)(?:\.\d+)?$/.exec(text);
      return clock === null ? null : Number(clock[place + 1]);
    });
  }
  // SQLite's own is to base 10, its concat takes NULL for nothing, its instr minds case, and its hex writes a number's digits as text
  db.function("log", { deterministic: true }, (x: Value) => {
    const logarithm = x === null ? Number.NaN : Math.log(Number(x));
    return Number.isFinite(logarithm) ? logarithm : null;
  });
  db.function(
    "concat",
    { deterministic: true, varargs: true, useBigIntArguments: true },
    (...values: Value[]) => (values.includes(null) ? null : values.map(textOf).join("")),
  );
  db.function("instr", { deterministic: true, useBigIntArguments: true }, (text: Value, part: Value) => {
    if (text === null || part === null) return null;
    const [whole, sought] = [textOf(text).toLowerCase(), textOf(part).toLowerCase()];
    const at = whole.indexOf(sought);
    return at < 0 ? 0 : [...whole.slice(0, at)].length + 1;
  });
  db.function("hex", { deterministic: true, useBigIntArguments: true }, (value: Value) => {
    if (value === null) return null;
    if (typeof value === "bigint") return BigInt.asUintN(64, value).toString(16).toUpperCase();
    const bytes = typeof value === "number" ? String(value) : value;
    return Buffer.from(bytes).toString("hex").toUpperCase();
  });
  db.function("date", { deterministic: true }, (text: Value) =>
    typeof text === "string" ? text.slice(0, 10) : null,
  );
  db.function("regexp", { deterministic: true }, (pattern: Value, text: Value) =>
    pattern === null || text === null ? null : Number(new RegExp(String(pattern), "iu").test(String(text))),
  );
  db.function("unhex", { deterministic: true }, (text: Value) =>
    typeof text === "string" ? new Uint8Array(Buffer.from(text, "hex")) : null,
  );
  for (const name of ["std", "stddev", "stddev_pop"])
    addSpread(db, name, (sum, count) => Math.sqrt(sum / count), 1);
  for (const name of ["variance", "var_pop"]) addSpread(db, name, (sum, count) => sum / count, 1);
  addSpread(db, "stddev_samp", (sum, count) => Math.sqrt(sum / (count - 1)), 2);
  addSpread(db, "var_samp", (sum, count) => sum / (count - 1), 2);
}

function textOf(value: Value): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString("utf8") : String(value);
}

interface Moments {
  readonly count: number;
  readonly mean: number;
  /** Sum of squared distances from the mean. */
  readonly spread: number;
}

/** An aggregate made of the squared distances from the mean, gathered after Welford (1962). */
function addSpread(
  db: DatabaseSync,
  name: string,
  finish: (spread: number, count: number) => number,
  least: number,
): void {
  db.aggregate(name, {
    // node:sqlite keeps any value as the accumulator; its types know SQL values only
    start: (() => ({ count: 0, mean: 0, spread: 0 })) as unknown as () => string,
    step: ((state: Moments, value: Value): Moments => {
      if (value === null) return state;
      const x = Number(value);
      const count = state.count + 1;
      const mean = state.mean + (x - state.mean) / count;
      return { count, mean, spread: state.spread + (x - state.mean) * (x - mean) };
    }) as unknown as (state: string, value: Value) => string,
    result: ((state: Moments) =>
      state.count < least ? null : finish(state.spread, state.count)) as unknown as (state: string) => number,
  });
}
