/**
 * @module
 * Keys of jobs: as rows hold them, and as the driver binds and returns them.
 */

import { unpack } from "../blob/decode.ts";
import { DateTime, Decimal, Float, Uuid } from "../blob/python-values.ts";
import type { SqlRow, SqlValue } from "../connection/driver.ts";
import type { HeadingAttribute } from "../definition/heading.ts";
import { DataJointError } from "../errors.ts";

/** A key as rows hold it. */
export type JobKey = Readonly<Record<string, unknown>>;

/** A text that is the same for equal keys and no others. */
export function keyText(key: JobKey, attributes: readonly HeadingAttribute[]): string {
  return JSON.stringify(attributes.map(({ name }) => String(key[name])));
}

/** The value of one key attribute, as the driver binds it. @throws DataJointError when the key lacks it or it is no SQL value */
export function boundValue(key: JobKey, attribute: HeadingAttribute): SqlValue {
  const value = key[attribute.name];
  if (value === undefined) {
    throw new DataJointError(
      `The key has no attribute "${attribute.name}"; it has ${Object.keys(key).join(", ") || "none"}.`,
    );
  }
  if (typeof value === "boolean") return value ? 1 : 0;
  if (attribute.kind === "uuid" && typeof value === "string")
    return Buffer.from(value.replaceAll("-", ""), "hex");
  if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "bigint")
    return value;
  if (value instanceof Uint8Array) return value;
  throw new DataJointError(
    `The key's attribute "${attribute.name}" is ${String(value)}, which is no value of a key.`,
  );
}

/** A key out of a row of the job table. */
export function keyOfRow(row: SqlRow, attributes: readonly HeadingAttribute[]): JobKey {
  return Object.fromEntries(
    attributes.map((attribute) => {
      const value = row[attribute.name];
      if (attribute.kind === "uuid" && value instanceof Uint8Array) {
        const hex = Buffer.from(value).toString("hex");
        return [attribute.name, hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")];
      }
      return [attribute.name, value];
    }),
  );
}

/** The key out of the dict that `~jobs` holds. @throws BlobError when the bytes are no blob */
export function keyOfPython(blob: Uint8Array, attributes: readonly HeadingAttribute[]): JobKey {
  const value = unpack(blob);
  if (value === null || typeof value !== "object") return {};
  const types = new Map(attributes.map(({ name, type }) => [name, type]));
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => {
      if (part instanceof DateTime) return [name, asServer(part.text, types.get(name) ?? "")];
      return [name, part instanceof Decimal || part instanceof Uuid ? part.text : part];
    }),
  );
}

/** A moment with the digits of its column, as the server writes it; Python writes six, or none. */
function asServer(text: string, type: string): string {
  const digits = Number(/\((\d)\)/.exec(type)?.[1] ?? 0);
  const [whole, fraction = ""] = text.split(".");
  return digits === 0 ? whole! : `${whole}.${fraction.padEnd(6, "0").slice(0, digits)}`;
}

/** The key as the dict that Python packs into `~jobs`: its own types, so that Python can restrict by it. */
export function pythonKey(key: JobKey, attributes: readonly HeadingAttribute[]): Map<string, unknown> {
  return new Map(
    attributes.map((attribute): [string, unknown] => {
      const value = boundValue(key, attribute);
      if (value === null) return [attribute.name, null];
      const text = String(value);
      switch (attribute.kind) {
        case "uuid":
          return [attribute.name, new Uuid(String(key[attribute.name]))];
        case "float":
          return [attribute.name, new Float(Number(value))];
        case "decimal":
          return [attribute.name, new Decimal(text)];
        case "temporal":
          // Python cannot pack a timedelta (its reserve fails); text is the least surprising
          return [attribute.name, /^(date|timestamp)/i.test(attribute.type) ? new DateTime(text) : value];
        default:
          return [attribute.name, value];
      }
    }),
  );
}
