/**
 * @module
 * MySQL's column types on SQLite: what holds the values, and the check that refuses what MySQL would refuse. Checks use nothing that another
 * program's SQLite lacks, so that the file stays usable everywhere.
 *
 * What a newcomer would get wrong: a check passes when it is NULL, so each must be NULL for a NULL value, or say that NULL is fine; and
 * text is larger than every number, so a range alone keeps text out of number columns.
 */
import type { HeadingAttribute } from "../../definition/heading.ts";
import { DataJointError } from "../../errors.ts";
import { encodeDecimal, encodeFloat, encodeInteger } from "../../query/encode-number.ts";
import { canonicalTemporal } from "../../query/temporal.ts";
import { shownType } from "../catalogue-column.ts";

const integerBits: Readonly<Record<string, bigint>> = {
  tinyint: 8n,
  smallint: 16n,
  mediumint: 24n,
  int: 32n,
};
const blobBytes: Readonly<Record<string, number>> = { tinyblob: 255, blob: 65_535, mediumblob: 16_777_215 };
const textBytes: Readonly<Record<string, number>> = { tinytext: 255, text: 65_535, mediumtext: 16_777_215 };

/** Guards the functions behind it, which would read words such as `now`. */
const day = "[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]";
const clock = "[0-9]:[0-5][0-9]:[0-5][0-9]";

export interface SqliteColumn {
  /** Type and collation. INT and not INTEGER, which would make a key an alias of the row's number. */
  readonly type: string;
  /** What must hold, over the quoted name. */
  readonly check: string;
}

/** @param name  the column's name, quoted */
export function sqliteColumn(attribute: HeadingAttribute, name: string): SqliteColumn {
  const type = storedType(attribute.type);
  const [, base = "", size = ""] = /^(\w+)(?:\((.*)\))?/s.exec(type) ?? [];
  const isUnsigned = /unsigned/i.test(type);
  switch (base) {
    case "tinyint":
    case "smallint":
    case "mediumint":
    case "int":
    case "bigint":
      return { type: "INT", check: integerCheck(name, integerBits[base], isUnsigned) };
    case "float":
    case "double": {
      const most = base === "float" ? "3.4028234663852886e38" : "1.7976931348623157e308";
      return {
        type: "REAL",
        check: `${name} BETWEEN ${isUnsigned ? "0" : `-${most}`} AND ${most}`,
      };
    }
    case "decimal": {
      const [precision = 10, scale = 0] = size.split(",").map(Number);
      const bound = `1e${precision - scale}`;
      return {
        type: "NUMERIC",
        check: `${name} ${isUnsigned ? ">= 0" : `> -${bound}`} AND ${name} < ${bound}`,
      };
    }
    case "enum":
      // members are kept in the spelling that the type has
      return text(`${name} COLLATE BINARY IN (${size})`);
    case "char":
    case "varchar":
      return text(`length(${name}) <= ${size} AND typeof(${name}) <> 'blob'`);
    case "tinytext":
    case "text":
    case "mediumtext":
      return text(`length(CAST(${name} AS BLOB)) <= ${textBytes[base]} AND typeof(${name}) <> 'blob'`);
    // adding nothing makes older versions of SQLite look at the calendar
    case "date":
      return plainText(`${name} GLOB '${day}' AND strftime('%Y-%m-%d',${name},'+0 days') IS ${name}`);
    case "datetime":
    case "timestamp": {
      const whole = `substr(${name},1,19)`;
      const isMoment = `${name} GLOB '${day} [0-2]${clock}${fraction(size)}' AND strftime('%Y-%m-%d %H:%M:%S',${whole},'+0 days') IS ${whole}`;
      // what a timestamp holds anywhere, whatever the server's time zone
      return plainText(
        base === "datetime" ? isMoment : `${isMoment} AND ${name} BETWEEN '1970-01-01' AND '2038-01-20'`,
      );
    }
    case "time":
      return plainText(
        `(ltrim(${name},'-') GLOB '[0-9]${clock}${fraction(size)}' OR ltrim(${name},'-') GLOB '[0-9][0-9]${clock}${fraction(size)}')`,
      );
    case "year":
      return plainText(`(${name} BETWEEN '1901' AND '2155' AND length(${name}) = 4 OR ${name} = '0000')`);
    case "json":
      return plainText(`json_valid(${name}) AND typeof(${name}) <> 'blob'`);
    case "binary":
    case "varbinary":
      return bytes(name, `length(${name}) ${base === "binary" ? "=" : "<="} ${size || 1}`);
    case "tinyblob":
    case "blob":
    case "mediumblob":
      return bytes(name, `length(${name}) <= ${blobBytes[base]}`);
    case "longblob":
      return bytes(name, "");
    case "longtext":
      return text(`typeof(${name}) <> 'blob'`);
    default:
      throw new DataJointError(
        `'${attribute.name}' is ${attribute.type}, which SQLite cannot keep as MySQL does. Use a type that DataJoint has.`,
      );
  }
}

/** A type as MySQL's catalogue would show it: `decimal(5)` is `decimal(5,0)`. */
export function storedType(type: string): string {
  return shownType(type)
    .replace(/^[a-z]+/i, (base) => base.toLowerCase())
    .replace(/^numeric/, "decimal")
    .replace(/^real/, "double")
    .replace(/^integer/, "int")
    .replace(/^decimal(?=$| )/, "decimal(10)")
    .replace(/^decimal\(\s*(\d+)\s*\)/, "decimal($1,0)")
    .replace(/^(datetime|timestamp|time)\(0\)/, "$1");
}

/**
 * A default as MySQL's catalogue would show it.
 *
 * @throws ValueError for one that the column would not take
 */
export function storedDefault(attribute: HeadingAttribute): string | null | undefined {
  const { default: value, kind } = attribute;
  if (value === undefined || value === null) return value;
  switch (kind) {
    case "bool":
    case "integer":
      return String(encodeInteger(attribute, value));
    case "float":
      encodeFloat(attribute, value);
      return String(Number(value));
    case "decimal":
      return encodeDecimal(attribute, /e/i.test(value) ? Number(value) : value, 15);
    case "temporal":
      return isNow(value) ? value : canonicalTemporal(attribute, value, true);
    default:
      return value;
  }
}

/** A default as SQL. The time is UTC, as all times that SQLite makes. */
export function defaultSql(attribute: HeadingAttribute): string {
  const value = storedDefault(attribute);
  if (value === undefined || value === null) return "NULL";
  if (attribute.kind === "float") return String(encodeFloat(attribute, value));
  if (attribute.kind !== "temporal" || !isNow(value)) return `'${value.replaceAll("'", "''")}'`;
  const digits = Number(/\((\d)\)/.exec(attribute.type)?.[1] ?? 0);
  if (digits === 0) return "CURRENT_TIMESTAMP";
  const now = "strftime('%Y-%m-%d %H:%M:%f','now')";
  return digits > 3 ? `(${now} || '${"0".repeat(digits - 3)}')` : `(substr(${now},1,${20 + digits}))`;
}

function isNow(text: string): boolean {
  return /^current_timestamp(\(\d\))?$/i.test(text);
}

function integerCheck(name: string, bits: bigint | undefined, isUnsigned: boolean): string {
  const isWhole = `typeof(${name}) IN ('integer','null')`;
  // 64 bits are all that SQLite has
  if (bits === undefined) return isUnsigned ? `${isWhole} AND ${name} >= 0` : isWhole;
  const least = isUnsigned ? 0n : -(1n << (bits - 1n));
  return `${isWhole} AND ${name} BETWEEN ${least} AND ${(1n << (isUnsigned ? bits : bits - 1n)) - 1n}`;
}

/** Compared without regard to case, as MySQL's collations do; unlike them, accents and letters beyond ASCII count. */
function text(check: string): SqliteColumn {
  return { type: "TEXT COLLATE NOCASE", check };
}

function plainText(check: string): SqliteColumn {
  return { type: "TEXT", check };
}

function bytes(name: string, check: string): SqliteColumn {
  const isBytes = `typeof(${name}) IN ('blob','null')`;
  return { type: "BLOB", check: check === "" ? isBytes : `${isBytes} AND ${check}` };
}

function fraction(size: string): string {
  return size === "" ? "" : `.${"[0-9]".repeat(Number(size))}`;
}
