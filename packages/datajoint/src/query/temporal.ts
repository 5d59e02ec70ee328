/**
 * @module
 * Dates and times as the server writes them: `2024-01-31`, `2024-01-31 05:06:07.089`, `-25:01:02.500`. One text per value, so that SQLite,
 * which compares texts, finds what MySQL finds.
 */
import type { HeadingAttribute } from "../definition/heading.ts";
import { ValueError } from "../errors.ts";

const datePattern = /^(\d{4})-(\d{1,2})-(\d{1,2})$/;
const datetimePattern = /^(\d{4}-\d{1,2}-\d{1,2})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?$/;
const timePattern = /^(-)?(\d{1,3}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?$/;

/**
 * The canonical text of a date or time.
 *
 * @param rounds  whether what is beyond the column's precision is refused (insert); in comparisons it is kept, and then equals nothing
 * @throws ValueError when there is no such day or time, or the text carries a zone
 */
export function canonicalTemporal(attribute: HeadingAttribute, text: string, rounds: boolean): string {
  const [, base = "", digits] = /^(\w+)(?:\((\d)\))?/.exec(attribute.type.toLowerCase()) ?? [];
  const precision = digits === undefined ? 0 : Number(digits);
  const trimmed = text.trim();
  const fail = (expected: string): never => {
    throw new ValueError(
      `'${attribute.name}' (${attribute.type}) takes ${expected}, not '${text}'.`,
      attribute.name,
    );
  };
  switch (base) {
    case "date": {
      const match = datetimePattern.exec(trimmed);
      if (match === null || (rounds && match[2] !== undefined)) return fail("a date like '2024-01-31'");
      const [, date = "", ...clock] = match;
      const day = canonicalDate(date) ?? fail("a date of the calendar");
      // compared with a moment, a date is its midnight
      return clock.every((digits) => /^0*$/.test(digits ?? ""))
        ? day
        : canonicalTemporal({ ...attribute, type: "datetime(6)" }, text, rounds);
    }
    case "datetime":
    case "timestamp": {
      const match =
        datetimePattern.exec(trimmed) ?? fail("a time like '2024-01-31 05:06:07', without a zone");
      const [, date = "", hour = "0", minute = "00", second = "00", fraction = ""] = match;
      const day = canonicalDate(date) ?? fail("a day of the calendar");
      if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59)
        fail("a time of day up to 23:59:59");
      return `${day} ${hour.padStart(2, "0")}:${minute}:${second}${canonicalFraction(fraction, precision, rounds, fail)}`;
    }
    case "time": {
      const match = timePattern.exec(trimmed) ?? fail("a time like '05:06:07' or '-25:00:00'");
      const [, sign = "", hour = "", minute = "", second = "00", fraction = ""] = match;
      if (Number(hour) > 838 || Number(minute) > 59 || Number(second) > 59)
        fail("a time from -838:59:59 to 838:59:59");
      return `${sign}${String(Number(hour)).padStart(2, "0")}:${minute}:${second}${canonicalFraction(fraction, precision, rounds, fail)}`;
    }
    case "year":
      return /^\d{4}$/.test(trimmed) ? trimmed : fail("a year like '2024'");
    default:
      return trimmed;
  }
}

function canonicalDate(text: string): string | undefined {
  const [, year = "", month = "", day = ""] = datePattern.exec(text) ?? [];
  const [y, m, d] = [Number(year), Number(month), Number(day)];
  const days = new Date(Date.UTC(2000, m, 0)).getUTCDate();
  const isLeap = (y % 4 === 0 && y % 100 !== 0) || y % 400 === 0;
  const last = m === 2 && !isLeap ? 28 : days;
  if (y < 1 || m < 1 || m > 12 || d < 1 || d > last) return undefined;
  return `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
}

/** The server would round a longer fraction; a value that is not kept as it is, is refused. */
function canonicalFraction(
  fraction: string,
  precision: number,
  rounds: boolean,
  fail: (expected: string) => never,
): string {
  const kept = fraction.padEnd(precision, "0");
  const rest = kept.slice(precision);
  if (/^0*$/.test(rest)) return precision === 0 ? "" : `.${kept.slice(0, precision)}`;
  if (rounds) return fail(precision === 0 ? "whole seconds" : `at most ${precision} digits of a second`);
  return `.${kept}`;
}
