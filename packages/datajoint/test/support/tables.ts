/**
 * @module
 * Tables for tests, made without definitions or classes: a list of attributes goes to the database's own DDL.
 */
import type { Connection } from "../../src/connection/connection.ts";
import { resolveColumnType } from "../../src/definition/column-types.ts";
import { Heading, type HeadingAttribute } from "../../src/definition/heading.ts";
import type { TableNode } from "../../src/query/nodes.ts";
import { Query } from "../../src/query/query.ts";
import type { TableSpec } from "../../src/sql/dialect.ts";
import { type InsertOptions, type InsertTarget, insertRows } from "../../src/table/insert.ts";
import { updateRow } from "../../src/table/update.ts";

/** An attribute by its name, its type as definitions write it (legacy), and what is special about it. */
export function attribute(
  name: string,
  written: string,
  fields: Partial<HeadingAttribute> = {},
): HeadingAttribute {
  const { type, kind, annotation, isAutoIncrement } = resolveColumnType(written, "legacy");
  const base = {
    name,
    type,
    kind,
    annotation,
    autoIncrement: isAutoIncrement,
    inKey: false,
    nullable: false,
    default: undefined,
    comment: "",
  };
  return { ...base, ...fields };
}

/** In the primary key. */
export function key(name: string, written: string, fields: Partial<HeadingAttribute> = {}): HeadingAttribute {
  return attribute(name, written, { inKey: true, ...fields });
}

/** May be null. */
export function optional(name: string, written: string): HeadingAttribute {
  return attribute(name, written, { nullable: true, default: null });
}

export class TestTable implements InsertTarget {
  readonly connection: Connection;
  readonly schema: string;
  readonly table: string;
  readonly heading: Heading;

  constructor(connection: Connection, spec: TableSpec) {
    this.connection = connection;
    this.schema = spec.schema;
    this.table = spec.table;
    this.heading = spec.heading;
  }

  get node(): TableNode {
    return { kind: "table", schema: this.schema, table: this.table, heading: this.heading };
  }

  get query(): Query {
    return new Query(this.connection, this.node);
  }

  insert(rows: Parameters<typeof insertRows>[1], options?: InsertOptions): Promise<number> {
    return insertRows(this, rows, options);
  }

  update1(row: object): Promise<void> {
    return updateRow(this, row);
  }
}

/** Declares a table.
 *  @param parents  tables whose whole primary key it refers to, under the same names */
export async function createTable(
  connection: Connection,
  schema: string,
  table: string,
  attributes: readonly HeadingAttribute[],
  options: { parents?: readonly TestTable[]; unique?: readonly string[] } = {},
): Promise<TestTable> {
  const spec: TableSpec = {
    schema,
    table,
    heading: new Heading(attributes, "made by a test"),
    foreignKeys: (options.parents ?? []).map((parent) => ({
      columns: parent.heading.primaryKey,
      parentSchema: parent.schema,
      parentTable: parent.table,
      parentColumns: parent.heading.primaryKey,
      onUpdate: "cascade",
    })),
    indexes: options.unique === undefined ? [] : [{ unique: true, items: options.unique }],
  };
  for (const statement of connection.dialect.ddl.createTable(spec)) await connection.run(statement);
  return new TestTable(connection, spec);
}
