/**
 * @module
 * From mysql2's rows to exact values: BIGINT text to number or bigint, Buffers to plain Uint8Array.
 */
import type { SqlValue } from "../../connection/driver.ts";

/** mysql2's description of a result column. */
export interface ResultColumn {
  readonly name: string;
  readonly columnType?: number;
}

const longLong = 8;
const decimals = new Set([0, 246]);

/** Makes the function that mends a row in place, or does nothing where nothing needs it.
 *  @param computed  columns whose DECIMAL becomes a number when that is exact */
export function makeRowReader(
  fields: readonly ResultColumn[],
  computed: ReadonlySet<string> | undefined,
): (row: Record<string, SqlValue>) => void {
  const integers = fields.filter((field) => field.columnType === longLong).map((field) => field.name);
  const sums = fields
    .filter((field) => decimals.has(field.columnType ?? -1) && computed?.has(field.name))
    .map((field) => field.name);
  const bytes = fields.filter((field) => mayBeBytes(field.columnType)).map((field) => field.name);
  return (row) => {
    for (const name of integers) {
      const value = row[name];
      if (typeof value === "string") row[name] = exactInteger(value);
    }
    for (const name of sums) {
      const value = row[name];
      if (typeof value === "string") row[name] = exactDecimal(value);
    }
    for (const name of bytes) {
      const value = row[name];
      if (Buffer.isBuffer(value))
        row[name] = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    }
  };
}

/** Strings and blobs share their types with binary ones; 16 is BIT, 249 to 254 blobs and strings, 15 VARCHAR. */
function mayBeBytes(type: number | undefined): boolean {
  return type === undefined || type === 15 || type === 16 || (type >= 249 && type <= 254);
}

function exactInteger(text: string): number | bigint {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt(text);
}

/** A decimal as a number when 15 digits hold it (a double then gives the same text back), as bigint when it is whole, else as text. */
function exactDecimal(text: string): number | bigint | string {
  const [whole = "", fraction = ""] = text.replace("-", "").split(".");
  const kept = fraction.replace(/0+$/, "");
  if (kept === "") return exactInteger(text.split(".")[0]!);
  return whole.replace(/^0+/, "").length + kept.length <= 15 ? Number(text) : text;
}
