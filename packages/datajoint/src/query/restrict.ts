/** @module Restriction and difference. */
import { type Condition, parseCondition, type RestrictOptions } from "./condition.ts";
import type { QueryNode } from "./nodes.ts";

/** The rows for which the condition holds. */
export function restrict(source: QueryNode, condition: Condition, options?: RestrictOptions): QueryNode {
  return makeRestrict(source, condition, false, options);
}

/** The rows that `restrict` with the same condition leaves over, those included for which the condition is NULL. */
export function subtract(source: QueryNode, condition: Condition, options?: RestrictOptions): QueryNode {
  return makeRestrict(source, condition, true, options);
}

function makeRestrict(
  source: QueryNode,
  given: Condition,
  isNegated: boolean,
  options?: RestrictOptions,
): QueryNode {
  const condition = parseCondition(given, source.heading, options);
  if (condition.kind === "constant" && condition.value !== isNegated) return source;
  return { kind: "restrict", source, condition, isNegated, heading: source.heading };
}
