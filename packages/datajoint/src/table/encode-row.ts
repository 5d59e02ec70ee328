/**
 * @module
 * Rows as they are inserted: names checked against the heading, values encoded, what is missing put to its default.
 *
 * What a newcomer would get wrong: null means "the column's default", as in datajoint-python, which is NULL only where the attribute is
 * nullable (contract: datajoint.md 6.1). NaN in a number column means null.
 */
import type { SqlValue } from "../connection/driver.ts";
import type { Heading, HeadingAttribute } from "../definition/heading.ts";
import { MissingAttributeError, UnknownAttributeError, ValueError } from "../errors.ts";
import { encodeFloat } from "../query/encode-number.ts";
import { shown } from "../query/encode-value.ts";
import { canonicalTemporal } from "../query/temporal.ts";
import { columnDefault, type Dialect } from "../sql/dialect.ts";
import { type EncodeTarget, encodeAttribute, type StoreWriter } from "./encode-attribute.ts";

export type EncodedValue = SqlValue | typeof columnDefault;

export interface RowTarget extends EncodeTarget {
  readonly heading: Heading;
  /** What messages call it. */
  readonly name: string;
  /** Whether `columnDefault` may stand for a default; else its value is put there. */
  readonly hasDefaultKeyword: boolean;
}

export function rowTarget(
  dialect: Dialect,
  heading: Heading,
  name: string,
  stores: StoreWriter | undefined,
): RowTarget {
  const { defaultKeyword, decimalDigits } = dialect.can;
  return { heading, name, hasDefaultKeyword: defaultKeyword, stores, decimalDigits };
}

/** One value per attribute of the heading. `given` marks the attributes that some row has. */
export async function encodeRow(
  row: unknown,
  i: number,
  target: RowTarget,
  given: Set<string>,
  ignoreExtra: boolean,
): Promise<EncodedValue[]> {
  if (
    typeof row !== "object" ||
    row === null ||
    Array.isArray(row) ||
    row instanceof Map ||
    ArrayBuffer.isView(row)
  ) {
    throw new ValueError(
      `Insert into ${target.name}: row ${i} is ${shown(row)}; a row is an object of attributes and values.`,
    );
  }
  const values = row as Readonly<Record<string, unknown>>;
  if (!ignoreExtra) refuseUnknown(values, target.heading, `Insert into ${target.name}: row ${i}`);
  const missing = target.heading.attributes.filter(
    (attribute) => isEmpty(attribute, values[attribute.name]) && !hasDefault(attribute),
  );
  if (missing.length > 0) {
    const names = missing.map(({ name }) => `'${name}'`).join(", ");
    throw new MissingAttributeError(
      `Insert into ${target.name}: row ${i} lacks ${names}, which ${missing.length > 1 ? "have" : "has"} no default.`,
      "insert",
    );
  }
  const encoded: EncodedValue[] = [];
  for (const attribute of target.heading.attributes) {
    const value = values[attribute.name];
    if (value !== undefined) given.add(attribute.name);
    try {
      const one = encodeOrDefault(attribute, value, target);
      encoded.push(one instanceof Promise ? await one : one);
    } catch (cause) {
      if (!(cause instanceof ValueError)) throw cause;
      throw new ValueError(`Insert into ${target.name}: row ${i}: ${cause.message}`, cause.attribute, {
        cause,
      });
    }
  }
  return encoded;
}

/** Encodes a value; for null, what stands for the column's default. */
export function encodeOrDefault(
  attribute: HeadingAttribute,
  value: unknown,
  target: RowTarget,
): EncodedValue | Promise<SqlValue> {
  if (!isEmpty(attribute, value)) return encodeAttribute(attribute, value, target);
  if (attribute.default === null || (attribute.default === undefined && !attribute.autoIncrement))
    return null;
  return target.hasDefaultKeyword ? columnDefault : defaultValue(attribute);
}

/** @throws UnknownAttributeError naming the first such key, and the attribute that may have been meant */
export function refuseUnknown(
  values: object,
  heading: Heading,
  where: string,
  wayOut = " With ignoreExtraFields: true such keys are left out.",
): void {
  for (const name of Object.keys(values)) {
    if (heading.has(name)) continue;
    const near = nearest(name, heading.names);
    const hint =
      near === undefined ? `The attributes are ${heading.names.join(", ")}.` : `Did you mean '${near}'?`;
    throw new UnknownAttributeError(
      `${where} has '${name}', which is no attribute. ${hint}${wayOut}`,
      "insert",
    );
  }
}

/** Whether a value means the default. */
export function isEmpty(attribute: HeadingAttribute, value: unknown): boolean {
  if (value === null || value === undefined) return true;
  return Number.isNaN(value) && /^(integer|float|decimal|bool)$/.test(attribute.kind);
}

export function hasDefault(attribute: HeadingAttribute): boolean {
  return attribute.default !== undefined || attribute.nullable || attribute.autoIncrement;
}

/** A default in the place of DEFAULT: the catalogue's text, which the column's affinity converts. */
function defaultValue(attribute: HeadingAttribute): SqlValue {
  const text = attribute.default ?? null;
  if (text === null) return null;
  const now = /^(?:current_timestamp|now)(?:\s*\(\s*(\d?)\s*\))?$/i.exec(text);
  if (now !== null && attribute.kind === "temporal") {
    const [date = "", time = ""] = new Date().toISOString().replace("Z", "").split("T");
    if (/^date$/i.test(attribute.type)) return date;
    const digits = Number(/\((\d)\)/.exec(attribute.type)?.[1] ?? 0);
    return `${date} ${digits === 0 ? time.slice(0, 8) : time.padEnd(9 + digits, "0").slice(0, 9 + digits)}`;
  }
  // a FLOAT column holds the nearest 32-bit number
  if (attribute.kind === "float") return encodeFloat(attribute, text);
  if (attribute.kind === "temporal") return canonicalTemporal(attribute, text, true);
  if (attribute.kind === "bool" && /^(true|false)$/i.test(text)) return /^true$/i.test(text) ? 1 : 0;
  return text;
}

/** The name that differs in at most a third of its letters. */
function nearest(name: string, names: readonly string[]): string | undefined {
  const scored = names.map((candidate) => ({
    candidate,
    distance: editDistance(name.toLowerCase(), candidate),
  }));
  const best = scored.sort((a, b) => a.distance - b.distance)[0];
  return best !== undefined && best.distance <= Math.max(1, Math.floor(name.length / 3))
    ? best.candidate
    : undefined;
}

/** Insertions, deletions and replacements that lead from one text to the other (Levenshtein 1966). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
