/**
 * @module
 * `dict_to_uuid` of element-interface: the UUID of the MD5 over sorted keys and values as Python prints them (pipeline contract 0).
 *
 * These hashes sit in primary keys and unique indexes, so the text must be Python's to the letter: see `pythonStr`.
 */
import { createHash } from "node:crypto";

/** A number that Python holds as a float even when it is whole: `new PythonFloat(30000)` prints as `30000.0`. */
export class PythonFloat {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

export type PythonValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | PythonFloat
  | readonly PythonValue[]
  | { readonly [key: string]: PythonValue };

/** UUID text of a dict. Keys are sorted as Python sorts `str`, by code point; pass `numericKeys` for dicts keyed by integers. */
export function dictToUuid(dict: Readonly<Record<string, PythonValue>>, numericKeys = false): string {
  const order = numericKeys ? (a: string, b: string) => Number(a) - Number(b) : byCodePoint;
  const hash = createHash("md5");
  for (const key of Object.keys(dict).sort(order))
    hash.update(key, "utf8").update(pythonStr(dict[key]!), "utf8");
  const hex = hash.digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Python's `str(value)`. */
export function pythonStr(value: PythonValue): string {
  return typeof value === "string" ? value : pythonRepr(value);
}

/** Python's `repr(value)`. */
export function pythonRepr(value: PythonValue): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number")
    return Number.isInteger(value) && Math.abs(value) < 1e16 ? `${value}` : floatRepr(value);
  if (typeof value === "string") return stringRepr(value);
  if (value instanceof PythonFloat) return floatRepr(value.value);
  if (Array.isArray(value)) return `[${value.map(pythonRepr).join(", ")}]`;
  const items = Object.entries(value as { readonly [key: string]: PythonValue });
  return `{${items.map(([key, item]) => `${stringRepr(key)}: ${pythonRepr(item)}`).join(", ")}}`;
}

/** Shortest text that reads back the same; exponent form below 1e-4 and from 1e16 on, with at least two digits. */
function floatRepr(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (Object.is(value, -0)) return "-0.0";
  const [digits, exponent] = value.toExponential().split("e") as [string, string];
  const power = Number(exponent);
  if (value !== 0 && (power < -4 || power >= 16)) {
    const size = `${Math.abs(power)}`.padStart(2, "0");
    return `${digits}e${power < 0 ? "-" : "+"}${size}`;
  }
  const text = value.toString().includes("e") ? plainDigits(digits, power) : value.toString();
  return text.includes(".") ? text : `${text}.0`;
}

/** `1.5`, -5 → `0.000015`: JavaScript changes to exponent form below 1e-6, Python below 1e-4, so only small numbers come here. */
function plainDigits(digits: string, power: number): string {
  const sign = digits.startsWith("-") ? "-" : "";
  const figures = digits.replace(/[-.]/g, "");
  return power < 0
    ? `${sign}0.${"0".repeat(-power - 1)}${figures}`
    : `${sign}${figures.padEnd(power + 1, "0")}`;
}

function stringRepr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  let inside = "";
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (character === "\\" || character === quote) inside += `\\${character}`;
    else if (character === "\n") inside += "\\n";
    else if (character === "\r") inside += "\\r";
    else if (character === "\t") inside += "\\t";
    else if (code < 32 || code === 127) inside += `\\x${code.toString(16).padStart(2, "0")}`;
    else inside += character;
  }
  return quote + inside + quote;
}

function byCodePoint(a: string, b: string): number {
  const [left, right] = [[...a], [...b]];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = left[i]!.codePointAt(0)! - right[i]!.codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
