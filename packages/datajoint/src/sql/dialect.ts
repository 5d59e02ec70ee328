/**
 * @module
 * What a database must provide: four small objects, one folder each under `sql/`. Everything outside `sql/<name>/` is
 * dialect-agnostic and asks `can`, never the name.
 */
import type { Driver, Session, SqlValue, Statement } from "../connection/driver.ts";
import type { Heading } from "../definition/heading.ts";
import type { QueryNode } from "../query/nodes.ts";

/** What differs between databases and is neither SQL text nor a connection. */
export interface Capabilities {
  /** The DEFAULT keyword in VALUES and SET. SQLite: no, so the catalogue's default is put in its place. */
  readonly defaultKeyword: boolean;
  /** Session variables such as wait_timeout. */
  readonly sessionVariables: boolean;
  /** A native JSON type (MySQL). MariaDB and SQLite keep text with a check. */
  readonly nativeJson: boolean;
  /** More than one writer at a time. SQLite: no, writers wait in turn. */
  readonly concurrentWriters: boolean;
  /** Significant digits of a decimal that are kept exactly. SQLite: 15, its decimals are doubles. */
  readonly decimalDigits: number;
}

/** In a row to be inserted: the column's default, as the DEFAULT keyword means it. */
export const columnDefault: unique symbol = Symbol("DEFAULT");

/** Rows for one INSERT. */
export interface InsertSpec {
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly string[];
  /** Values in the order of `columns`, or the query whose attributes they are. Where `can.defaultKeyword` is false there is no
   *  `columnDefault` among them. */
  readonly rows: readonly (readonly (SqlValue | typeof columnDefault)[])[] | QueryNode;
  readonly onDuplicate: "error" | "skip" | "replace";
  /** The primary key; names its first column where skipping needs one. */
  readonly key: readonly string[];
}

export interface UpdateSpec {
  readonly schema: string;
  readonly table: string;
  readonly assignments: ReadonlyMap<string, SqlValue | typeof columnDefault>;
  readonly key: ReadonlyMap<string, SqlValue>;
}

export interface SelectOptions {
  /** FLOAT columns of MySQL: "exact" reads all their digits, "text" what the server prints and Python therefore sees (six digits; for job
   *  keys that Python hashes). Default: "exact". */
  readonly floats?: "exact" | "text";
}

/** Nodes to text. Values are bound, never spliced. */
export interface SqlWriter {
  quote(name: string): string;
  /** `schema.table` as this database names it. */
  table(schema: string, table: string): string;
  select(node: QueryNode, options?: SelectOptions): Statement;
  /** One row, `n`: how many rows the query has. */
  count(node: QueryNode): Statement;
  /** One row, `n`: 1 when the query has a row, else 0. */
  exists(node: QueryNode): Statement;
  insert(spec: InsertSpec): Statement;
  update(spec: UpdateSpec): Statement;
  /** Deletes the rows of a base table that are in the query; the query is that table, restricted. */
  delete(node: QueryNode): Statement;
}

/** One foreign key as the catalogue knows it; columns in ordinal order. */
export interface ForeignKey {
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly string[];
  readonly parentSchema: string;
  readonly parentTable: string;
  readonly parentColumns: readonly string[];
}

/** A table to be declared. Column types are MySQL's words; the dialect maps them to its own. */
export interface TableSpec {
  readonly schema: string;
  readonly table: string;
  /** Columns in order, foreign-key columns included. */
  readonly heading: Heading;
  readonly foreignKeys: readonly {
    readonly columns: readonly string[];
    readonly parentSchema: string;
    readonly parentTable: string;
    readonly parentColumns: readonly string[];
    readonly onUpdate: "cascade" | "restrict";
  }[];
  readonly indexes: readonly { readonly unique: boolean; readonly items: readonly string[] }[];
  /** "current": datajoint-python 2.x uses the schema, so the origins of attributes go to `~lineage` too. Default: "legacy". */
  readonly generation?: "legacy" | "current";
}

export interface DdlWriter {
  createSchema(schema: string): readonly Statement[];
  /** @param tables  what the catalogue lists in it, children before parents; a database that drops schemas whole does without */
  dropSchema(schema: string, tables: readonly string[]): readonly Statement[];
  createTable(spec: TableSpec): readonly Statement[];
  /** @param hasLineage  whether the schema has `~lineage`, whose rows of this table then go too. Default: false. */
  dropTable(schema: string, table: string, hasLineage?: boolean): readonly Statement[];
}

/** Reads back what is declared. */
export interface Catalogue {
  schemas(session: Session): Promise<readonly string[]>;
  /** Table names of a schema, hidden ones (leading `~`) included. */
  tables(session: Session, schema: string): Promise<readonly string[]>;
  /** @throws MissingTableError */
  heading(session: Session, schema: string, table: string): Promise<Heading>;
  /** Foreign keys whose child or parent table is in one of the schemas. */
  foreignKeys(session: Session, schemas: readonly string[]): Promise<readonly ForeignKey[]>;
}

export interface Dialect<Settings = unknown> {
  readonly name: string;
  readonly can: Capabilities;
  readonly writer: SqlWriter;
  readonly ddl: DdlWriter;
  readonly catalogue: Catalogue;
  connect(settings: Settings): Promise<Driver>;
}
