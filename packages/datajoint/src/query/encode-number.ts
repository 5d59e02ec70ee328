/**
 * @module
 * Numbers as they are inserted. MySQL rounds a fraction for an integer or decimal column, and SQLite keeps what it is given; both are refused.
 */
import type { HeadingAttribute } from "../definition/heading.ts";
import { ValueError } from "../errors.ts";
import { shown } from "./encode-value.ts";

const bits: Readonly<Record<string, bigint>> = {
  tinyint: 8n,
  smallint: 16n,
  mediumint: 24n,
  int: 32n,
  integer: 32n,
  bigint: 64n,
};

/** @throws ValueError for what is no whole number, or out of the column's range */
export function encodeInteger(attribute: HeadingAttribute, value: unknown): number | bigint {
  const whole = wholeNumber(value);
  if (whole === undefined) throw unfitNumber(attribute, value, "a whole number (past 2^53 as bigint)");
  const base = /^\w+/.exec(attribute.type.toLowerCase())?.[0] ?? "bigint";
  const width = bits[base] ?? 64n;
  const isUnsigned = /unsigned/i.test(attribute.type);
  const least = isUnsigned ? 0n : -(1n << (width - 1n));
  const most = (isUnsigned ? 1n << width : 1n << (width - 1n)) - 1n;
  const exact = BigInt(whole);
  if (exact < least || exact > most) throw unfitNumber(attribute, value, `a number from ${least} to ${most}`);
  return whole;
}

function wholeNumber(value: unknown): number | bigint | undefined {
  switch (typeof value) {
    case "boolean":
      return value ? 1 : 0;
    case "bigint":
      return value;
    case "number":
      return Number.isSafeInteger(value) ? value + 0 : undefined;
    case "string": {
      if (!/^\s*[-+]?\d+\s*$/.test(value)) return undefined;
      const exact = BigInt(value.trim().replace(/^\+/, ""));
      return exact >= Number.MIN_SAFE_INTEGER && exact <= Number.MAX_SAFE_INTEGER ? Number(exact) : exact;
    }
    default:
      return undefined;
  }
}

/** FLOAT takes the nearest 32-bit number on every database. @throws ValueError for text that is no number, infinities, overflow */
export function encodeFloat(attribute: HeadingAttribute, value: unknown): number {
  const isText = typeof value === "string" && /^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i.test(value);
  if (typeof value !== "number" && typeof value !== "bigint" && typeof value !== "boolean" && !isText) {
    throw unfitNumber(attribute, value, "a number");
  }
  const number = Number(value);
  const kept = /^float\b/i.test(attribute.type) ? Math.fround(number) : number;
  if (!Number.isFinite(kept))
    throw unfitNumber(attribute, value, "a finite number within the column's range");
  if (kept < 0 && /unsigned/i.test(attribute.type)) throw unfitNumber(attribute, value, "a number from 0 on");
  return kept;
}

/** As text with the column's digits.
 *  @param mostDigits  significant digits that the database keeps exactly (SQLite: 15, its decimals are doubles)
 *  @throws ValueError when the column has not enough of them */
export function encodeDecimal(attribute: HeadingAttribute, value: unknown, mostDigits: number): string {
  const [, precision = "10", scale = "0"] = /\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)/.exec(attribute.type) ?? [];
  const text =
    typeof value === "number" || typeof value === "bigint"
      ? plainDigits(value)
      : typeof value === "string"
        ? value.trim()
        : "";
  const match = /^([-+]?)(\d*)(?:\.(\d*))?$/.exec(text);
  if (match === null || !/\d/.test(text))
    throw unfitNumber(attribute, value, "a decimal number, best as text like '1.50'");
  const [, sign = "", whole = "", fraction = ""] = match;
  const digits = whole.replace(/^0+(?=\d)/, "") || "0";
  const kept = fraction.replace(/0+$/, "");
  if (
    kept.length > Number(scale) ||
    (digits === "0" ? 0 : digits.length) > Number(precision) - Number(scale)
  ) {
    throw unfitNumber(
      attribute,
      value,
      `${Number(precision) - Number(scale)} digits before the point and ${scale} behind it`,
    );
  }
  if ((digits + kept).replace(/^0+/, "").length > mostDigits) {
    throw unfitNumber(
      attribute,
      value,
      `at most ${mostDigits} significant digits on this database, which keeps no more exactly`,
    );
  }
  const isZero = digits === "0" && kept === "";
  const isNegative = sign === "-" && !isZero;
  if (isNegative && /unsigned/i.test(attribute.type))
    throw unfitNumber(attribute, value, "a number from 0 on");
  return `${isNegative ? "-" : ""}${digits}${scale === "0" ? "" : `.${kept.padEnd(Number(scale), "0")}`}`;
}

/** A number without an exponent, with the digits that JavaScript shows. */
function plainDigits(value: number | bigint): string {
  const text = String(value);
  const match = /^(-?)(\d)(?:\.(\d+))?e([-+]\d+)$/.exec(text);
  if (match === null) return text;
  const [, sign = "", first = "", rest = "", exponent = "0"] = match;
  const digits = first + rest;
  const point = 1 + Number(exponent);
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`;
  return point >= digits.length
    ? sign + digits.padEnd(point, "0")
    : `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

function unfitNumber(attribute: HeadingAttribute, value: unknown, expected: string): ValueError {
  return new ValueError(
    `'${attribute.name}' (${attribute.type}) takes ${expected}, not ${shown(value)}.`,
    attribute.name,
  );
}
