/**
 * @module
 * Which generation of DataJoint made a schema: told by the labels in its columns' comments and by its hidden tables (contract:
 * datajoint.md 0.1, consequence 2).
 */
import type { Connection } from "../connection/connection.ts";
import { isCurrentLabel } from "../definition/column-comment.ts";
import type { Heading, HeadingAttribute } from "../definition/heading.ts";
import type { Generation } from "../table/bound-table.ts";

/** Labels that only 0.14 writes. */
const legacyLabel = /^(attach|blob@|attach@|filepath@)/;

/** @param headings  of all tables that are not hidden
 *  @returns undefined when nothing tells */
export function detectGeneration(
  connection: Connection,
  tables: ReadonlySet<string>,
  headings: ReadonlyMap<string, Heading>,
): Generation | undefined {
  const attributes: HeadingAttribute[] = [...headings.values()].flatMap((heading) => heading.attributes);
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

/** The headings of a schema's tables, hidden ones left out. */
export async function readHeadings(
  connection: Connection,
  schema: string,
  tables: ReadonlySet<string>,
): Promise<ReadonlyMap<string, Heading>> {
  const names = [...tables].filter((name) => !name.startsWith("~"));
  const { catalogue } = connection.dialect;
  // on as many sessions as the connection has
  const headings = await Promise.all(names.map((name) => catalogue.heading(connection, schema, name)));
  return new Map(names.map((name, i) => [name, headings[i]!]));
}
