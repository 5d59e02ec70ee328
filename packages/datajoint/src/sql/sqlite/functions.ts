/**
 * @module
 * Functions of MySQL that conditions and projections of pipelines use and SQLite lacks.
 *
 * Only those whose meaning carries over exactly: parts of dates read from their text, and the sample and population spreads. What is not
 * here fails as an unknown function, which is better than a different number.
 */
import type { DatabaseSync } from "node:sqlite";

type Value = null | string | number | bigint | Uint8Array;

/** Where each part stands in `YYYY-MM-DD hh:mm:ss`. */
const parts = {
  year: [0, 4],
  month: [5, 7],
  day: [8, 10],
  dayofmonth: [8, 10],
  hour: [11, 13],
  minute: [14, 16],
  second: [17, 19],
} as const;

export function addFunctions(db: DatabaseSync): void {
  for (const [name, [from, to]] of Object.entries(parts)) {
    db.function(name, { deterministic: true }, (text: Value) => {
      if (typeof text !== "string") return null;
      const digits = text.slice(from, to);
      // a date without a time is midnight, as in MySQL
      if (digits === "" && from > 10) return 0;
      return /^\d+$/.test(digits) ? Number(digits) : null;
    });
  }
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
