/**
 * @module
 * `universal("a", "b")`: all values of some attributes. `of(query)` gives those that occur in a query, as its key; `aggr` computes over the
 * rows that have them. As a condition it restricts nothing.
 */
import { DataJointError } from "../errors.ts";
import { type HasNode, UniversalCondition } from "./condition.ts";
import { Query } from "./query.ts";
import { universal as universalNode } from "./universal.ts";

export class UniversalSet<Name extends string = string> extends UniversalCondition {
  /** The distinct values in a query; with no names, one row without attributes if the query has rows. */
  of(query: HasNode): Query<{ [N in Name]: any }, { [N in Name]: any }> {
    const { source, node } = queryOf(query);
    return new Query(source, universalNode(node, this.names));
  }

  /** One row per value, with expressions over the rows that have it; with no names, one row over all, also when there are none. */
  aggr<Computed extends Readonly<Record<string, string>>>(
    query: HasNode,
    computed: Computed,
  ): Query<{ [N in Name | keyof Computed]: any }, { [N in Name]: any }> {
    const { source, node } = queryOf(query);
    return new Query(source, universalNode(node, this.names, computed));
  }
}

/** The universal set of some attributes: `universal("drug").of(Treatment)`, `universal().aggr(Unit, { n: "count(*)" })`. */
export function universal<Name extends string>(...names: readonly Name[]): UniversalSet<Name> {
  return new UniversalSet(names);
}

function queryOf(value: HasNode): Query {
  const query = value instanceof Query ? value : (value as { query?: unknown }).query;
  if (query instanceof Query) return query;
  throw new DataJointError("A universal set is of a query or a table class.");
}
