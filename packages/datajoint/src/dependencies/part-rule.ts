/**
 * @module
 * Parts go with their masters: which rows of parts would be deleted while the master's row stays.
 *
 * What a newcomer would get wrong: a part is told by its name (`master__part`), and it may refer to its master through another part.
 */
import { masterOf } from "../definition/table-name.ts";
import type { QueryNode } from "../query/nodes.ts";
import type { ForeignKey } from "../sql/dialect.ts";
import { occursIn, type RowSet, rowsOf } from "./cascade.ts";
import { type DependencyGraph, parentOf, refName, type TableRef } from "./graph.ts";

/** Rows of a part that would lose their place in a master that stays. */
export interface Orphaned {
  readonly part: TableRef;
  readonly master: TableRef;
  /** The part's reference to its master; undefined when it refers to it only through other tables. */
  readonly edge: ForeignKey | undefined;
  readonly rows: QueryNode;
}

/** What has to be looked at: each may turn out to have no rows.
 *  @param sets  as `cascade` returns them */
export function orphanedParts(
  graph: DependencyGraph,
  sets: ReadonlyMap<string, RowSet>,
): readonly Orphaned[] {
  const found: Orphaned[] = [];
  for (const set of sets.values()) {
    const part: TableRef = set.base;
    const masterTable = masterOf(part.table);
    if (masterTable === undefined) continue;
    const master = { schema: part.schema, table: masterTable };
    if (!isAncestor(graph, master, part)) continue;
    const edge = graph.above(part).find((one) => refName(parentOf(one)) === refName(master));
    const masterRows = sets.get(refName(master));
    const rows = rowsOf(set);
    if (masterRows === undefined) found.push({ part, master, edge, rows });
    else if (edge !== undefined && !masterRows.isWhole) {
      const { heading } = set.base;
      const condition = occursIn(heading, edge.columns, rowsOf(masterRows), edge.parentColumns);
      const staying: QueryNode = { kind: "restrict", source: rows, condition, isNegated: true, heading };
      found.push({ part, master, edge, rows: staying });
    }
  }
  return found;
}

function isAncestor(graph: DependencyGraph, above: TableRef, below: TableRef): boolean {
  const seen = new Set<string>();
  const next = [below];
  for (let table = next.pop(); table !== undefined; table = next.pop()) {
    for (const edge of graph.above(table)) {
      const parent = parentOf(edge);
      if (refName(parent) === refName(above)) return true;
      if (seen.has(refName(parent))) continue;
      seen.add(refName(parent));
      next.push(parent);
    }
  }
  return false;
}
