/**
 * @module
 * Drops a table with every table that depends on it, children first (contract: datajoint.md 6.4).
 *
 * What a newcomer would get wrong: servers commit a DROP at once, so this is no transaction; what can be refused is refused before the
 * first table goes.
 */
import type { Connection } from "../connection/connection.ts";
import { masterOf } from "../definition/table-name.ts";
import { loadGraph, refName, type TableRef } from "../dependencies/graph.ts";
import { DataJointError, IntegrityError } from "../errors.ts";

export interface DropOptions {
  /** Lists what would go, and drops nothing. Default: false. */
  readonly preview?: boolean;
  /** What happens when a part would go and its master would stay. Default: "enforce", an error before anything is dropped. */
  readonly partIntegrity?: "enforce" | "ignore";
}

export interface DropResult {
  /** The tables, in the order in which they went: children first. */
  readonly tables: readonly TableRef[];
  readonly isPreview: boolean;
}

/** Drops a table and everything that depends on it, in whatever schema.
 *  @throws IntegrityError when a part would be dropped without its master */
export async function dropTable(
  connection: Connection,
  table: TableRef,
  options: DropOptions = {},
): Promise<DropResult> {
  if (connection.inTransaction)
    throw new DataJointError(
      `${refName(table)} cannot be dropped inside a transaction, which the server would commit. Drop it outside.`,
    );
  const graph = await loadGraph(connection, [table.schema]);
  const tables = [...graph.descendants([table])].reverse();
  const dropped = new Set(tables.map(refName));
  if (options.partIntegrity !== "ignore")
    for (const { schema, table: name } of tables) {
      const master = masterOf(name);
      if (master === undefined || dropped.has(refName({ schema, table: master }))) continue;
      if (!(await connection.dialect.catalogue.tables(connection, schema)).includes(master)) continue;
      throw new IntegrityError(
        `Nothing was dropped: the part ${schema}.${name} would go, but its master ${schema}.${master} would stay. Drop the master, or pass partIntegrity: "ignore".`,
        "part_integrity",
      );
    }
  const isPreview = options.preview === true;
  if (!isPreview) {
    const { catalogue, ddl } = connection.dialect;
    for (const { schema, table: name } of tables) {
      const hasLineage = (await catalogue.tables(connection, schema)).includes("~lineage");
      for (const statement of ddl.dropTable(schema, name, hasLineage)) await connection.run(statement);
    }
  }
  return { tables: tables.map(({ schema, table: name }) => ({ schema, table: name })), isPreview };
}
