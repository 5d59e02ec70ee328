/**
 * @module
 * What `schema.manual(...)` and its kin return, as tsc sees it: the static methods of a table, typed from the definition text.
 *
 * The class itself is `table/table.ts`; nothing here exists at run time. What a newcomer would get wrong: the query methods are those of
 * Query, taken over as they are, so a method that Query gains belongs into `queryMethods` too.
 */
import type { Connection } from "../connection/connection.ts";
import type {
  Attribute,
  CheckedText,
  ParentTables,
  ParsedInsert,
  ParsedKey,
  ParsedRow,
  ParsedTable,
  Typed,
} from "../definition/definition-types.ts";
import type { Heading } from "../definition/heading.ts";
import type { HasNode } from "../query/condition.ts";
import type { QueryNode } from "../query/nodes.ts";
import type { Query } from "../query/query.ts";
import type { BoundTable, Generation, TableDeclaration } from "../table/bound-table.ts";
import type { DeleteOptions, DeleteResult } from "../table/delete.ts";
import type { DropOptions, DropResult } from "../table/drop.ts";
import type { InsertOptions } from "../table/insert.ts";
import type { Make } from "../table/make.ts";
import type { PartOptions, QueryMethod } from "../table/table.ts";

/** A class for a parsed definition. */
export interface TableClass<A extends Attribute = any>
  extends Typed<A>,
    Pick<Query<ParsedRow<A>, ParsedKey<A>>, QueryMethod> {
  new (): {};
  readonly declaration: TableDeclaration;
  /** Where the table lives; known after activation. */
  readonly bound: BoundTable;
  /** All rows. */
  readonly query: Query<ParsedRow<A>, ParsedKey<A>>;
  readonly node: QueryNode;
  readonly connection: Connection;
  /** Name of the schema in the database. */
  readonly schema: string;
  /** Name of the table in the database. */
  readonly table: string;
  /** What the database has, which may be wider than the definition. */
  readonly heading: Heading;
  readonly generation: Generation;
  /** Name of the class as it was activated: `Session`, `LFP.Electrode`. */
  readonly className: string;
  readonly make: Make | undefined;

  /** What can be computed: `keySource` of `makes`, else the parents that form the primary key. */
  keySource(): HasNode;

  /**
   * Says how the rows of one key are made. The types of `compute` and `insert` follow from what `fetch` and `compute` return.
   *
   * @throws RefusedError for manual and lookup tables, and for parts
   */
  makes<Fetched, Computed>(parts: MakeParts<ParsedKey<A>, Fetched, Computed>): void;

  /**
   * A part of this table; `-> master` refers to this one.
   *
   * @param name  the part's own name: `Electrode` of `LFP` is the table `_l_f_p__electrode`
   */
  part<const Text extends string, Parents extends ParentTables = {}>(
    name: string,
    text: CheckedText<Text, Parents & { readonly master: Typed<A> }>,
    parents?: Parents,
    options?: PartOptions,
  ): TableClass<ParsedTable<Text, Parents & { readonly master: Typed<A> }>>;

  /** The same class, with types of attributes that the definition cannot tell: `.typed<{ mean_waveform: Float32Array }>()`. */
  typed<
    Types extends { readonly [Name in keyof Types]: Name extends A["name"] ? unknown : never },
  >(): TableClass<Retyped<A, Types>>;

  /** Inserts rows, or the rows of a query; all or none.
   *  @returns how many rows were given */
  insert(rows: Iterable<ParsedInsert<A>> | HasNode, options?: InsertOptions): Promise<number>;

  /** Changes secondary attributes of the one row that has this primary key; null sets an attribute to its default. */
  update1(row: Partial<ParsedInsert<A>>): Promise<void>;

  /** Deletes all rows and everything that depends on them; `deleteFrom(X.restrict(...))` deletes some. */
  delete(options?: DeleteOptions): Promise<DeleteResult>;

  /** Drops the table and every table that depends on it. */
  drop(options?: DropOptions): Promise<DropResult>;
}

/** A table whose attributes are known only at run time: its rows are of anything. */
export type LooseTable = TableClass<ParsedTable<string, {}>>;

/** The three parts of `make`, and what can be computed where that is not the parents of the primary key. */
export interface MakeParts<Key, Fetched, Computed> extends Make<Key, Fetched, Computed> {
  readonly keySource?: () => HasNode;
}

/** Attributes with other types for some of them. */
type Retyped<A extends Attribute, Types> = A extends Attribute
  ? A["name"] extends keyof Types
    ? {
        name: A["name"];
        value: Types[A["name"]];
        entry: Types[A["name"]];
        inKey: A["inKey"];
        optional: A["optional"];
      }
    : A
  : never;
