/**
 * @module
 * Which generation of DataJoint made a schema: told by the labels in its columns' comments and by its hidden tables (contract:
 * datajoint.md 0.1, consequence 2).
 */
import type { Connection } from "../connection/connection.ts";
import { isCurrentLabel } from "../definition/column-comment.ts";
import type { HeadingAttribute } from "../definition/heading.ts";
import type { Generation } from "../table/bound-table.ts";

/** Labels that only 0.14 writes. */
const legacyLabel = /^(attach|blob@|attach@|filepath@)/;

/** @returns undefined when nothing tells */
export async function detectGeneration(
  connection: Connection,
  schema: string,
  tables: ReadonlySet<string>,
): Promise<Generation | undefined> {
  const { catalogue } = connection.dialect;
  const attributes: HeadingAttribute[] = [];
  for (const table of tables) {
    if (table.startsWith("~")) continue;
    attributes.push(...(await catalogue.heading(connection, schema, table)).attributes);
  }
  if (attributes.some(({ annotation }) => annotation !== undefined && isCurrentLabel(annotation)))
    return "current";
  const names = [...tables];
  if (names.some((name) => name.startsWith("~external_") || name === "~jobs")) return "legacy";
  const isLegacy = ({ annotation, kind }: HeadingAttribute) =>
    (annotation !== undefined && legacyLabel.test(annotation)) ||
    (annotation === undefined && kind === "blob");
  if (attributes.some(isLegacy)) return "legacy";
  if (
    names.some(
      (name) => name === "~lineage" || (name.startsWith("~~") && connection.dialect.can.concurrentWriters),
    )
  )
    return "current";
  return undefined;
}
