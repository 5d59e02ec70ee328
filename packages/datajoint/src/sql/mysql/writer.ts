/** @module What MySQL and MariaDB say in their own words. */

import { BaseWriter } from "../base-writer.ts";
import type { InsertSpec } from "../dialect.ts";
import { type Fragment, isNumeric, jsonPath, numberPattern, raw, sql } from "../fragment.ts";

/** An offset without a limit needs a limit that no table reaches. */
const noLimit = "18446744073709551615";

export class MysqlWriter extends BaseWriter {
  quote(name: string): string {
    return `\`${name.replaceAll("`", "``")}\``;
  }

  table(schema: string, table: string): string {
    return `${this.quote(schema)}.${this.quote(table)}`;
  }

  asDouble(value: Fragment): Fragment {
    return sql`CAST(${value} AS DOUBLE)`;
  }

  /** Without the cast a decimal column and a text are compared as doubles, which takes 0.1000000000000000001 for 0.1. */
  asDecimal(value: Fragment): Fragment {
    return sql`CAST(${value} AS DECIMAL(65,30))`;
  }

  jsonValue(attribute: Fragment, path: string, type: string | undefined): Fragment {
    const at = jsonPath(path);
    return type === undefined
      ? sql`json_value(${attribute},${at})`
      : sql`json_value(${attribute},${at} RETURNING ${raw(type)})`;
  }

  skipDuplicates(spec: InsertSpec): Fragment {
    const first = this.quote(spec.key[0] ?? spec.columns[0]!);
    const column = `${this.table(spec.schema, spec.table)}.${first}`;
    return raw(`ON DUPLICATE KEY UPDATE ${first}=${column}`);
  }

  limit(limit: number | undefined, offset: number): Fragment {
    return raw(`LIMIT ${limit ?? noLimit}${offset === 0 ? "" : ` OFFSET ${offset}`}`);
  }
}

export class MariadbWriter extends MysqlWriter {
  /** MariaDB's JSON_VALUE has no RETURNING, gives true as 1, and a CAST reads words as 0. */
  override jsonValue(attribute: Fragment, path: string, type: string | undefined): Fragment {
    const at = jsonPath(path);
    const value = sql`json_value(${attribute},${at})`;
    const inside = sql`json_extract(${attribute},${at})`;
    if (type === undefined)
      return sql`CASE json_type(${inside}) WHEN 'BOOLEAN' THEN ${inside} ELSE ${value} END`;
    const cast = sql`CAST(${value} AS ${raw(type)})`;
    return isNumeric(type)
      ? sql`CASE WHEN ${value} RLIKE ${raw(`'${numberPattern}'`)} THEN ${cast} END`
      : cast;
  }
}
