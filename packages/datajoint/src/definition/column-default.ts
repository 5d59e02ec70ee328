/**
 * @module
 * Defaults as definitions write them → values as the catalogue shows them (contract: datajoint.md 2.4).
 *
 * What a newcomer would get wrong: quotes are optional (`x=2`, `x='2'` and `x="2"` are one default), and `true` is 1.
 */
import { DataJointError } from "../errors.ts";
import type { ColumnType } from "./column-types.ts";

/**
 * Reads the default of an attribute: a keyword (`null` → null, `CURRENT_TIMESTAMP(3)`), or the text or number without its quotes.
 *
 * @throws DataJointError for a default that the type cannot have
 */
export function defaultOf(
  item: { readonly name: string; readonly type: string; readonly default: string | undefined },
  type: ColumnType,
): string | null | undefined {
  const written = item.default;
  if (written === undefined) return undefined;
  if (/^null$/i.test(written)) return null;
  if (["blob", "bytes", "attach", "external", "json"].includes(type.kind) || /text$/.test(type.type))
    throw new DataJointError(`'${item.name}' is ${item.type}, whose only default is null, got ${written}.`);
  if (type.isAutoIncrement)
    throw new DataJointError(
      `'${item.name}' counts by itself (${item.type}), so it takes no default, got ${written}.`,
    );
  const isQuoted = /^['"]/.test(written);
  const value = isQuoted ? unquoted(written) : written;
  if (type.kind === "temporal" && !isQuoted && /^(current_timestamp|now)\b/i.test(value))
    return currentTimestamp(item, type, value);
  return checked(item, type, value);
}

function checked(
  item: { readonly name: string; readonly type: string },
  type: ColumnType,
  value: string,
): string {
  const unfit = (expected: string) =>
    new DataJointError(`the default of '${item.name}' (${item.type}) should be ${expected}, got '${value}'.`);
  switch (type.kind) {
    case "bool":
    case "integer": {
      if (/^(true|false)$/i.test(value)) return /^true$/i.test(value) ? "1" : "0";
      if (!/^[-+]?\d+$/.test(value)) throw unfit("a whole number");
      return value;
    }
    case "float":
    case "decimal":
      if (!/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(value)) throw unfit("a number");
      return value;
    case "enum": {
      const members = [...type.type.matchAll(/'((?:[^']|'')*)'/g)].map((found) =>
        found[1]!.replaceAll("''", "'"),
      );
      const member =
        members.find((each) => each === value) ??
        members.find((each) => each.toLowerCase() === value.toLowerCase());
      if (member === undefined) throw unfit("one of its members");
      return member;
    }
    case "string": {
      const longest = Number(/\((\d+)\)/.exec(type.type)?.[1] ?? Number.POSITIVE_INFINITY);
      if ([...value].length > longest) throw unfit(`at most ${longest} characters`);
      return value;
    }
    case "uuid":
      throw new DataJointError(`'${item.name}' is a uuid, whose only default is null, got '${value}'.`);
    default:
      return value;
  }
}

/** `CURRENT_TIMESTAMP` with the digits of its column, without which MySQL refuses it. */
function currentTimestamp(
  item: { readonly name: string; readonly type: string },
  type: ColumnType,
  value: string,
): string {
  const digits = /\((\d)\)/.exec(type.type)?.[1];
  if (!/^(datetime|timestamp)/.test(type.type))
    throw new DataJointError(
      `the default ${value} is for datetime and timestamp; '${item.name}' is ${item.type}.`,
    );
  return digits === undefined || digits === "0" ? "CURRENT_TIMESTAMP" : `CURRENT_TIMESTAMP(${digits})`;
}

function unquoted(written: string): string {
  const quote = written[0]!;
  return written.slice(1, -1).replaceAll(quote + quote, quote);
}
