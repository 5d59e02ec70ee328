/**
 * @module
 * Reads back what is declared in a SQLite file: columns and keys from SQLite's own tables, what SQLite has no words for from the description
 * that each CREATE TABLE carries (description.ts). Tables that other programs made are read as far as SQLite knows them.
 */
import type { Session, SqlRow } from "../../connection/driver.ts";
import { Heading } from "../../definition/heading.ts";
import { MissingTableError } from "../../errors.ts";
import { type CatalogueColumn, readColumns } from "../catalogue-column.ts";
import type { Catalogue, ForeignKey } from "../dialect.ts";
import { bind, raw, sql } from "../fragment.ts";
import { readDescription } from "./description.ts";

export const sqliteCatalogue: Catalogue = {
  async schemas(session) {
    const { rows } = await session.run(
      raw(`SELECT name FROM sqlite_master WHERE type='table' AND (name LIKE '%_._%' OR name='~schemas')`),
    );
    const names = rows.map((row) => String(row.name));
    const found = new Set(names.filter((name) => name !== "~schemas").map((name) => split(name)[0]));
    if (names.includes("~schemas")) {
      const declared = await session.run(raw('SELECT "name" FROM "~schemas"'));
      for (const row of declared.rows) found.add(String(row.name));
    }
    return [...found].sort();
  },

  async tables(session, schema) {
    const prefix = `${schema}.`;
    const { rows } = await session.run(
      sql`SELECT name FROM sqlite_master WHERE type='table' AND substr(name,1,${bind(prefix.length)})=${bind(prefix)} ORDER BY name`,
    );
    return rows.map((row) => String(row.name).slice(prefix.length));
  },

  async heading(session, schema, table) {
    const { rows } = await session.run(
      sql`SELECT m.sql AS "create", c.name AS name, c.type AS type, c."notnull" AS required, c.dflt_value AS "default", c.pk AS pk FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type='table' AND m.name=${bind(`${schema}.${table}`)} ORDER BY c.cid`,
    );
    if (rows.length === 0)
      throw new MissingTableError(
        `There is no table '${table}' in schema '${schema}'. Declare it by activating its schema with { create: true }, or check the name.`,
      );
    const create = String(rows[0]!.create);
    const description = readDescription(create);
    const counts = /\bAUTOINCREMENT\b/i.test(create.slice(create.lastIndexOf("*/") + 1));
    const columns = rows.map((row): CatalogueColumn => {
      const name = String(row.name);
      const known = description?.columns[name];
      const inKey = Number(row.pk) > 0;
      return {
        name,
        type: known?.type ?? foreignType(String(row.type)),
        inKey,
        nullable: Number(row.required) === 0 && !inKey,
        default: known === undefined ? foreignDefault(row.default) : (known.default ?? null),
        autoIncrement: inKey && counts,
        comment: known?.comment ?? "",
        lineage: known?.lineage,
      };
    });
    return new Heading(readColumns(columns), description?.comment ?? "");
  },

  async foreignKeys(session, schemas) {
    if (schemas.length === 0) return [];
    const wanted = new Set(schemas);
    const keys = await allForeignKeys(session);
    return keys.filter((key) => wanted.has(key.schema) || wanted.has(key.parentSchema));
  },
};

/** Every foreign key of the file, in the order of declaration (SQLite numbers them backwards). */
async function allForeignKeys(session: Session): Promise<ForeignKey[]> {
  const { rows } = await session.run(
    raw(
      `SELECT m.name AS child, k.id AS id, k."table" AS parent, k."from" AS c, k."to" AS pc FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) k WHERE m.type='table' ORDER BY m.name, k.id DESC, k.seq`,
    ),
  );
  const keys = new Map<
    string,
    ForeignKey & { readonly columns: string[]; readonly parentColumns: string[] }
  >();
  for (const row of rows) {
    const id = `${row.id} ${row.child}`;
    let key = keys.get(id);
    if (key === undefined) {
      const [schema, table] = split(String(row.child));
      const [parentSchema, parentTable] = split(String(row.parent));
      key = { schema, table, columns: [], parentSchema, parentTable, parentColumns: [] };
      keys.set(id, key);
    }
    key.columns.push(String(row.c));
    // without a name it refers to the primary key, under the same names as far as DataJoint goes
    key.parentColumns.push(String(row.pc ?? row.c));
  }
  return [...keys.values()];
}

/** Schema and table of a name in the file. */
function split(name: string): readonly [string, string] {
  const dot = name.indexOf(".");
  return [name.slice(0, dot), name.slice(dot + 1)];
}

/** What another program's column is nearest to, by SQLite's rules of affinity. */
function foreignType(type: string): string {
  if (/int/i.test(type)) return "bigint";
  if (/char|clob|text/i.test(type)) return "longtext";
  if (type === "" || /blob/i.test(type)) return "longblob";
  return /real|floa|doub/i.test(type) ? "double" : "decimal(65,30)";
}

function foreignDefault(text: SqlRow[string] | undefined): string | null {
  if (text === null || text === undefined || /^null$/i.test(String(text))) return null;
  const quoted = /^'(.*)'$/s.exec(String(text));
  return quoted === null ? String(text) : quoted[1]!.replaceAll("''", "'");
}
