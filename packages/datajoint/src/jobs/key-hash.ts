/**
 * @module
 * The hash under which `~jobs` knows a key: MD5 over Python's `str` of the values, in code-point order of their names, with nothing in
 * between. So {a: 12, b: 1} and {a: 1, b: 21} collide; a hash that is there counts as taken, as in Python. Contract: datajoint.md 7.4.
 */
import { createHash } from "node:crypto";
import type { HeadingAttribute } from "../definition/heading.ts";
import { DataJointError } from "../errors.ts";

/** What the text of a value depends on. */
export type KeyAttribute = Pick<HeadingAttribute, "name" | "kind" | "type">;

/**
 * Hashes a key as datajoint-python does.
 *
 * @param key  values as rows hold them: integers, text of decimals, dates and times as the server writes it, uuid text
 * @param attributes  those of the key, in any order
 * @returns 32 lower-case hexadecimal digits
 * @throws DataJointError when the key lacks one of the attributes
 */
export function keyHash(key: Readonly<Record<string, unknown>>, attributes: readonly KeyAttribute[]): string {
  const hash = createHash("md5");
  for (const attribute of attributes.toSorted((a, b) => byCodePoint(a.name, b.name))) {
    const value = key[attribute.name];
    if (value === undefined)
      throw new DataJointError(
        `The key has no attribute "${attribute.name}"; it has ${Object.keys(key).join(", ") || "none"}.`,
      );
    hash.update(pythonText(value, attribute), "utf8");
  }
  return hash.digest("hex");
}

/** Names of attributes are ASCII, where UTF-16 order is code-point order; Python's may not be. */
function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a, "utf8"), Buffer.from(b, "utf8"));
}

/** Python's `str(value)` of what datajoint-python fetches for this attribute. */
export function pythonText(value: unknown, attribute: KeyAttribute): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (attribute.kind === "float") {
    // the server's text of a FLOAT has six digits, and that text is what Python reads
    const number = Number(value);
    return pythonFloat(/^float/i.test(attribute.type) ? Number(number.toPrecision(6)) : number);
  }
  if (attribute.kind === "temporal") return pythonMoment(String(value), attribute.type);
  if (attribute.kind === "uuid") return String(value).toLowerCase();
  return String(value);
}

/** Python's repr of a float: shortest digits; exponent below 1e-4 and from 1e16 on, with two digits at least. */
export function pythonFloat(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (Object.is(value, -0)) return "-0.0";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) {
    const [digits, exponent] = value.toExponential().split("e") as [string, string];
    return `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, "0")}`;
  }
  // below 1e16 JavaScript writes whole digits too, and below 1e21 no exponent
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

function pythonMoment(text: string, type: string): string {
  if (/^time\b/i.test(type) && !/^timestamp/i.test(type)) return pythonTimedelta(text);
  const [whole, fraction = ""] = text.split(".");
  const micros = fraction.padEnd(6, "0").slice(0, 6);
  return micros === "000000" ? whole! : `${whole}.${micros}`;
}

/** `-01:01:02.5` as str(datetime.timedelta): whole days below zero first, then a time of day that is never negative. */
function pythonTimedelta(text: string): string {
  const match = /^(-?)(\d+):(\d\d):(\d\d)(?:\.(\d{1,6}))?$/.exec(text);
  if (match === null)
    throw new DataJointError(`"${text}" is not a time of the form [-]hours:minutes:seconds[.fraction].`);
  const [, sign, hours, minutes, seconds, fraction = ""] = match;
  const size =
    (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1e6 + Number(fraction.padEnd(6, "0"));
  const total = sign === "-" ? -size : size;
  const days = Math.floor(total / 86_400e6);
  const rest = total - days * 86_400e6;
  const two = (value: number) => String(value).padStart(2, "0");
  const clock = Math.floor(rest / 1e6);
  const micros = rest % 1e6;
  const time = `${Math.floor(clock / 3600)}:${two(Math.floor(clock / 60) % 60)}:${two(clock % 60)}${micros === 0 ? "" : `.${String(micros).padStart(6, "0")}`}`;
  return days === 0 ? time : `${days} day${Math.abs(days) === 1 ? "" : "s"}, ${time}`;
}
