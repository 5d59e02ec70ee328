/**
 * @module
 * Conditions and expressions to SQL.
 *
 * Negation is two-valued: what is not true is in the difference, NULL included (`IS NOT TRUE`), so that `A - c` is always what `A & c` leaves
 * over. datajoint-python writes NOT, which also loses the rows for which the condition is NULL (contract 5.2).
 */
import { DataJointError } from "../errors.ts";
import type { ConditionNode, Expression } from "../query/nodes.ts";
import type { Column } from "./block.ts";
import type { BlockWriter, Scope } from "./block-writer.ts";
import { bind, type Fragment, joined, raw, sql } from "./fragment.ts";

export interface Written {
  readonly sql: Fragment;
  /** Whether it names a computed column, which can be named only from outside its SELECT. */
  readonly usesComputed: boolean;
}

type Columns = ReadonlyMap<string, Column>;

/** @param columns  what each attribute's name stands for */
export function writeCondition(
  writer: BlockWriter,
  node: ConditionNode,
  isNegated: boolean,
  columns: Columns,
  scope: Scope,
): Written {
  let usesComputed = false;
  const name = (attribute: string): Fragment => {
    const column = columns.get(attribute)!;
    usesComputed ||= column.isComputed;
    return column.sql;
  };
  const write = (condition: ConditionNode, negated: boolean): Fragment => {
    switch (condition.kind) {
      case "constant":
        return raw(condition.value === negated ? "FALSE" : "TRUE");
      case "not":
        return write(condition.operand, !negated);
      case "in":
        return writeMembership(writer, condition, negated, name, scope);
      case "and":
      case "or": {
        const list = condition.kind === "or" ? writeList(writer, condition.operands, name) : undefined;
        if (list !== undefined) return negated ? sql`((${list}) IS NOT TRUE)` : list;
        const text = chained(
          condition.operands.map((operand) => write(operand, false)),
          condition.kind === "and" ? " AND " : " OR ",
        );
        return negated ? sql`((${text}) IS NOT TRUE)` : sql`(${text})`;
      }
      default: {
        const text = writeTerm(condition);
        return negated ? sql`((${text}) IS NOT TRUE)` : sql`(${text})`;
      }
    }
  };
  const writeTerm = (condition: ConditionNode): Fragment => {
    switch (condition.kind) {
      case "equals": {
        const column = name(condition.attribute.name);
        if (condition.value === null) return sql`${column} IS NULL`;
        return sql`${column}=${writeOperand(writer, condition)}`;
      }
      case "jsonEquals": {
        const value = writer.jsonValue(name(condition.name), condition.path, condition.type);
        return condition.value === null ? sql`${value} IS NULL` : sql`${value}=${bind(condition.value)}`;
      }
      case "expression": {
        const written = writeExpression(writer, condition.expression, columns);
        usesComputed ||= written.usesComputed;
        return written.sql;
      }
      default:
        throw new DataJointError(`No SQL for the condition ${condition.kind}`);
    }
  };
  const text = write(node, isNegated);
  return { sql: text, usesComputed };
}

type Equals = Extract<ConditionNode, { kind: "equals" }>;

function writeOperand(writer: BlockWriter, { attribute, value }: Equals): Fragment {
  return attribute.kind === "decimal" ? writer.asDecimal(bind(value)) : bind(value);
}

/** Many keys of the same attributes as one list, which the databases look rows up in rather than compare one by one. */
function writeList(
  writer: BlockWriter,
  operands: readonly ConditionNode[],
  name: (attribute: string) => Fragment,
): Fragment | undefined {
  if (operands.length < 4) return undefined;
  const rows: (readonly Equals[])[] = [];
  for (const operand of operands) {
    const terms = operand.kind === "and" ? operand.operands : [operand];
    if (!terms.every((term) => term.kind === "equals" && term.value !== null)) return undefined;
    rows.push(terms as readonly Equals[]);
  }
  const names = rows[0]!.map(({ attribute }) => attribute.name);
  const ordered: Fragment[][] = [];
  for (const row of rows) {
    const byName = new Map(row.map((term) => [term.attribute.name, term]));
    if (row.length !== names.length || byName.size !== names.length || !names.every((one) => byName.has(one)))
      return undefined;
    ordered.push(names.map((one) => writeOperand(writer, byName.get(one)!)));
  }
  return writer.isAmong(names.map(name), ordered);
}

/** Terms in groups of groups: SQLite refuses expressions more than 1000 deep, and takes a OR b OR c for two deep. */
function chained(terms: readonly Fragment[], operator: string): Fragment {
  const most = 64;
  if (terms.length <= most) return joined(terms, operator);
  const size = Math.ceil(terms.length / most);
  const groups: Fragment[] = [];
  for (let from = 0; from < terms.length; from += size)
    groups.push(sql`(${chained(terms.slice(from, from + size), operator)})`);
  return joined(groups, operator);
}

/** `(a,b) IN (SELECT a,b …)`. Where a NULL may be among them NOT IN would drop every row, hence IS NOT TRUE. */
function writeMembership(
  writer: BlockWriter,
  condition: Extract<ConditionNode, { kind: "in" }>,
  isNegated: boolean,
  name: (attribute: string) => Fragment,
  scope: Scope,
): Fragment {
  const { query, shared, isNullable } = condition;
  const block = writer.block(query, scope);
  if (shared.length === 0) return sql`(${raw(isNegated ? "NOT " : "")}EXISTS (${writer.text(block)}))`;
  // a limit may not stand directly in an IN-subquery (MySQL's error 1235)
  const open =
    block.order !== undefined || block.groupBy !== undefined || block.compound !== undefined
      ? writer.wrap(block, scope)
      : block;
  const columns = new Map(open.columns.map((column) => [column.name, column]));
  const rows = writer.text({ ...open, columns: shared.map((attribute) => columns.get(attribute)!) });
  const tuple = joined(shared.map(name), ",");
  const left = shared.length === 1 ? tuple : sql`(${tuple})`;
  if (!isNegated) return sql`(${left} IN (${rows}))`;
  return isNullable ? sql`((${left} IN (${rows})) IS NOT TRUE)` : sql`(${left} NOT IN (${rows}))`;
}

export function writeExpression(writer: BlockWriter, expression: Expression, columns: Columns): Written {
  let usesComputed = false;
  const pieces = expression.pieces.map((piece): Fragment => {
    switch (piece.kind) {
      case "text":
        return raw(writer.expressionText(piece.text));
      case "literal":
        return piece.isPattern ? writer.likePattern(bind(piece.value)) : bind(piece.value);
      default: {
        const column = columns.get(piece.name)!;
        usesComputed ||= column.isComputed;
        if (piece.kind === "json") {
          const isWhole = expression.pieces.length === 1 || piece.type !== undefined;
          return isWhole
            ? writer.jsonValue(column.sql, piece.path, piece.type)
            : writer.jsonOperand(column.sql, piece.path);
        }
        return piece.isSingle ? writer.asDouble(column.sql) : column.sql;
      }
    }
  });
  return { sql: joined(pieces, ""), usesComputed };
}
