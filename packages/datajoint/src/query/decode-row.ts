/**
 * @module
 * From the driver's rows to what users see: one function per heading, made once for all rows of a result.
 *
 * Every database gives the same values: decimals as text with the column's digits, dates and times as canonical text, uuids as text with
 * hyphens, bools as 0 or 1. What a newcomer would get wrong: a row is a promise when it holds a large or stored blob, and only then.
 */
import { type UnpackOptions, unpack, unpackAsync } from "../blob/decode.ts";
import type { SqlRow, SqlValue } from "../connection/driver.ts";
import type { HeadingAttribute } from "../definition/heading.ts";
import { DataJointError, ValueError } from "../errors.ts";
import type { StoreReader } from "./query-source.ts";

/** A file kept in an `attach` column. */
export interface Attachment {
  readonly filename: string;
  readonly bytes: Uint8Array;
}

export type RowDecoder = (row: SqlRow) => Record<string, unknown> | Promise<Record<string, unknown>>;

type Decode = (value: NonNullable<SqlValue>) => unknown;

/** How rows show blobs: a list of numbers is a typed array, whatever has more axes an NdArray. */
export const fetched: UnpackOptions = { typedVectors: true };

/** Compressed blobs above this are inflated on another thread; the promise costs more than it saves for small ones. */
const largeBlob = 1 << 16;

/** Makes the function that decodes rows with these attributes; other columns of the rows are left out. */
export function makeRowDecoder(attributes: readonly HeadingAttribute[], stores?: StoreReader): RowDecoder {
  const columns = attributes.map((attribute) => ({
    attribute,
    name: attribute.name,
    decode: decoderFor(attribute, stores),
  }));
  return (row) => {
    const result: Record<string, unknown> = {};
    let waiting: Promise<void>[] | undefined;
    for (const { attribute, name, decode } of columns) {
      const value = row[name];
      if (value === null || value === undefined || decode === undefined) result[name] = value ?? null;
      else {
        const decoded = decoding(attribute, decode, value);
        result[name] = decoded;
        if (decoded instanceof Promise) {
          waiting ??= [];
          waiting.push(
            decoded.then((settled) => {
              result[name] = settled;
            }),
          );
        }
      }
    }
    return waiting === undefined ? result : Promise.all(waiting).then(() => result);
  };
}

/** Decodes, and says which attribute held what cannot be read. */
function decoding(attribute: HeadingAttribute, decode: Decode, value: NonNullable<SqlValue>): unknown {
  const fail = (cause: unknown): never => {
    if (attribute.kind === "external") throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ValueError(
      `The value of '${attribute.name}' (${attribute.type}) cannot be read: ${reason}`,
      attribute.name,
      { cause },
    );
  };
  try {
    const decoded = decode(value);
    return decoded instanceof Promise ? decoded.catch(fail) : decoded;
  } catch (cause) {
    return fail(cause);
  }
}

function decoderFor(attribute: HeadingAttribute, stores: StoreReader | undefined): Decode | undefined {
  switch (attribute.kind) {
    case "decimal":
      return decimalDecoder(attribute);
    case "temporal":
      return temporalDecoder(attribute);
    case "uuid":
      return (value) => (value instanceof Uint8Array ? uuidText(value) : value);
    case "bool":
      return (value) => Number(value);
    case "json":
      return (value) => (typeof value === "string" ? JSON.parse(value) : value);
    case "blob":
      return (value) => {
        if (!(value instanceof Uint8Array))
          throw new ValueError(`it is ${typeof value}, not bytes.`, attribute.name);
        return value.length > largeBlob ? unpackAsync(value, fetched) : unpack(value, fetched);
      };
    case "attach":
      return (value) => readAttachment(value as Uint8Array);
    case "external":
      return (value) => {
        if (stores !== undefined) return stores.read(attribute, value);
        throw new DataJointError(
          `'${attribute.name}' (${attribute.annotation ?? attribute.type}) lies in a store, and this query has none: activate its schema with \`stores\`, or leave the attribute out with proj().`,
        );
      };
    default:
      return undefined;
  }
}

/** SQLite gives numbers, which hold 15 digits exactly: as many as it let in. */
function decimalDecoder(attribute: HeadingAttribute): Decode {
  const scale = Number(/\(\s*\d+\s*,\s*(\d+)\s*\)/.exec(attribute.type)?.[1] ?? 0);
  return (value) =>
    typeof value === "number"
      ? value.toFixed(scale)
      : typeof value === "bigint"
        ? withScale(value, scale)
        : value;
}

function withScale(value: bigint, scale: number): string {
  return scale === 0 ? `${value}` : `${value}.${"0".repeat(scale)}`;
}

/** Pads the fraction to the column's digits, which SQLite's defaults lack. */
function temporalDecoder(attribute: HeadingAttribute): Decode {
  const [, base = "", digits = "0"] = /^(\w+)(?:\((\d)\))?/.exec(attribute.type.toLowerCase()) ?? [];
  if (base === "year") return (value) => String(value).padStart(4, "0");
  const precision = Number(digits);
  if (base === "date" || precision === 0) return (value) => String(value);
  return (value) => {
    const text = String(value);
    const dot = text.indexOf(".");
    return dot < 0 ? `${text}.${"0".repeat(precision)}` : text.padEnd(dot + 1 + precision, "0");
  };
}

/** 16 bytes as `8-4-4-4-12` hexadecimal digits. */
export function uuidText(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** An attachment is the file's name, a zero byte, and its content (contract: datajoint.md 8.3). */
function readAttachment(bytes: Uint8Array): Attachment {
  const end = bytes.indexOf(0);
  if (end < 0)
    throw new ValueError("an attachment holds a file name that ends with a zero byte, and there is none.");
  return { filename: Buffer.from(bytes.subarray(0, end)).toString("utf8"), bytes: bytes.subarray(end + 1) };
}
