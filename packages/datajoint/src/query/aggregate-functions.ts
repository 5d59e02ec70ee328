/**
 * @module
 * Which expressions are over many rows at once: `sum(a)`, `count(*)`.
 *
 * What a newcomer would get wrong: SQLite takes `sum(a)` in a projection and gives one row for the whole table, and takes a bare `a` in an
 * aggregation and gives the value of any row. MySQL refuses both, and so do we, before anything is sent.
 */
import { DataJointError } from "../errors.ts";
import { namesIn } from "./expression.ts";
import type { Expression } from "./nodes.ts";

const aggregates =
  /\b(?:count|sum|avg|min|max|std|stddev(?:_pop|_samp)?|variance|var_(?:pop|samp)|group_concat|bit_(?:and|or|xor)|json_(?:arrayagg|objectagg|group_array|group_object)|any_value|total|string_agg)\s*\(/i;
/** Windows and subqueries have aggregates of their own. */
const others = /\bover\b|\bselect\b/i;

/** @throws DataJointError for an aggregate where each row has a value of its own */
export function refuseAggregate(name: string, expression: Expression): void {
  const call = aggregates.exec(textOf(expression))?.[0];
  if (call === undefined || others.test(textOf(expression))) return;
  throw new DataJointError(
    `Attribute '${name}' of the projection calls ${call}...), which is over many rows: use aggr(), or U() with aggr() for all rows.`,
  );
}

/** @param fixed  attributes that have one value in a group
 *  @throws DataJointError for an expression with a value per row where a group has one */
export function requireAggregate(name: string, expression: Expression, fixed: readonly string[]): void {
  const text = textOf(expression);
  if (aggregates.test(text) || others.test(text)) return;
  const loose = [...namesIn(expression)].find((used) => !fixed.includes(used));
  if (loose === undefined) return;
  throw new DataJointError(
    `Attribute '${name}' of the aggregation takes '${loose}' as it is, which may differ among the rows of a group: put it into an aggregate, such as max(${loose}).`,
  );
}

function textOf({ pieces }: Expression): string {
  return pieces.map((piece) => (piece.kind === "text" ? piece.text : " ")).join("");
}
