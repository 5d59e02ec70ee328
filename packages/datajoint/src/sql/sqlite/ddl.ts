/**
 * @module
 * Declarations on SQLite. What SQLite has no words for (MySQL's types, comments, where attributes come from) stands as JSON in a comment of
 * the CREATE TABLE itself, which SQLite keeps as it was written: so table and description appear together, also when a process dies or two
 * declare at once, go together when the table is dropped, and survive a dump. Only the names of schemas need a table, `~schemas`.
 *
 * What a newcomer would get wrong: SQLite takes a foreign key to a table that is not there, and complains at the first insert; so the
 * parents are read first.
 */
import type { Statement } from "../../connection/driver.ts";
import type { HeadingAttribute } from "../../definition/heading.ts";
import { DataJointError } from "../../errors.ts";
import type { DdlWriter, TableSpec } from "../dialect.ts";
import { bind, jsonPath, raw, sql } from "../fragment.ts";
import { readIndexItem } from "../index-item.ts";
import { defaultSql, sqliteColumn, storedType } from "./column.ts";
import { writeDescription } from "./description.ts";

export const sqliteDdl: DdlWriter = {
  createSchema: (schema) => [
    raw('CREATE TABLE IF NOT EXISTS "~schemas" ("name" TEXT NOT NULL PRIMARY KEY)'),
    sql`INSERT INTO "~schemas" ("name") VALUES (${bind(checked(schema))}) ON CONFLICT DO NOTHING`,
  ],

  dropSchema: (schema, tables) => [
    ...tables.flatMap((table) => sqliteDdl.dropTable(schema, table)),
    sql`DELETE FROM "~schemas" WHERE "name"=${bind(schema)}`,
  ],

  createTable: (spec) => {
    const lines = [...columns(spec), ...constraints(spec)];
    const create = raw(
      `CREATE TABLE IF NOT EXISTS ${tableName(checked(spec.schema), spec.table)} (${writeDescription(spec.heading)}\n${lines.join(",\n")}\n)`,
    );
    return [...readParents(spec), create, ...createIndexes(spec)];
  },

  dropTable: (schema, table) => [raw(`DROP TABLE ${tableName(schema, table)}`)],
};

/** The first dot of a name ends the schema's. */
function checked(schema: string): string {
  if (schema === "" || schema.includes("."))
    throw new DataJointError(
      `A schema cannot be called '${schema}' on SQLite: expected a name without dots, such as 'lab_session'.`,
    );
  return schema;
}

function columns({ heading, table }: TableSpec): string[] {
  return heading.attributes.map((attribute) => {
    const name = quote(attribute.name);
    if (attribute.autoIncrement) {
      if (heading.primaryKey.length !== 1 || !attribute.inKey)
        throw new DataJointError(
          `'${attribute.name}' of '${table}' counts by itself (auto_increment); on SQLite only an attribute that is the whole primary key can.`,
        );
      return `${name} INTEGER PRIMARY KEY AUTOINCREMENT`;
    }
    const { type, check } = sqliteColumn(attribute, name);
    // the constraint's name is what SQLite says when a value is refused
    const rule = quote(`${attribute.name} ${storedType(attribute.type)}`);
    return `${name} ${type}${nullClause(attribute)} CONSTRAINT ${rule} CHECK (${check})`;
  });
}

function nullClause(attribute: HeadingAttribute): string {
  if (attribute.nullable) return " DEFAULT NULL";
  return attribute.default === undefined ? " NOT NULL" : ` NOT NULL DEFAULT ${defaultSql(attribute)}`;
}

function constraints({ heading, foreignKeys, indexes }: TableSpec): string[] {
  const counts = heading.attributes.some((attribute) => attribute.autoIncrement);
  return [
    ...(counts || heading.primaryKey.length === 0 ? [] : [`PRIMARY KEY (${list(heading.primaryKey)})`]),
    ...foreignKeys.map(
      (key) =>
        `FOREIGN KEY (${list(key.columns)}) REFERENCES ${tableName(key.parentSchema, key.parentTable)} (${list(key.parentColumns)}) ON UPDATE ${key.onUpdate.toUpperCase()} ON DELETE RESTRICT`,
    ),
    // here and not as an index of its own: no row may come between the table and its rule
    ...indexes.filter(isPlainUnique).map(({ items }) => `UNIQUE (${list(items)})`),
  ];
}

function isPlainUnique(index: TableSpec["indexes"][number]): boolean {
  return index.unique && index.items.every((item) => readIndexItem(item).kind === "column");
}

/** Fails where a parent, or the column referred to, is not there. */
function readParents({ schema, table, foreignKeys }: TableSpec): Statement[] {
  return foreignKeys
    .filter((key) => key.parentSchema !== schema || key.parentTable !== table)
    .map((key) =>
      raw(`SELECT ${list(key.parentColumns)} FROM ${tableName(key.parentSchema, key.parentTable)} LIMIT 0`),
    );
}

/** The indexes asked for, and one for each foreign key that begins no other, as InnoDB makes them. */
function createIndexes(spec: TableSpec): Statement[] {
  const { heading, foreignKeys, indexes } = spec;
  const own = indexes
    .filter((index) => !isPlainUnique(index))
    .map(({ unique, items }) => ({ unique, items: items.map(indexItem) }));
  const known = [heading.primaryKey.map(quote), ...indexes.map(({ items }) => items.map(indexItem))];
  const supporting: { unique: boolean; items: string[] }[] = [];
  for (const key of foreignKeys) {
    const items = key.columns.map(quote);
    if (known.some((other) => items.every((item, i) => other[i] === item))) continue;
    known.push(items);
    supporting.push({ unique: false, items });
  }
  return [...own, ...supporting].map(({ unique, items }, i) => {
    const name = quote(`${spec.schema}.${spec.table}.${i + 1}`);
    return raw(
      `CREATE ${unique ? "UNIQUE " : ""}INDEX IF NOT EXISTS ${name} ON ${tableName(spec.schema, spec.table)} (${items.join(",")})`,
    );
  });
}

function indexItem(written: string): string {
  const item = readIndexItem(written);
  switch (item.kind) {
    case "column":
      return quote(item.name);
    case "json":
      return `json_extract(${quote(item.name)},${jsonPath(item.path).text})`;
    default:
      return item.text;
  }
}

function list(names: readonly string[]): string {
  return names.map(quote).join(",");
}

function tableName(schema: string, table: string): string {
  return quote(`${schema}.${table}`);
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
