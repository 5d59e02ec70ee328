/**
 * @module
 * The key source of an auto-populated table: the join of the parents that its primary key refers to (contract: datajoint.md 7.1).
 *
 * Each parent is projected to its key under the names that the table gives it; parents of secondary attributes do not count.
 */
import { parseDefinition } from "../definition/parse-definition.ts";
import { DataJointError } from "../errors.ts";
import { join } from "../query/join.ts";
import type { QueryNode } from "../query/nodes.ts";
import { project } from "../query/project.ts";
import { type BoundTable, boundTable, type TableDeclaration } from "./bound-table.ts";

/** @throws DataJointError when no foreign key lies in the primary key */
export function keySource(table: BoundTable, declaration: TableDeclaration): { readonly node: QueryNode } {
  const nodes: QueryNode[] = [];
  for (const item of parseDefinition(declaration.text).items) {
    if (item.kind !== "foreignKey" || !item.inKey) continue;
    const parent =
      item.parent === "master" ? declaration.part?.master : declaration.parents[item.parent]?.declaration;
    if (parent === undefined)
      throw new DataJointError(
        `Table ${table.className}: its definition refers to ${item.parent}, which is not among its parents.`,
      );
    const { node } = boundTable(parent, item.parent);
    nodes.push(project(node, [Object.fromEntries([...item.renames].map(([name, old]) => [name, old]))]));
  }
  const [first, ...more] = nodes;
  if (first === undefined)
    throw new DataJointError(
      `Table ${table.className} has no foreign key in its primary key, so it has no key source. Pass \`keySource\` to makes().`,
    );
  return { node: more.reduce((left, right) => join(left, right), first) };
}
