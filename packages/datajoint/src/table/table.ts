/**
 * @module
 * The class behind every table class: static methods that are a query over all its rows, and insert, update, delete and make.
 *
 * What a newcomer would get wrong: table classes are never instantiated, and `class Session extends schema.manual(...)` shares one
 * declaration with the class that it extends, so that activation reaches both.
 */
import type { Connection } from "../connection/connection.ts";
import type { Heading } from "../definition/heading.ts";
import { DataJointError, RefusedError } from "../errors.ts";
import type { QueryNode } from "../query/nodes.ts";
import { Query } from "../query/query.ts";
import {
  type AnyTable,
  type BoundTable,
  boundTable,
  type Generation,
  type TableDeclaration,
} from "./bound-table.ts";
import { type DeleteOptions, type DeleteResult, deleteRows } from "./delete.ts";
import { type DropOptions, type DropResult, dropTable } from "./drop.ts";
import { type InsertOptions, insertRows } from "./insert.ts";
import { isInsideMake } from "./inside-make.ts";
import { keySource } from "./key-source.ts";
import type { Make } from "./make.ts";
import { sourceOf } from "./source.ts";
import { updateRow } from "./update.ts";

/** Query methods that a table class has as static ones. */
export const queryMethods = [
  "restrict",
  "subtract",
  "proj",
  "join",
  "aggr",
  "union",
  "top",
  "fetch",
  "fetch1",
  "keys",
  "column",
  "columns",
  "head",
  "tail",
  "stream",
  "count",
  "exists",
] as const;

export type QueryMethod = (typeof queryMethods)[number];

export interface PartOptions {
  /** Rows that the part begins with; missing ones are put in at each activation. */
  readonly contents?: readonly object[];
}

export class Table {
  static readonly declaration: TableDeclaration;

  static get bound(): BoundTable {
    return boundTable(this.declaration, this.name || "(unnamed)");
  }

  /** All rows. */
  static get query(): Query {
    return new Query(sourceOf(this.bound), this.bound.node);
  }

  static get node(): QueryNode {
    return this.bound.node;
  }

  static get connection(): Connection {
    return this.bound.connection;
  }

  /** Name of the schema in the database. */
  static get schema(): string {
    return this.bound.schema;
  }

  /** Name of the table in the database. */
  static get table(): string {
    return this.bound.table;
  }

  static get heading(): Heading {
    return this.bound.heading;
  }

  static get generation(): Generation {
    return this.bound.generation;
  }

  static get className(): string {
    return this.bound.className;
  }

  static get make(): Make | undefined {
    return this.declaration.make;
  }

  /** What can be computed: `keySource` of `makes`, else the parents that form the primary key. */
  static keySource(): { readonly node: QueryNode } {
    const own = this.declaration.keySource;
    return own === undefined ? keySource(this.bound, this.declaration) : own();
  }

  /** Says how the rows of one key are made. The types of `compute` and `insert` follow from what `fetch` and `compute` return. */
  static makes(parts: Make & { readonly keySource?: () => { readonly node: QueryNode } }): void {
    const { tier } = this.declaration;
    if (tier !== "imported" && tier !== "computed")
      throw new RefusedError(
        `${this.name} is ${tier}: only imported and computed tables are made. Insert its rows directly.`,
      );
    this.declaration.make = parts;
    this.declaration.keySource = parts.keySource;
  }

  /** A part of this table: `-> master` in its text refers to this one. */
  static part(
    name: string,
    text: string,
    parents: Readonly<Record<string, AnyTable>> = {},
    options: PartOptions = {},
  ): typeof Table & AnyTable {
    const { declaration } = this;
    if (declaration.part !== undefined)
      throw new DataJointError(`Part '${name}' cannot be a part of a part: make it one of the master's.`);
    return makeTableClass({
      tier: "part",
      text,
      parents,
      contents: options.contents ?? [],
      tableName: undefined,
      part: { master: declaration, name },
    });
  }

  /** The same class; only tsc sees a difference. */
  static typed(): typeof Table {
    return this;
  }

  /** Inserts rows, or the rows of a query; all or none.
   *  @returns how many rows were inserted */
  static async insert(rows: Iterable<object> | Query, options: InsertOptions = {}): Promise<number> {
    const { tier, schema, table, className } = this.bound;
    const isAuto = tier === "imported" || tier === "computed" || isPartOfAuto(this.declaration);
    if (isAuto && options.allowDirectInsert !== true && !isInsideMake(schema, table))
      throw new RefusedError(
        `Insert into ${className}: its rows are made by populate(). To insert them by hand, pass { allowDirectInsert: true }.`,
      );
    return insertRows(this.bound, rows, options);
  }

  /** Changes secondary attributes of the one row that has this primary key. */
  static async update1(row: object): Promise<void> {
    await updateRow(this.bound, row);
  }

  /** Deletes all rows and everything that depends on them; `X.restrict(...)` narrows it through `deleteFrom`. */
  static async delete(options: DeleteOptions = {}): Promise<DeleteResult> {
    return deleteRows(this.bound.connection, this.bound.node, options);
  }

  /** Drops the table and every table that depends on it. */
  static async drop(options: DropOptions = {}): Promise<DropResult> {
    return dropTable(this.bound.connection, this.bound, options);
  }
}

for (const method of queryMethods) {
  Object.defineProperty(Table, method, {
    configurable: true,
    writable: true,
    value(this: typeof Table, ...words: unknown[]): unknown {
      const query = this.query as unknown as Record<string, (...words: unknown[]) => unknown>;
      return query[method]!(...words);
    },
  });
}

function isPartOfAuto(declaration: TableDeclaration): boolean {
  const tier = declaration.part?.master.tier;
  return tier === "imported" || tier === "computed";
}

/** Makes a class for a declaration. */
export function makeTableClass(
  fields: Omit<TableDeclaration, "make" | "bound" | "keySource">,
): typeof Table & AnyTable {
  const declaration: TableDeclaration = {
    ...fields,
    make: undefined,
    bound: undefined,
    keySource: undefined,
  };
  return class extends Table {
    static override readonly declaration = declaration;
  };
}
