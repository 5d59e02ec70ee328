/**
 * @module
 * Activation: which generation a schema is, which tables exist, declaring those that do not, lookup contents.
 *
 * Parents come first; tables of other schemas must be activated before. A table that exists is bound by what the catalogue says.
 */
import type { Connection } from "../connection/connection.ts";
import { resolveDefinition } from "../definition/declaration.ts";
import type { Heading } from "../definition/heading.ts";
import { parseDefinition } from "../definition/parse-definition.ts";
import { toPartName, toTableName } from "../definition/table-name.ts";
import { DataJointError, MissingTableError } from "../errors.ts";
import type { TableSpec } from "../sql/dialect.ts";
import { type BoundTable, boundTable, type Generation, type TableDeclaration } from "../table/bound-table.ts";
import { declareStores, storeAccess, storeForeignKeys } from "../table/external.ts";
import { insertRows } from "../table/insert.ts";
import type { Table } from "../table/table.ts";
import { detectGeneration, readHeadings } from "./detect-generation.ts";
import { headingDifferences } from "./heading-differences.ts";
import type { ActivateOptions } from "./schema.ts";

export interface Activation {
  readonly differences: readonly string[];
  readonly generation: Generation;
}

interface Named {
  readonly className: string;
  readonly tableName: string;
  readonly declaration: TableDeclaration;
}

export async function activateTables(
  connection: Connection,
  schema: string,
  classes: readonly (readonly [string, typeof Table])[],
  options: ActivateOptions,
): Promise<Activation> {
  const { catalogue, ddl } = connection.dialect;
  const create = options.create ?? true;
  const named = inOrder(namesOf(classes));
  if (!(await catalogue.schemas(connection)).includes(schema)) {
    if (!create)
      throw new MissingTableError(
        `Schema '${schema}' is not in ${connection.name}. Is the prefix of the configuration right? With { create: true } it is made.`,
      );
    refuseInTransaction(connection, `Schema '${schema}'`);
    for (const statement of ddl.createSchema(schema)) await connection.run(statement);
  }
  const existing = new Set(await catalogue.tables(connection, schema));
  const headings = await readHeadings(connection, schema, existing);
  const generation = detectGeneration(connection, existing, headings) ?? options.generation ?? "legacy";
  const differences: string[] = [];
  for (const table of named) {
    const context = { connection, schema, generation, stores: options.stores ?? {} };
    const isThere = existing.has(table.tableName);
    if (!isThere && !create) {
      table.declaration.bound = undefined;
      differences.push(`${schema}.${table.tableName} (${table.className}) is not in the database.`);
      continue;
    }
    const spec = specOf(table, context);
    if (!isThere) {
      refuseInTransaction(connection, `Table ${table.className}`);
      await declareStores(connection, spec, context.stores);
      for (const statement of ddl.createTable({ ...withStores(spec), generation }))
        await connection.run(statement);
    }
    const heading =
      headings.get(table.tableName) ?? (await catalogue.heading(connection, schema, table.tableName));
    if (isThere) differences.push(...headingDifferences(table.className, spec.heading, heading));
    bind(table, heading, context);
    if (create) await insertContents(table.declaration, heading);
  }
  return { differences, generation };
}

/** Servers commit when a table is made: what the transaction has done so far could not be undone any more. */
function refuseInTransaction(connection: Connection, what: string): void {
  if (connection.inTransaction)
    throw new DataJointError(
      `${what} is not there yet and cannot be declared inside a transaction, which the server would commit. Activate before the transaction.`,
    );
}

interface Context {
  readonly connection: Connection;
  readonly schema: string;
  readonly generation: Generation;
  readonly stores: BoundTable["stores"];
}

function specOf({ className, tableName, declaration }: Named, { schema, generation }: Context): TableSpec {
  const parentOf = (name: string) => {
    const parent = name === "master" ? declaration.part?.master : declaration.parents[name]?.declaration;
    if (parent === undefined) {
      const known = [
        ...Object.keys(declaration.parents),
        ...(declaration.part === undefined ? [] : ["master"]),
      ];
      throw new DataJointError(
        `The definition of ${className} refers to '${name}', which is not among its parents (${known.join(", ") || "none were given"}). Pass it as the second argument: { ${name} }.`,
      );
    }
    const { schema: parentSchema, table, heading } = boundTable(parent, name);
    return { schema: parentSchema, table, heading };
  };
  return resolveDefinition(parseDefinition(declaration.text), parentOf, {
    generation,
    schema,
    table: tableName,
  });
}

function withStores(spec: TableSpec): TableSpec {
  return { ...spec, foreignKeys: [...spec.foreignKeys, ...storeForeignKeys(spec)] };
}

function bind({ className, tableName, declaration }: Named, heading: Heading, context: Context): void {
  const { connection, schema, generation, stores } = context;
  declaration.bound = {
    connection,
    schema,
    table: tableName,
    className,
    tier: declaration.tier,
    master: declaration.part?.master.bound?.table,
    heading,
    node: { kind: "table", schema, table: tableName, heading },
    generation,
    stores,
    ...storeAccess(connection, schema, stores),
  };
}

async function insertContents(declaration: TableDeclaration, heading: Heading): Promise<void> {
  const bound = declaration.bound;
  if (bound === undefined || declaration.contents.length === 0) return;
  // an imported database may have other widths and columns: contents go in only where their key is not there
  const rows = declaration.contents.filter((row) => heading.primaryKey.every((name) => name in row));
  await insertRows(bound, rows, { skipDuplicates: true, ignoreExtraFields: true });
}

function namesOf(classes: readonly (readonly [string, typeof Table])[]): Named[] {
  const named = new Map<TableDeclaration, Named>();
  for (const [className, { declaration }] of classes) {
    if (declaration.part !== undefined) continue;
    const tableName = declaration.tableName ?? toTableName(className, declaration.tier as never);
    named.set(declaration, { className, tableName, declaration });
  }
  for (const [, { declaration }] of classes) {
    if (declaration.part === undefined) continue;
    const master = named.get(declaration.part.master);
    const { name } = declaration.part;
    if (master === undefined)
      throw new DataJointError(
        `Part '${name}' is activated without its master: pass the master's class too.`,
      );
    named.set(declaration, {
      className: `${master.className}.${name}`,
      tableName: toPartName(master.tableName, name),
      declaration,
    });
  }
  return [...named.values()];
}

/** Parents before children, masters before parts, otherwise as given. */
function inOrder(tables: readonly Named[]): Named[] {
  const byDeclaration = new Map(tables.map((table) => [table.declaration, table]));
  const done = new Set<Named>();
  const open = new Set<Named>();
  const ordered: Named[] = [];
  const visit = (table: Named): void => {
    if (done.has(table)) return;
    if (open.has(table))
      throw new DataJointError(
        `The definitions refer to each other in a circle: ${[...open].map((t) => t.className).join(", ")}.`,
      );
    open.add(table);
    const { declaration } = table;
    const above = [
      ...Object.values(declaration.parents).map((parent) => parent.declaration),
      declaration.part?.master,
    ];
    for (const parent of above) {
      const known = parent === undefined ? undefined : byDeclaration.get(parent);
      if (known !== undefined && known !== table) visit(known);
    }
    open.delete(table);
    done.add(table);
    ordered.push(table);
  };
  for (const table of tables) visit(table);
  return ordered;
}
