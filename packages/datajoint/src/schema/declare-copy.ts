/**
 * @module
 * Declares a table as another database's catalogue, or a dump, describes it: how an import brings a schema whose classes nobody has.
 */
import type { Connection } from "../connection/connection.ts";
import { Heading } from "../definition/heading.ts";
import { type CatalogueColumn, readColumns } from "../sql/catalogue-column.ts";
import type { TableSpec } from "../sql/dialect.ts";

/** A table as a catalogue describes it. */
export interface CopiedTable extends Pick<TableSpec, "schema" | "table" | "foreignKeys" | "indexes"> {
  readonly comment: string;
  readonly columns: readonly CatalogueColumn[];
}

/** Makes the schema where it is missing, and the table; its parents must be there.
 *  Columns that begin with an underscore are hidden, and not made.
 *  @returns the table's heading
 *  @throws DataJointError when the database cannot keep a column as it was */
export async function declareCopy(connection: Connection, copied: CopiedTable): Promise<Heading> {
  const { schema, table, comment, columns, foreignKeys, indexes } = copied;
  const heading = new Heading(readColumns(columns), comment);
  const { ddl } = connection.dialect;
  for (const statement of ddl.createSchema(schema)) await connection.run(statement);
  for (const statement of ddl.createTable({ schema, table, heading, foreignKeys, indexes }))
    await connection.run(statement);
  return heading;
}
