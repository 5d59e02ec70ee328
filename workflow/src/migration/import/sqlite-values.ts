/**
 * @module
 * Values of a dump as SQLite keeps them, by what their columns hold. Nothing is rounded: what SQLite cannot keep exactly is refused.
 */
import type { Heading, SqlValue } from "@tenon/datajoint";
import { decodeExactly } from "../dump/character-sets.ts";
import type { DumpValue } from "../dump/decode-tuples.ts";

/** A decimal of more digits would be a double with other digits. */
const exactDigits = 15;

export type ValueReader = (value: DumpValue) => SqlValue;

/** Thrown for a value that SQLite cannot keep as it is. */
export class UnkeptValueError extends Error {
  override readonly name = "UnkeptValueError";
}

/** What reads a column's values.
 * @param charset  that texts of the dump are in */
export function valueReader(
  { name, kind, type }: Heading["attributes"][number],
  charset: string,
): ValueReader {
  const text = (value: string | Uint8Array) =>
    typeof value === "string" ? value : exactText(value, charset, name);
  const whenThere =
    (read: (value: string | Uint8Array) => SqlValue): ValueReader =>
    (value) =>
      value === null ? null : read(value);
  switch (kind) {
    case "bool":
    case "integer":
      return whenThere((value) => integer(text(value), name));
    case "float":
      return whenThere((value) => {
        const number = Number(text(value));
        if (!Number.isFinite(number))
          throw new UnkeptValueError(`'${name}' holds ${text(value)}, which is no number.`);
        return number;
      });
    case "decimal":
      return whenThere((value) => {
        const digits = text(value)
          .replace(/^[-+]?0*|[.]/g, "")
          .replace(/^0+/, "");
        if (digits.length > exactDigits)
          throw new UnkeptValueError(
            `'${name}' (${type}) holds ${text(value)}, and SQLite keeps ${exactDigits} digits of a decimal exactly.`,
          );
        return text(value);
      });
    case "blob":
    case "attach":
    case "bytes":
    case "uuid":
      return whenThere(bytes);
    case "external":
      return whenThere((value) => (/^json/i.test(type) ? text(value) : bytes(value)));
    default:
      return whenThere(text);
  }
}

/** @throws UnkeptValueError for bytes that are no text in the dump's character set: what would be put in their place is not what was there */
function exactText(value: Uint8Array, charset: string, name: string): string {
  const decoded = decodeExactly(value, charset);
  if (decoded === undefined)
    throw new UnkeptValueError(
      `'${name}' holds bytes that are no text in ${charset}: 0x${Buffer.from(value).toString("hex").slice(0, 40)}.`,
    );
  return decoded;
}

function integer(text: string, name: string): number | bigint {
  if (!/^[-+]?\d+$/.test(text))
    throw new UnkeptValueError(`'${name}' holds ${text}, which is no whole number.`);
  const exact = BigInt(text);
  if (exact < -(1n << 63n) || exact >= 1n << 63n)
    throw new UnkeptValueError(`'${name}' holds ${text}, and SQLite's integers have 64 bits with a sign.`);
  const value = Number(exact);
  return Number.isSafeInteger(value) ? value : exact;
}

/** A copy: the piece of the dump that a value points into is not kept. */
function bytes(value: string | Uint8Array): Uint8Array {
  return typeof value === "string" ? Buffer.from(value, "latin1") : Uint8Array.from(value);
}
