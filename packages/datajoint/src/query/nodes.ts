/**
 * @module
 * The query algebra as immutable nodes. A node knows its heading; it knows nothing of a database.
 *
 * Nodes are made by the functions beside this file (`restrict`, `project`, `join`, ...), which check names and compute headings. A writer may
 * therefore take every node for well formed.
 */
import type { SqlValue } from "../connection/driver.ts";
import type { Heading, HeadingAttribute } from "../definition/heading.ts";

/** A base table. */
export interface TableNode {
  readonly kind: "table";
  readonly schema: string;
  readonly table: string;
  readonly heading: Heading;
}

/** Rows of `source` for which the condition is true; with `isNegated`, all others, those included for which it is NULL. */
export interface RestrictNode {
  readonly kind: "restrict";
  readonly source: QueryNode;
  readonly condition: ConditionNode;
  readonly isNegated: boolean;
  readonly heading: Heading;
}

/** Other columns of the same rows. `heading` has the columns in order, each made as `columns` says. */
export interface ProjectNode {
  readonly kind: "project";
  readonly source: QueryNode;
  readonly columns: ReadonlyMap<string, ColumnSource>;
  readonly heading: Heading;
}

export type ColumnSource =
  /** The attribute of the source with this name. */
  | { readonly kind: "attribute"; readonly name: string }
  | { readonly kind: "expression"; readonly expression: Expression }
  /** NULL in the type of this attribute, which the source does not have; unions pad with it. */
  | { readonly kind: "null"; readonly attribute: HeadingAttribute };

export interface JoinNode {
  readonly kind: "join";
  readonly left: QueryNode;
  readonly right: QueryNode;
  /** Names that must be equal; all names that both headings have. */
  readonly shared: readonly string[];
  /** Keeps rows of `left` without a match, with NULL on the right. */
  readonly isLeft: boolean;
  readonly heading: Heading;
}

/** One row per row of `source`, with expressions over the rows of `group` that match it. */
export interface AggregateNode {
  readonly kind: "aggregate";
  readonly source: QueryNode;
  readonly group: QueryNode;
  readonly shared: readonly string[];
  /** Attributes of the source beside its key. */
  readonly kept: readonly string[];
  readonly computed: ReadonlyMap<string, Expression>;
  readonly keepsAllRows: boolean;
  readonly heading: Heading;
}

/** The distinct values of `names` in `source`, with expressions over the rows that have them. */
export interface UniversalNode {
  readonly kind: "universal";
  readonly source: QueryNode;
  readonly names: readonly string[];
  readonly computed: ReadonlyMap<string, Expression>;
  readonly heading: Heading;
}

/** The rows of all operands, which have the same attributes in the same order. */
export interface UnionNode {
  readonly kind: "union";
  readonly operands: readonly QueryNode[];
  /** Whether the operands may give the same row. */
  readonly isDistinct: boolean;
  readonly heading: Heading;
}

export interface TopNode {
  readonly kind: "top";
  readonly source: QueryNode;
  /** Never empty unless the key is; ends with the key, so that equal values have one order. */
  readonly order: readonly { readonly name: string; readonly isDescending: boolean }[];
  readonly limit: number | undefined;
  readonly offset: number;
  readonly heading: Heading;
}

/** Any query. */
export type QueryNode =
  | TableNode
  | RestrictNode
  | ProjectNode
  | JoinNode
  | AggregateNode
  | UniversalNode
  | UnionNode
  | TopNode;

/** SQL as the user wrote it, in pieces: text goes through as it is, names are quoted, literals bound. */
export interface Expression {
  readonly pieces: readonly ExpressionPiece[];
}

export type ExpressionPiece =
  | { readonly kind: "text"; readonly text: string }
  /** An attribute; `isSingle` when its FLOAT must be read with all digits. */
  | { readonly kind: "name"; readonly name: string; readonly isSingle: boolean }
  /** A text; `isPattern` when it stands behind LIKE, without an ESCAPE of its own. */
  | { readonly kind: "literal"; readonly value: string; readonly isPattern: boolean }
  /** A value inside a JSON attribute: `attribute.path`, as text or cast to `type`. */
  | {
      readonly kind: "json";
      readonly name: string;
      readonly path: string;
      readonly type: string | undefined;
    };

export type ConditionNode =
  | { readonly kind: "constant"; readonly value: boolean }
  | { readonly kind: "expression"; readonly expression: Expression }
  | { readonly kind: "equals"; readonly attribute: HeadingAttribute; readonly value: SqlValue }
  | {
      readonly kind: "jsonEquals";
      readonly name: string;
      readonly path: string;
      readonly type: string | undefined;
      readonly value: SqlValue;
    }
  | { readonly kind: "and" | "or"; readonly operands: readonly ConditionNode[] }
  | { readonly kind: "not"; readonly operand: ConditionNode }
  /** Rows whose `shared` attributes occur together in `query`; with none shared, all rows if `query` has any. */
  | {
      readonly kind: "in";
      readonly query: QueryNode;
      readonly shared: readonly string[];
      readonly isNullable: boolean;
    };
