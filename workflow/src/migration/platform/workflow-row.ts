/**
 * @module
 * The row of this pipeline in the platform's Workflow table, which its other tables refer to.
 */
import type { Connection, HeadingAttribute, SqlValue } from "@tenon/datajoint";
import { type Platform, PlatformError } from "./find-platform.ts";

/** Makes sure that the row is there. @returns whether it was made (or would be)
 * @throws PlatformError naming a column whose value is not known here */
export async function ensureWorkflowRow(
  connection: Connection,
  platform: Platform,
  prefix: string,
  dryRun: boolean,
): Promise<boolean> {
  const { workflowTable: table } = platform;
  if (table === undefined) return true;
  const { writer } = connection.dialect;
  const prefixColumn = table.heading.names.find((name) => /^(wf_)?db_prefix$/i.test(name));
  const known = prefixColumn ?? table.heading.primaryKey[0]!;
  const bare = prefix.replace(/_+$/, "");
  const wanted = prefixColumn === undefined ? [platform.workflow, bare] : [`${bare}_`, bare];
  const { rows } = await connection.run({
    text: `SELECT COUNT(*) AS n FROM ${writer.table(table.schema, table.table)} WHERE ${writer.quote(known)} IN (?, ?)`,
    parameters: wanted,
  });
  if (Number(rows[0]!["n"]) > 0) return false;
  const columns = table.heading.attributes.flatMap((attribute) => {
    const value = columnValue(platform, prefix, attribute);
    return value === undefined ? [] : [{ name: attribute.name, value }];
  });
  if (!dryRun)
    await connection.run(
      writer.insert({
        schema: table.schema,
        table: table.table,
        columns: columns.map(({ name }) => name),
        rows: [columns.map(({ value }) => value)],
        onDuplicate: "error",
        key: table.heading.primaryKey,
      }),
    );
  return true;
}

function columnValue(platform: Platform, prefix: string, attribute: HeadingAttribute): SqlValue | undefined {
  const { name, nullable, default: value, autoIncrement } = attribute;
  if (/^(wf_)?db_prefix$/i.test(name)) return prefix;
  if (/^(wf|workflow)(_name)?$/i.test(name)) return platform.workflow;
  if (/^org(ani[sz]ation)?(_name)?$/i.test(name)) return platform.org;
  if (nullable || value !== undefined || autoIncrement) return undefined;
  throw new PlatformError(
    `The platform's Workflow has a column '${name}' without a default, and nothing here knows its value. Insert the row of this workflow by hand.`,
    `${platform.workflowTable!.schema}.${platform.workflowTable!.table}.${name}`,
  );
}
