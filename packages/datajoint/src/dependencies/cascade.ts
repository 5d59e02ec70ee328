/**
 * @module
 * Which rows depend on given rows: restrictions handed down the foreign keys (contract: datajoint.md 6.3).
 *
 * A child's row goes with the parent's row that it refers to. Reached on several ways it goes with any of them. Where the condition speaks
 * only of attributes that the child has from the parent, the child gets the condition itself, which keeps statements short; else the child
 * is restricted by the parent's rows. What a newcomer would get wrong: a nullable reference that is NULL depends on nothing.
 */
import { Heading } from "../definition/heading.ts";
import type { ConditionNode, QueryNode, TableNode } from "../query/nodes.ts";
import type { ForeignKey } from "../sql/dialect.ts";
import { type DependencyGraph, parentOf, refName, type TableRef } from "./graph.ts";

/** Rows of one table: those for which one of the conditions holds; all when `isWhole`. */
export interface RowSet {
  readonly base: TableNode;
  readonly isWhole: boolean;
  readonly conditions: readonly ConditionNode[];
}

/** The table of each descendant, by `refName`. */
export type Bases = ReadonlyMap<string, TableNode>;

/**
 * The rows that depend on the roots, the roots' rows included.
 *
 * @param bases  every table that `graph.descendants(roots)` lists
 * @returns row sets by `refName`, parents before children
 */
export function cascade(
  graph: DependencyGraph,
  roots: readonly RowSet[],
  bases: Bases,
): ReadonlyMap<string, RowSet> {
  const found = new Map<string, RowSet>();
  const refs = roots.map(({ base }): TableRef => base);
  for (const table of graph.descendants(refs)) {
    const name = refName(table);
    const base = bases.get(name)!;
    const given = roots.filter((root) => refName(root.base) === name);
    const inherited = graph.above(table).flatMap((edge) => {
      const parent = found.get(refName(parentOf(edge)));
      return parent === undefined ? [] : handedDown(edge, parent, base);
    });
    found.set(name, united(base, [...given, ...inherited]));
  }
  return found;
}

/** The query for the rows of a set. */
export function rowsOf({ base, isWhole, conditions }: RowSet): QueryNode {
  if (isWhole) return base;
  const condition: ConditionNode =
    conditions.length === 1 ? conditions[0]! : { kind: "or", operands: conditions };
  return { kind: "restrict", source: base, condition, isNegated: false, heading: base.heading };
}

/** That a row's attributes `columns` occur together, under the names `otherColumns`, in a query. */
export function occursIn(
  heading: Heading,
  columns: readonly string[],
  query: QueryNode,
  otherColumns: readonly string[],
): ConditionNode {
  const attributes = columns.map((name, i) => ({ ...query.heading.get(otherColumns[i]!)!, name }));
  return {
    kind: "in",
    query: {
      kind: "project",
      source: query,
      columns: new Map(columns.map((name, i) => [name, { kind: "attribute", name: otherColumns[i]! }])),
      heading: new Heading(attributes),
    },
    shared: columns,
    isNullable: columns.some((name, i) => heading.get(name)!.nullable || attributes[i]!.nullable),
  };
}

/** The child's rows that refer to the parent's. */
function handedDown(edge: ForeignKey, parent: RowSet, child: TableNode): readonly RowSet[] {
  const nullable = edge.columns.filter((name) => child.heading.get(name)!.nullable);
  if (parent.isWhole) {
    if (nullable.length === 0) return [{ base: child, isWhole: true, conditions: [] }];
    return [only(child, { kind: "and", operands: nullable.map((name) => isNotNull(child, name)) })];
  }
  const kept = new Set(edge.columns.filter((name, i) => name === edge.parentColumns[i]));
  // a reference that is NULL depends on nothing, also where the condition holds for every row
  const isKept = (condition: ConditionNode) =>
    nullable.length === 0 && namesIn(condition)?.every((name) => kept.has(name)) === true;
  const same = parent.conditions.filter(isKept);
  const others = parent.conditions.filter((condition) => !isKept(condition));
  const sets = same.map((condition) => only(child, condition));
  if (others.length > 0) {
    const query = rowsOf({ ...parent, conditions: others });
    sets.push(only(child, occursIn(child.heading, edge.columns, query, edge.parentColumns)));
  }
  return sets;
}

function only(base: TableNode, condition: ConditionNode): RowSet {
  return { base, isWhole: false, conditions: [condition] };
}

function isNotNull({ heading }: TableNode, name: string): ConditionNode {
  return { kind: "not", operand: { kind: "equals", attribute: heading.get(name)!, value: null } };
}

function united(base: TableNode, sets: readonly RowSet[]): RowSet {
  const isWhole = sets.some((set) => set.isWhole);
  const conditions = isWhole ? [] : [...new Set(sets.flatMap((set) => set.conditions))];
  return { base, isWhole, conditions };
}

/** Attributes that a condition speaks of; undefined when its text may speak of more than it shows. */
function namesIn(condition: ConditionNode): readonly string[] | undefined {
  switch (condition.kind) {
    case "constant":
      return [];
    case "equals":
      return [condition.attribute.name];
    case "jsonEquals":
      return [condition.name];
    case "in":
      return condition.shared.length === 0 ? undefined : condition.shared;
    case "not":
      return namesIn(condition.operand);
    case "and":
    case "or": {
      const lists = condition.operands.map(namesIn);
      return lists.includes(undefined) ? undefined : lists.flatMap((list) => list ?? []);
    }
    case "expression": {
      const { pieces } = condition.expression;
      if (pieces.some((piece) => piece.kind === "text" && /\bselect\b/i.test(piece.text))) return undefined;
      return pieces.flatMap((piece) => (piece.kind === "name" || piece.kind === "json" ? [piece.name] : []));
    }
    default: {
      const never: never = condition;
      return never;
    }
  }
}

/** Whether a condition can be told from a row alone, without looking at other rows. */
export function isSelfContained(condition: ConditionNode): boolean {
  switch (condition.kind) {
    case "in":
      return false;
    case "not":
      return isSelfContained(condition.operand);
    case "and":
    case "or":
      return condition.operands.every(isSelfContained);
    case "expression":
      return namesIn(condition) !== undefined;
    default:
      return true;
  }
}
