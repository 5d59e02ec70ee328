/**
 * @module
 * Declarations as datajoint-python 0.14 writes them (contract: datajoint.md 2.4): no charset, no names of constraints and indexes.
 *
 * What a newcomer would get wrong: text stands in double quotes, where the server reads backslashes. datajoint-python 2.x also looks up
 * where attributes come from, in `~lineage`; those rows are written before the table, so that no table is ever without them.
 */
import { encodeColumnComment } from "../../definition/column-comment.ts";
import type { HeadingAttribute } from "../../definition/heading.ts";
import type { DdlWriter, TableSpec } from "../dialect.ts";
import { bind, type Fragment, joined, raw, sql } from "../fragment.ts";
import { readIndexItem } from "../index-item.ts";

export const mysqlDdl: DdlWriter = {
  createSchema: (schema) => [raw(`CREATE DATABASE IF NOT EXISTS ${quote(schema)}`)],

  dropSchema: (schema) => [raw(`DROP DATABASE ${quote(schema)}`)],

  createTable: (spec) => [
    ...(spec.generation === "current" ? writeLineage(spec) : []),
    raw(
      `CREATE TABLE IF NOT EXISTS ${quote(spec.schema)}.${quote(spec.table)} (\n${clauses(spec).join(",\n")}\n) ENGINE=InnoDB, COMMENT ${text(spec.heading.comment)}`,
    ),
  ],

  dropTable: (schema, table, hasLineage = false) => [
    raw(`DROP TABLE ${quote(schema)}.${quote(table)}`),
    ...(hasLineage ? [forgetLineage(schema, table)] : []),
  ],
};

function clauses({ heading, foreignKeys, indexes }: TableSpec): string[] {
  const first = new Set(indexes.map((index) => index.items[0]));
  return [
    ...heading.attributes.map((attribute) => column(attribute, first)),
    ...(heading.primaryKey.length === 0 ? [] : [`PRIMARY KEY (${list(heading.primaryKey)})`]),
    ...foreignKeys.map(
      (key) =>
        `FOREIGN KEY (${list(key.columns)}) REFERENCES ${quote(key.parentSchema)}.${quote(key.parentTable)} (${list(key.parentColumns)}) ON UPDATE ${key.onUpdate.toUpperCase()} ON DELETE RESTRICT`,
    ),
    ...indexes.map(
      ({ unique, items }) => `${unique ? "unique " : ""}index (${items.map(indexItem).join(",")})`,
    ),
  ];
}

function column(attribute: HeadingAttribute, indexed: ReadonlySet<string | undefined>): string {
  const { name, type, inKey, autoIncrement } = attribute;
  let clause = `${quote(name)} ${type}`;
  if (autoIncrement) clause += " auto_increment";
  clause += attribute.nullable ? " DEFAULT NULL" : ` NOT NULL${defaultClause(attribute)}`;
  // what counts by itself needs a key; `serial` brings its own
  if (autoIncrement && !inKey && !indexed.has(name)) clause += " UNIQUE";
  const comment = encodeColumnComment(attribute);
  return comment === "" ? clause : `${clause} COMMENT ${text(comment)}`;
}

function defaultClause({ default: value, kind }: HeadingAttribute): string {
  if (value === undefined || value === null) return "";
  const isExpression = kind === "temporal" && /^current_timestamp(\(\d\))?$/i.test(value);
  return ` DEFAULT ${isExpression ? value : text(value)}`;
}

function indexItem(written: string): string {
  const item = readIndexItem(written);
  switch (item.kind) {
    case "column":
      return quote(item.name);
    case "json":
      return `(json_value(${quote(item.name)}, _utf8mb4'$.${item.path}'${item.type === undefined ? "" : ` returning ${item.type}`}))`;
    default:
      return item.text;
  }
}

/** `~lineage` as datajoint-python 2.x declares it, and the origins of this table's attributes (contract: datajoint.md 4.2). */
function writeLineage({ schema, table, heading }: TableSpec): Fragment[] {
  const lineage = raw(`${quote(schema)}.${quote("~lineage")}`);
  const known = heading.attributes.filter(({ lineage: origin }) => typeof origin === "string");
  const rows = known.map(({ name, lineage: origin }) => sql`(${bind(table)},${bind(name)},${bind(origin!)})`);
  const kept = joined(
    known.map(({ name }) => bind(name)),
    ",",
  );
  return [
    sql`CREATE TABLE IF NOT EXISTS ${lineage} (
\`table_name\` VARCHAR(64) NOT NULL COMMENT "name of the table",
\`attribute_name\` VARCHAR(64) NOT NULL COMMENT "name of the attribute",
\`lineage\` VARCHAR(255) NOT NULL COMMENT "schema.table.attribute where it was first defined",
PRIMARY KEY (\`table_name\`, \`attribute_name\`)
) ENGINE=InnoDB`,
    // rows that stay are never gone, not even for the moment: another process may declare the same table, and read them
    ...(rows.length === 0
      ? [forgetLineage(schema, table)]
      : [
          sql`${forgetLineage(schema, table)} AND \`attribute_name\` NOT IN (${kept})`,
          sql`REPLACE INTO ${lineage} (\`table_name\`,\`attribute_name\`,\`lineage\`) VALUES ${joined(rows, ",")}`,
        ]),
  ];
}

function forgetLineage(schema: string, table: string): Fragment {
  return sql`DELETE FROM ${raw(`${quote(schema)}.${quote("~lineage")}`)} WHERE \`table_name\`=${bind(table)}`;
}

function list(names: readonly string[]): string {
  return names.map(quote).join(",");
}

function quote(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}

/** A text in double quotes. */
function text(value: string): string {
  return `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
