/**
 * @module
 * Aggregation: one row per row of A, with expressions over the rows of B that match it.
 *
 * Both sides keep their restrictions to themselves: B is restricted before the rows are matched, so that kept rows without a match stay.
 */
import { Heading } from "../definition/heading.ts";
import { DataJointError } from "../errors.ts";
import type { QueryNode } from "./nodes.ts";
import { computedAttribute, parseComputed, readNames } from "./project.ts";
import { sharedNames } from "./shared-names.ts";

export interface AggregateOptions {
  /** Keeps rows of A that no row of B matches; `count(*)` is then 1 for them, `count(attribute_of_b)` 0. Default: false. */
  readonly keepAllRows?: boolean;
  /** Attributes of A beside its key; `"..."` for all. Default: none. */
  readonly keep?: readonly string[];
}

/** @throws DataJointError when B lacks an attribute of A's key, or names clash */
export function aggregate(
  source: QueryNode,
  group: QueryNode,
  computed: Readonly<Record<string, string>>,
  options: AggregateOptions = {},
): QueryNode {
  const missing = source.heading.primaryKey.filter((name) => !group.heading.has(name));
  if (missing.length > 0) {
    throw new DataJointError(
      `aggr() needs every attribute of the key in what is aggregated: ${missing.map((name) => `'${name}'`).join(", ")} is missing there.`,
    );
  }
  if (source.heading.primaryKey.length === 0) {
    throw new DataJointError(
      "aggr() groups by a primary key, and this query has none. U().aggr(query, ...) aggregates all rows of a query.",
    );
  }
  const shared = sharedNames(source.heading, group.heading, "aggregate");
  const kept = [...readNames(options.keep ?? [], source.heading)].filter(
    (name) => !source.heading.get(name)!.inKey,
  );
  const scope = new Heading([
    ...source.heading.attributes,
    ...group.heading.attributes.filter((attribute) => !source.heading.has(attribute.name)),
  ]);
  const expressions = parseComputed(computed, scope, source.heading.primaryKey);
  const attributes = source.heading.attributes.filter(
    (attribute) => attribute.inKey || kept.includes(attribute.name),
  );
  const clash = attributes.find((attribute) => expressions.has(attribute.name));
  if (clash !== undefined)
    throw new DataJointError(`The aggregation has two attributes called '${clash.name}'.`);
  // the writer joins kept attributes to the groups, key first
  const ordered = [
    ...attributes.filter((attribute) => attribute.inKey),
    ...attributes.filter((attribute) => !attribute.inKey),
  ];
  const heading = new Heading([...ordered, ...[...expressions.keys()].map(computedAttribute)]);
  const keepsAllRows = options.keepAllRows === true;
  return {
    kind: "aggregate",
    source,
    group,
    shared,
    kept: ordered.filter((a) => !a.inKey).map((a) => a.name),
    computed: expressions,
    keepsAllRows,
    heading,
  };
}
