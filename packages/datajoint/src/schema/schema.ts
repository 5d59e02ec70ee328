/**
 * @module
 * A schema: table classes that live in one database. `new Schema()` collects what the code says, `activate` says where it lives.
 *
 * What a newcomer would get wrong: tables are named at activation (docs/decisions/0002), from the keys of `tables`; a module namespace
 * will do. What the database has already is bound as it is and never altered; `differences` tells where the code says otherwise.
 */
import type { Connection } from "../connection/connection.ts";
import type { CheckedText, ParentTables, ParsedTable } from "../definition/definition-types.ts";
import type { Tier } from "../definition/table-name.ts";
import { DataJointError } from "../errors.ts";
import type { AnyTable, Generation, Store, TableDeclaration } from "../table/bound-table.ts";
import { makeTableClass, type Table } from "../table/table.ts";
import { activateTables } from "./activate.ts";
import type { TableClass } from "./table-class.ts";

export interface TableOptions {
  /** Rows that the table begins with; lookups get the missing ones at each activation. */
  readonly contents?: readonly object[];
  /** The table's name in the database, where it does not follow from the class's. */
  readonly tableName?: string;
}

export interface ActivateOptions {
  /** Make the schema and the tables that are missing. Default true. */
  readonly create?: boolean;
  /** How the columns of a schema that is new are stored. Default "legacy": what datajoint-python 0.14 and MATLAB read. */
  readonly generation?: Generation;
  /** Folders for attributes such as `blob@store`. */
  readonly stores?: Readonly<Record<string, Store>>;
}

export class Schema {
  #differences: readonly string[] = [];
  #generation: Generation | undefined;

  /** A manual table: rows are entered by people and programs. */
  manual<const Text extends string, Parents extends ParentTables = {}>(
    text: CheckedText<Text, Parents>,
    parents?: Parents,
    options?: TableOptions,
  ): TableClass<ParsedTable<Text, Parents>> {
    return this.#table("manual", text, parents, options);
  }

  /** A lookup table: rows that belong to the code, given as `contents`. */
  lookup<const Text extends string, Parents extends ParentTables = {}>(
    text: CheckedText<Text, Parents>,
    parents?: Parents,
    options?: TableOptions,
  ): TableClass<ParsedTable<Text, Parents>> {
    return this.#table("lookup", text, parents, options);
  }

  /** An imported table: made by populate, from files outside the database. */
  imported<const Text extends string, Parents extends ParentTables = {}>(
    text: CheckedText<Text, Parents>,
    parents?: Parents,
    options?: TableOptions,
  ): TableClass<ParsedTable<Text, Parents>> {
    return this.#table("imported", text, parents, options);
  }

  /** A computed table: made by populate, from other tables. */
  computed<const Text extends string, Parents extends ParentTables = {}>(
    text: CheckedText<Text, Parents>,
    parents?: Parents,
    options?: TableOptions,
  ): TableClass<ParsedTable<Text, Parents>> {
    return this.#table("computed", text, parents, options);
  }

  /** Where the database differs from the definitions, one sentence each; known after activation. */
  get differences(): readonly string[] {
    return this.#differences;
  }

  /** How the columns are stored; known after activation. */
  get generation(): Generation {
    if (this.#generation === undefined) throw new DataJointError("The schema is not activated.");
    return this.#generation;
  }

  /**
   * Binds the tables to a schema of a database, and declares what is missing.
   *
   * @param tables  classes by their names: a module namespace, or `{ Mouse, Weighing }`; everything that is not a table is ignored
   * @throws DefinitionError, DataJointError naming the table whose definition cannot be declared
   */
  async activate(
    connection: Connection,
    name: string,
    tables: Readonly<Record<string, unknown>>,
    options: ActivateOptions = {},
  ): Promise<void> {
    const classes = Object.entries(tables).filter((entry): entry is [string, typeof Table] =>
      isTable(entry[1]),
    );
    const own = classes.filter(([, table]) => this.#declarations.has(rootOf(table.declaration)));
    const { differences, generation } = await activateTables(connection, name, own, options);
    this.#differences = differences;
    this.#generation = generation;
  }

  readonly #declarations = new Set<TableDeclaration>();

  #table(tier: Tier, text: string, parents: ParentTables | undefined, options: TableOptions = {}): any {
    const made = makeTableClass({
      tier,
      text,
      parents: (parents ?? {}) as Readonly<Record<string, AnyTable>>,
      contents: options.contents ?? [],
      tableName: options.tableName,
      part: undefined,
    });
    this.#declarations.add(made.declaration);
    return made;
  }
}

function isTable(value: unknown): boolean {
  return typeof value === "function" && "declaration" in value && value.declaration !== undefined;
}

function rootOf(declaration: TableDeclaration): TableDeclaration {
  return declaration.part === undefined ? declaration : declaration.part.master;
}
