/**
 * @module
 * One value of an attribute as it is bound, for conditions and keys, where it is compared. Inserts check more (table/encode-row.ts).
 */
import type { SqlValue } from "../connection/driver.ts";
import type { HeadingAttribute } from "../definition/heading.ts";
import { ValueError } from "../errors.ts";
import { canonicalTemporal } from "./temporal.ts";

/**
 * Encodes a value to be compared with an attribute.
 *
 * @throws ValueError when the value cannot be one of that attribute: a Date, an object, text for a uuid that is none
 */
export function encodeComparand(attribute: HeadingAttribute, value: unknown): SqlValue {
  if (value === null) return null;
  if (value === undefined) {
    throw new ValueError(
      `The condition on '${attribute.name}' is undefined; null compares with NULL.`,
      attribute.name,
    );
  }
  refuseDate(attribute, value);
  switch (attribute.kind) {
    case "uuid":
      return uuidBytes(attribute, value);
    case "blob":
    case "attach":
    case "external":
      throw new ValueError(
        `'${attribute.name}' is ${attribute.type}: its values cannot be compared in a condition.`,
        attribute.name,
      );
    case "json":
      throw new ValueError(
        `'${attribute.name}' is JSON: compare a value inside it, e.g. { "${attribute.name}.path": value }.`,
        attribute.name,
      );
    case "float":
      // a FLOAT column holds the nearest 32-bit number, so that is what equals it
      if (typeof value === "bigint") return Number(value);
      return Number.isFinite(value) && /^float\b/i.test(attribute.type)
        ? Math.fround(value as number)
        : scalar(attribute, value);
    case "integer":
    case "bool":
      return typeof value === "string" ? integerText(attribute, value) : scalar(attribute, value);
    case "temporal":
      if (typeof value === "number" && /^year\b/i.test(attribute.type)) return String(value);
      if (typeof value !== "string") throw mismatch(attribute, value, "text like '2024-01-31'");
      return canonicalTemporal(attribute, value, false);
    case "string":
    case "enum":
      // as text: MySQL would find every name that begins with no digit equal to 0
      if (typeof value === "number" || typeof value === "bigint") return String(value);
      if (typeof value !== "string") throw mismatch(attribute, value, "text");
      return value;
    default:
      return scalar(attribute, value);
  }
}

/** @throws ValueError: a JavaScript Date is an instant, the column a text without a zone */
export function refuseDate(attribute: HeadingAttribute, value: unknown): void {
  if (value instanceof Date) {
    throw new ValueError(
      `'${attribute.name}' got a JavaScript Date, which carries an instant and no time zone; columns hold naive local text. Write it out, e.g. '2024-01-31 05:06:07'.`,
      attribute.name,
    );
  }
}

/** The 16 bytes of a uuid, from text with or without hyphens, or from the bytes. */
export function uuidBytes(attribute: HeadingAttribute, value: unknown): Uint8Array {
  if (value instanceof Uint8Array && value.length === 16) return value;
  const digits = typeof value === "string" ? value.replaceAll("-", "").replace(/^\{(.*)\}$/, "$1") : "";
  if (!/^[0-9a-f]{32}$/i.test(digits))
    throw mismatch(attribute, value, "a uuid, as 32 hexadecimal digits with or without hyphens");
  return Uint8Array.from(digits.match(/../g)!, (pair) => Number.parseInt(pair, 16));
}

/** Text of a whole number as that number. @throws ValueError for other text, which MySQL would read as 0 */
function integerText(attribute: HeadingAttribute, text: string): number | bigint {
  if (!/^\s*[-+]?\d+\s*$/.test(text)) throw mismatch(attribute, text, "a whole number");
  const exact = BigInt(text.trim().replace(/^\+/, ""));
  return exact >= Number.MIN_SAFE_INTEGER && exact <= Number.MAX_SAFE_INTEGER ? Number(exact) : exact;
}

function scalar(attribute: HeadingAttribute, value: unknown): SqlValue {
  switch (typeof value) {
    case "boolean":
      return value ? 1 : 0;
    case "number":
      if (Number.isFinite(value)) return value;
      break;
    case "bigint":
    case "string":
      return value;
    case "object":
      if (value instanceof Uint8Array) return value;
  }
  throw mismatch(attribute, value, "a number, text or bytes");
}

function mismatch(attribute: HeadingAttribute, value: unknown, expected: string): ValueError {
  return new ValueError(
    `'${attribute.name}' (${attribute.type}) is compared with ${expected}, not with ${shown(value)}.`,
    attribute.name,
  );
}

/** A value as messages show it, cut at 60 characters. */
export function shown(value: unknown): string {
  let text: string;
  if (value instanceof Uint8Array) text = `${value.length} bytes`;
  else if (typeof value === "string") text = `'${value}'`;
  else if (typeof value === "bigint") text = `${value}`;
  else if (typeof value === "object" && value !== null) text = describeObject(value);
  else text = String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function describeObject(value: object): string {
  try {
    return JSON.stringify(value) ?? `a ${value.constructor?.name}`;
  } catch {
    return `a ${value.constructor?.name ?? "object"}`;
  }
}
