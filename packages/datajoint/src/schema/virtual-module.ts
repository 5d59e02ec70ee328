/**
 * @module
 * Classes for a schema that exists in a database, made from its catalogue: to query, insert and delete where there is no code (contract:
 * datajoint.md 3.5). Rows are untyped.
 *
 * What a newcomer would get wrong: names are read backwards from tables, so `_l_f_p` becomes `LFP` but `lab2_a` becomes `Lab2A`; hidden
 * tables (`~...`) are no classes.
 */
import type { Connection } from "../connection/connection.ts";
import { readTableName } from "../definition/table-name.ts";
import { DataJointError, MissingTableError } from "../errors.ts";
import type { Store } from "../table/bound-table.ts";
import { storeAccess } from "../table/external.ts";
import { makeTableClass } from "../table/table.ts";
import { detectGeneration, readHeadings } from "./detect-generation.ts";
import type { LooseTable } from "./table-class.ts";

export interface VirtualSchemaOptions {
  /** Folders for attributes such as `blob@store`. */
  readonly stores?: Readonly<Record<string, Store>>;
}

/** Classes by their names, parts as `LFP.Electrode`; masters first, each followed by its parts. */
export type VirtualSchema = Readonly<Record<string, LooseTable>>;

/**
 * Makes classes for all tables of a schema: `const ephys = await virtualSchema(connection, "lab_ephys"); await ephys.LFP!.fetch()`.
 *
 * @throws MissingTableError when there is no such schema
 * @throws DataJointError when a part has no master, or two tables would have one class name
 */
export async function virtualSchema(
  connection: Connection,
  schema: string,
  { stores = {} }: VirtualSchemaOptions = {},
): Promise<VirtualSchema> {
  const { catalogue } = connection.dialect;
  if (!(await catalogue.schemas(connection)).includes(schema))
    throw new MissingTableError(
      `Schema '${schema}' is not in ${connection.name}, or this user may not see it.`,
    );
  const names = new Set(await catalogue.tables(connection, schema));
  const headings = await readHeadings(connection, schema, names);
  const generation = detectGeneration(connection, names, headings) ?? "legacy";
  const found = new Map<string, LooseTable>();
  const access = storeAccess(connection, schema, stores);
  // a master's name sorts before its parts'
  for (const name of [...names].toSorted()) {
    const { tier, className, masterTable } = readTableName(name);
    if (tier === "job" || tier === "hidden" || tier === "other") continue;
    const master = masterTable === undefined ? undefined : found.get(masterTable);
    if (tier === "part" && master === undefined)
      throw new DataJointError(
        `Table '${schema}.${name}' does not follow DataJoint's naming: by its name it is a part of '${masterTable}', which is not there.`,
      );
    const made = makeTableClass({
      tier,
      text: "",
      parents: {},
      contents: [],
      tableName: name,
      part: master === undefined ? undefined : { master: master.declaration, name: className },
    });
    const heading = headings.get(name)!;
    made.declaration.bound = {
      connection,
      schema,
      table: name,
      className: master === undefined ? className : `${master.className}.${className}`,
      tier,
      master: masterTable,
      heading,
      node: { kind: "table", schema, table: name, heading },
      generation,
      stores,
      ...access,
    };
    // what tsc knows of a table comes from its definition, and this one has none
    found.set(name, made as unknown as LooseTable);
  }
  return byClass(schema, [...found.values()]);
}

function byClass(schema: string, tables: readonly LooseTable[]): VirtualSchema {
  const classes = new Map<string, LooseTable>();
  for (const table of tables) {
    const other = classes.get(table.className);
    if (other !== undefined)
      throw new DataJointError(
        `Tables '${other.table}' and '${table.table}' of '${schema}' would both be the class '${table.className}'. Declare a class for one of them in code.`,
      );
    classes.set(table.className, table);
  }
  return Object.fromEntries(classes);
}
