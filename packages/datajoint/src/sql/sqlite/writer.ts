/** @module SQLite's own words. */
import { QuerySyntaxError } from "../../errors.ts";
import { BaseWriter } from "../base-writer.ts";
import { type Fragment, isNumeric, jsonPath, numberPattern, raw, sql } from "../fragment.ts";

export class SqliteWriter extends BaseWriter {
  quote(name: string): string {
    return `"${name.replaceAll('"', '""')}"`;
  }

  /** One name with a dot in it: schemas are prefixes within the file, so that foreign keys can cross them. */
  table(schema: string, table: string): string {
    return this.quote(`${schema}.${table}`);
  }

  asDouble(value: Fragment): Fragment {
    return value;
  }

  /** Decimals are kept as NUMERIC, which takes the text as a number. */
  asDecimal(value: Fragment): Fragment {
    return sql`CAST(${value} AS NUMERIC)`;
  }

  /** As MySQL's JSON_VALUE: scalars as text, `true` and `false` by name, NULL for objects and arrays. */
  jsonValue(attribute: Fragment, path: string, type: string | undefined): Fragment {
    const at = jsonPath(path);
    const value = sql`json_extract(${attribute},${at})`;
    if (type === undefined) return scalarOf(attribute, at, sql`CAST(${value} AS TEXT)`);
    const cast = sql`CAST(${value} AS ${raw(sqliteCast(type))})`;
    return isNumeric(type)
      ? sql`CASE WHEN ${value} REGEXP ${raw(`'${numberPattern}'`)} THEN ${cast} END`
      : cast;
  }

  /** With its own type: MySQL compares text with a number as numbers, SQLite by what they are. */
  override jsonOperand(attribute: Fragment, path: string): Fragment {
    const at = jsonPath(path);
    return scalarOf(attribute, at, sql`json_extract(${attribute},${at})`);
  }

  /** Quotients keep their fraction, lengths are of bytes. @throws QuerySyntaxError for casts that would give another value */
  override expressionText(text: string): string {
    const cast = /\bas\s+(signed|unsigned|decimal|date|datetime|time|year|char\s*\()/i.exec(text)?.[1];
    if (cast !== undefined)
      throw new QuerySyntaxError(
        `A cast to ${cast.replace(/\s*\($/, "(n)")} gives other values on SQLite than on MySQL: use round(x), date(x) or substr(x, 1, n), or cast to double or char.`,
        "cast",
        text,
      );
    return text.replaceAll("/", "*1.0/").replaceAll(/\blength(?=\s*\()/gi, "octet_length");
  }

  /** Only with ESCAPE does a backslash escape. */
  override likePattern(value: Fragment): Fragment {
    return sql`${value} ESCAPE '\\'`;
  }

  override rowList(rows: readonly (readonly Fragment[])[]): Fragment {
    return sql`VALUES ${super.rowList(rows)}`;
  }

  skipDuplicates(): Fragment {
    return raw("ON CONFLICT DO NOTHING");
  }

  limit(limit: number | undefined, offset: number): Fragment {
    return raw(`LIMIT ${limit ?? -1}${offset === 0 ? "" : ` OFFSET ${offset}`}`);
  }
}

function scalarOf(attribute: Fragment, at: Fragment, value: Fragment): Fragment {
  return sql`CASE json_type(${attribute},${at}) WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' WHEN 'object' THEN NULL WHEN 'array' THEN NULL ELSE ${value} END`;
}

function sqliteCast(type: string): string {
  if (/^(un)?signed/i.test(type)) return "INTEGER";
  if (/^(double|float|real)/i.test(type)) return "REAL";
  return /^decimal/i.test(type) ? "NUMERIC" : "TEXT";
}
