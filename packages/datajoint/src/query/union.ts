/**
 * @module
 * Union: the keys of both operands, with the secondary attributes of each, null where an operand does not have the key.
 */
import { Heading } from "../definition/heading.ts";
import { DataJointError } from "../errors.ts";
import { join } from "./join.ts";
import type { ColumnSource, QueryNode } from "./nodes.ts";
import { project } from "./project.ts";

/** @throws DataJointError when the keys differ, or a secondary attribute is in both */
export function union(left: QueryNode, right: QueryNode): QueryNode {
  const [a, b] = [left.heading, right.heading];
  if (a.primaryKey.length !== b.primaryKey.length || a.primaryKey.some((name) => !b.get(name)?.inKey)) {
    throw new DataJointError(
      `The operands of a union have the same primary key; these have (${a.primaryKey.join(", ")}) and (${b.primaryKey.join(", ")}).`,
    );
  }
  const both = a.secondary.filter((name) => b.has(name));
  if (both.length > 0) {
    throw new DataJointError(
      `The operands of a union must not share secondary attributes: ${both.join(", ")}. Drop or rename with proj().`,
    );
  }
  if (a.secondary.length === 0 && b.secondary.length === 0) {
    return { kind: "union", operands: [left, right], isDistinct: true, heading: a };
  }
  const matched = join(left, right, { left: true });
  const unmatched: QueryNode = {
    kind: "restrict",
    source: right,
    condition: { kind: "in", query: project(left, []), shared: a.primaryKey, isNullable: false },
    isNegated: true,
    heading: b,
  };
  // secondaries of either side are null in the other's rows
  const heading = new Heading(
    matched.heading.attributes.map((attribute) =>
      attribute.inKey ? attribute : { ...attribute, nullable: true },
    ),
  );
  return { kind: "union", operands: [matched, padded(unmatched, heading)], isDistinct: false, heading };
}

/** The query with the columns of a heading, NULL for those it lacks. */
function padded(source: QueryNode, heading: Heading): QueryNode {
  const columns = new Map<string, ColumnSource>(
    heading.attributes.map((attribute) => [
      attribute.name,
      source.heading.has(attribute.name)
        ? { kind: "attribute", name: attribute.name }
        : { kind: "null", attribute },
    ]),
  );
  return { kind: "project", source, columns, heading };
}
