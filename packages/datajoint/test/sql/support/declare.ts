/**
 * @module
 * Tables from definition texts, declared by the database's own DDL, without classes.
 */
import type { Connection } from "../../../src/connection/connection.ts";
import { resolveDefinition } from "../../../src/definition/declaration.ts";
import { parseDefinition } from "../../../src/definition/parse-definition.ts";
import type { TableSpec } from "../../../src/sql/dialect.ts";

export type Generation = "legacy" | "current";

/** Reads a definition; `-> Name` means the spec of that name. */
export function specOf(
  schema: string,
  table: string,
  text: string,
  parents: Readonly<Record<string, TableSpec>> = {},
  generation: Generation = "legacy",
): TableSpec {
  const parentOf = (name: string) => {
    const parent = parents[name];
    if (parent === undefined) throw new Error(`no parent ${name}`);
    return parent;
  };
  return { ...resolveDefinition(parseDefinition(text), parentOf, { generation, schema, table }), generation };
}

export async function declare(connection: Connection, ...specs: readonly TableSpec[]): Promise<void> {
  for (const spec of specs)
    for (const statement of connection.dialect.ddl.createTable(spec)) await connection.run(statement);
}
