/**
 * @module
 * One value of one attribute as it is inserted. What the column would round, cut or reinterpret is refused here, so that every database
 * keeps the same value, and keeps the one that was given.
 */
import { packAsync } from "../blob/encode.ts";
import type { SqlValue } from "../connection/driver.ts";
import type { HeadingAttribute } from "../definition/heading.ts";
import { RefusedError, ValueError } from "../errors.ts";
import { encodeDecimal, encodeFloat, encodeInteger } from "../query/encode-number.ts";
import { refuseDate, shown, uuidBytes } from "../query/encode-value.ts";
import { canonicalTemporal } from "../query/temporal.ts";

/** Writes values that lie outside the database. */
export interface StoreWriter {
  /** @returns what the column holds instead: the 16 bytes of a hash, or JSON text */
  write(attribute: HeadingAttribute, value: unknown): Promise<SqlValue>;
}

/** What encoding depends on besides the attribute. */
export interface EncodeTarget {
  readonly stores?: StoreWriter | undefined;
  /** Significant digits of a decimal that the database keeps exactly. */
  readonly decimalDigits: number;
}

const blobBytes: Readonly<Record<string, number>> = {
  tinyblob: 2 ** 8 - 1,
  blob: 2 ** 16 - 1,
  mediumblob: 2 ** 24 - 1,
  longblob: 2 ** 32 - 1,
};

/**
 * Encodes a value that is not null.
 *
 * @throws ValueError naming the attribute when the value is none of its type, or would not be kept as it is
 */
export function encodeAttribute(
  attribute: HeadingAttribute,
  value: unknown,
  target: EncodeTarget,
): SqlValue | Promise<SqlValue> {
  if (attribute.kind !== "blob" && attribute.kind !== "external") refuseDate(attribute, value);
  switch (attribute.kind) {
    case "integer":
      return encodeInteger(attribute, value);
    case "float":
      return encodeFloat(attribute, value);
    case "decimal":
      return encodeDecimal(attribute, value, target.decimalDigits);
    case "bool":
      if (value === true || value === 1 || value === 1n) return 1;
      if (value === false || value === 0 || value === 0n) return 0;
      throw unfit(attribute, value, "true, false, 0 or 1");
    case "string":
      return encodeText(attribute, value);
    case "enum":
      return encodeMember(attribute, value);
    case "temporal":
      if (typeof value === "number" && /^year/i.test(attribute.type))
        return canonicalTemporal(attribute, String(value), true);
      if (typeof value !== "string")
        throw unfit(attribute, value, "text like '2024-01-31' or '2024-01-31 05:06:07'");
      return canonicalTemporal(attribute, value, true);
    case "uuid":
      if (typeof value === "string" || value instanceof Uint8Array) return uuidBytes(attribute, value);
      throw unfit(attribute, value, "a uuid as text or 16 bytes");
    case "json":
      return encodeJson(attribute, value);
    case "bytes":
      if (value instanceof Uint8Array) return checkSize(attribute, value);
      throw unfit(attribute, value, "a Uint8Array");
    case "blob":
      return encodeBlob(attribute, value);
    case "attach":
      return encodeAttachment(attribute, value);
    case "external":
      if (target.stores !== undefined) return target.stores.write(attribute, value);
      throw new RefusedError(
        `'${attribute.name}' (${attribute.annotation ?? attribute.type}) lies in a store, and none is known here: activate the schema with \`stores\`.`,
      );
    default:
      throw new ValueError(`'${attribute.name}' is an expression and cannot be written.`, attribute.name);
  }
}

export function unfit(attribute: HeadingAttribute, value: unknown, expected: string): ValueError {
  return new ValueError(
    `'${attribute.name}' (${attribute.type}) takes ${expected}, not ${shown(value)}.`,
    attribute.name,
  );
}

function encodeText(attribute: HeadingAttribute, value: unknown): string {
  if (typeof value !== "string") throw unfit(attribute, value, "text");
  if (!value.isWellFormed()) throw unfit(attribute, value, "text without unpaired surrogates");
  const [, base, digits] = /^(char|varchar)\((\d+)\)/i.exec(attribute.type) ?? [];
  // the server drops what pads a CHAR
  const text = base?.toLowerCase() === "char" ? value.replace(/ +$/, "") : value;
  if (digits !== undefined && text.length > Number(digits)) {
    const length = [...text].length;
    if (length > Number(digits))
      throw unfit(attribute, value, `at most ${digits} characters, and this has ${length}`);
  }
  return text;
}

/** Members as the type lists them. */
function membersOf(attribute: HeadingAttribute): string[] {
  return [...attribute.type.matchAll(/'((?:[^']|'')*)'/g)].map((found) => found[1]!.replaceAll("''", "'"));
}

function encodeMember(attribute: HeadingAttribute, value: unknown): string {
  const members = membersOf(attribute);
  const found =
    typeof value === "string"
      ? (members.find((member) => member === value) ??
        members.find((member) => member.toLowerCase() === value.toLowerCase()))
      : undefined;
  if (found !== undefined) return found;
  const list = members.map((member) => `'${member}'`).join(", ");
  throw new ValueError(`'${attribute.name}' takes one of ${list}, not ${shown(value)}.`, attribute.name);
}

function encodeJson(attribute: HeadingAttribute, value: unknown): string {
  const text = JSON.stringify(value, function (this: Record<string, unknown>, key, entry: unknown) {
    const given = this[key];
    const isOdd =
      typeof given === "bigint" ||
      typeof given === "function" ||
      (typeof given === "number" && !Number.isFinite(given)) ||
      (typeof given === "object" && given !== null && !Array.isArray(given) && !isPlain(given));
    if (isOdd)
      throw unfit(
        attribute,
        given,
        `JSON (text, finite numbers, booleans, null, lists, objects) also at '${key}'`,
      );
    return entry;
  });
  if (text === undefined) throw unfit(attribute, value, "a JSON value");
  return text;
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

async function encodeBlob(attribute: HeadingAttribute, value: unknown): Promise<Uint8Array> {
  try {
    return checkSize(attribute, await packAsync(value));
  } catch (cause) {
    if (cause instanceof ValueError) throw cause;
    throw new ValueError(
      `'${attribute.name}' (${attribute.type}): ${(cause as Error).message}`,
      attribute.name,
      { cause },
    );
  }
}

function checkSize(attribute: HeadingAttribute, bytes: Uint8Array): Uint8Array {
  const most = blobBytes[attribute.type.toLowerCase()];
  if (most === undefined || bytes.length <= most) return bytes;
  throw new ValueError(
    `'${attribute.name}' (${attribute.type}) holds ${most} bytes, and the value needs ${bytes.length}.`,
    attribute.name,
  );
}

/** File name, a zero byte, content (contract: datajoint.md 8.3). */
function encodeAttachment(attribute: HeadingAttribute, value: unknown): Uint8Array {
  const { filename, bytes } = attachmentOf(attribute, value);
  return checkSize(attribute, Buffer.concat([Buffer.from(`${filename}\0`, "utf8"), bytes]));
}

/** An attachment as it is given. @throws ValueError when it is none, or its name is a path */
export function attachmentOf(
  attribute: HeadingAttribute,
  value: unknown,
): { readonly filename: string; readonly bytes: Uint8Array } {
  const { filename, bytes } = (typeof value === "object" && value !== null ? value : {}) as {
    filename?: unknown;
    bytes?: unknown;
  };
  if (typeof filename !== "string" || !(bytes instanceof Uint8Array))
    throw unfit(attribute, value, "{ filename, bytes }");
  if (filename === "" || filename === "." || filename === ".." || /[/\\\0]/.test(filename))
    throw unfit(attribute, filename, "a file name without folders");
  return { filename, bytes };
}
