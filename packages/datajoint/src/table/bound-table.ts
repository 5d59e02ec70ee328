/**
 * @module
 * What a table class is before and after activation: its declaration, and where it lives.
 *
 * What a newcomer would get wrong: the declaration is what the code says, the bound table is what the database has. Where they differ,
 * the database wins and `schema.differences` says how.
 */
import type { Connection } from "../connection/connection.ts";
import type { Heading } from "../definition/heading.ts";
import type { Tier } from "../definition/table-name.ts";
import { DataJointError } from "../errors.ts";
import type { QueryNode, TableNode } from "../query/nodes.ts";
import type { StoreReader } from "../query/query-source.ts";
import type { StoreWriter } from "./encode-attribute.ts";
import type { Make } from "./make.ts";

/** What decides how a new table's columns are stored: DataJoint 0.14 and before, or 2.x. */
export type Generation = "legacy" | "current";

/** A folder that holds large values outside the database. */
export interface Store {
  readonly protocol: "file";
  readonly location: string;
  /** Subfolders of objects, by how many letters of their names. Default: [2, 2] in legacy schemas, none in current ones. */
  readonly subfolding?: readonly number[];
}

/** A table in a database. */
export interface BoundTable {
  readonly connection: Connection;
  readonly schema: string;
  readonly table: string;
  /** Name of the class, for messages: `ephys.LFP`, `LFP.Electrode`. */
  readonly className: string;
  readonly tier: Tier | "part";
  /** Table name of a part's master. */
  readonly master: string | undefined;
  readonly heading: Heading;
  readonly node: TableNode;
  readonly generation: Generation;
  readonly stores: Readonly<Record<string, Store>>;
  readonly storeWriter: StoreWriter;
  readonly storeReader: StoreReader;
}

/** A class made by `schema.manual(...)` and its kin, as far as other rooms need it. */
export interface AnyTable {
  readonly declaration: TableDeclaration;
}

/** What the code says of a table. One object a class, shared with the classes that extend it. */
export interface TableDeclaration {
  readonly tier: Tier | "part";
  readonly text: string;
  /** Other tables by the name that the text gives them. */
  readonly parents: Readonly<Record<string, AnyTable>>;
  readonly contents: readonly object[];
  /** The table's name in the database, where it does not follow from the class's. */
  readonly tableName: string | undefined;
  /** A part's master and own name. */
  readonly part: { readonly master: TableDeclaration; readonly name: string } | undefined;
  make: Make | undefined;
  /** What can be computed, where it is not the parents of the primary key. */
  keySource: (() => { readonly node: QueryNode }) | undefined;
  bound: BoundTable | undefined;
}

/** Where a table lives.
 * @throws DataJointError before its schema is activated */
export function boundTable(declaration: TableDeclaration, className: string): BoundTable {
  if (declaration.bound !== undefined) return declaration.bound;
  throw new DataJointError(
    `Table ${className} is used before its schema is activated: call \`await schema.activate(connection, "database_name", { ${className} })\` first, with every table of the schema.`,
  );
}
