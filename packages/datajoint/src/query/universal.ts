/**
 * @module
 * The universal set: all values of some attributes, of which a query shows those that it has.
 */
import { Heading } from "../definition/heading.ts";
import { DataJointError, UnknownAttributeError } from "../errors.ts";
import type { QueryNode } from "./nodes.ts";
import { computedAttribute, parseComputed } from "./project.ts";

/**
 * The distinct values of the names in a query; they are the key. With expressions: one row per value, over the rows that have it. With no
 * names and expressions: one row over all; with neither: one row without attributes if the query has rows.
 *
 * @throws UnknownAttributeError for a name that the query lacks
 */
export function universal(
  source: QueryNode,
  names: readonly string[],
  computed: Readonly<Record<string, string>> = {},
): QueryNode {
  const attributes = [...new Set(names)].map((name) => {
    const attribute = source.heading.get(name);
    if (attribute === undefined) {
      throw new UnknownAttributeError(
        `U('${name}'): the query has no such attribute, only ${source.heading.names.join(", ")}.`,
        "universal",
      );
    }
    if (/^(blob|attach|json)$/.test(attribute.kind))
      throw new DataJointError(`U('${name}'): values of ${attribute.type} cannot be compared.`);
    return { ...attribute, inKey: true, autoIncrement: false };
  });
  const expressions = parseComputed(computed, source.heading, names);
  for (const { name } of attributes) {
    if (expressions.has(name))
      throw new DataJointError(`The aggregation has two attributes called '${name}'.`);
  }
  const heading = new Heading([...attributes, ...[...expressions.keys()].map(computedAttribute)]);
  return {
    kind: "universal",
    source,
    names: attributes.map(({ name }) => name),
    computed: expressions,
    heading,
  };
}
