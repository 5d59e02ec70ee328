/**
 * @module
 * Reads back what is declared on MySQL and MariaDB (contract: datajoint.md 3).
 *
 * What a newcomer would get wrong: defaults come from SHOW FULL COLUMNS, since MariaDB's information_schema gives them as SQL text; columns
 * of information_schema are named in upper case by MySQL, so each has an alias; and MariaDB keeps JSON as longtext with a check.
 */
import type { Session, SqlRow } from "../../connection/driver.ts";
import { Heading } from "../../definition/heading.ts";
import { MissingTableError } from "../../errors.ts";
import { type CatalogueColumn, readColumns } from "../catalogue-column.ts";
import type { Catalogue, ForeignKey } from "../dialect.ts";
import { bind, type Fragment, joined, raw, sql } from "../fragment.ts";

export const mysqlCatalogue: Catalogue = {
  async schemas(session) {
    const { rows } = await session.run(
      raw(
        "SELECT schema_name AS name FROM information_schema.schemata WHERE schema_name NOT IN ('information_schema','mysql','performance_schema','sys') ORDER BY schema_name",
      ),
    );
    return rows.map((row) => String(row.name));
  },

  async tables(session, schema) {
    const { rows } = await session.run(
      sql`SELECT table_name AS name FROM information_schema.tables WHERE table_schema=${bind(schema)} AND table_type<>'VIEW' ORDER BY table_name`,
    );
    return rows.map((row) => String(row.name));
  },

  async heading(session, schema, table) {
    const tables = await session.run(
      sql`SELECT table_name AS name, table_comment AS comment FROM information_schema.tables WHERE table_schema=${bind(schema)} AND table_name IN (${bind(table)},'~lineage')`,
    );
    const comments = new Map(tables.rows.map((row) => [String(row.name), String(row.comment ?? "")]));
    const comment = comments.get(table);
    if (comment === undefined)
      throw new MissingTableError(
        `There is no table '${table}' in schema '${schema}'. Declare it by activating its schema with { create: true }, or check the name.`,
      );
    const name = `${quote(schema)}.${quote(table)}`;
    const { rows } = await session.run(raw(`SHOW FULL COLUMNS FROM ${name}`));
    const lineage = comments.has("~lineage") ? await readLineage(session, schema, table) : undefined;
    const json = await jsonColumns(session, name, rows);
    const columns = rows.map((row): CatalogueColumn => {
      const column = String(row.Field);
      return {
        name: column,
        type: json.has(column) ? "json" : String(row.Type),
        inKey: row.Key === "PRI",
        nullable: row.Null === "YES",
        default: row.Default === null ? null : String(row.Default),
        autoIncrement: /auto_increment/i.test(String(row.Extra)),
        comment: String(row.Comment ?? ""),
        lineage: lineage === undefined ? undefined : (lineage.get(column) ?? null),
      };
    });
    return new Heading(readColumns(columns), comment);
  },

  async foreignKeys(session, schemas) {
    if (schemas.length === 0) return [];
    const names = joined(schemas.map(bind), ",");
    const { rows } = await session.run(
      sql`SELECT constraint_name AS name, table_schema AS s, table_name AS t, column_name AS c, referenced_table_schema AS ps, referenced_table_name AS pt, referenced_column_name AS pc FROM information_schema.key_column_usage WHERE referenced_table_name IS NOT NULL AND (table_schema IN (${names}) OR referenced_table_schema IN (${names})) ORDER BY table_schema, table_name, constraint_name, ordinal_position`,
    );
    return gathered(rows);
  },
};

async function readLineage(session: Session, schema: string, table: string): Promise<Map<string, string>> {
  const { rows } = await session.run(
    sql`SELECT attribute_name AS name, lineage AS origin FROM ${from(schema, "~lineage")} WHERE table_name=${bind(table)}`,
  );
  return new Map(rows.map((row) => [String(row.name), String(row.origin)]));
}

/** Columns that are longtext with a check for JSON: what MariaDB makes of `json`. */
async function jsonColumns(
  session: Session,
  name: string,
  columns: readonly SqlRow[],
): Promise<ReadonlySet<string>> {
  const candidates = columns.filter((row) => row.Type === "longtext" && row.Collation === "utf8mb4_bin");
  if (candidates.length === 0) return new Set();
  const { rows } = await session.run(raw(`SHOW CREATE TABLE ${name}`));
  const lines = String(rows[0]?.["Create Table"] ?? "").split("\n");
  const isJson = (column: string) => {
    const quoted = quote(column);
    return lines.some(
      (line) =>
        line.trimStart().startsWith(`${quoted} `) &&
        line.replace(/,$/, "").endsWith(`CHECK (json_valid(${quoted}))`),
    );
  };
  return new Set(candidates.map((row) => String(row.Field)).filter(isJson));
}

/** One foreign key of the rows that follow each other with the same name and table. */
function gathered(rows: readonly SqlRow[]): ForeignKey[] {
  const keys = new Map<
    string,
    ForeignKey & { readonly columns: string[]; readonly parentColumns: string[] }
  >();
  for (const row of rows) {
    const id = JSON.stringify([row.s, row.t, row.name]);
    let key = keys.get(id);
    if (key === undefined) {
      key = {
        schema: String(row.s),
        table: String(row.t),
        columns: [],
        parentSchema: String(row.ps),
        parentTable: String(row.pt),
        parentColumns: [],
      };
      keys.set(id, key);
    }
    key.columns.push(String(row.c));
    key.parentColumns.push(String(row.pc));
  }
  return [...keys.values()];
}

function from(schema: string, table: string): Fragment {
  return raw(`${quote(schema)}.${quote(table)}`);
}

function quote(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}
