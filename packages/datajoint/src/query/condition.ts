/**
 * @module
 * What a query can be restricted by, read into condition nodes.
 *
 * | given | meaning |
 * |---|---|
 * | text | SQL over the attributes |
 * | `{ a: 1, b: null }` | all of these are equal; null is NULL. A key that is no attribute is an error unless `ignoreUnknown`, or the mapping is a whole key |
 * | `{ "params.path": 1 }` | the value inside a JSON attribute; `"params.path:unsigned"` casts it |
 * | a list | any of its members; the empty list is nothing |
 * | `allOf(...)` | all of its members |
 * | `not(...)` | what the condition leaves over |
 * | a query or table class | rows that match one of its rows in the attributes both have |
 * | true, false | everything, nothing |
 */
import type { Heading } from "../definition/heading.ts";
import { DataJointError, UnknownAttributeError, ValueError } from "../errors.ts";
import { encodeComparand, refuseDate, shown } from "./encode-value.ts";
import { parseExpression } from "./expression.ts";
import type { ConditionNode, QueryNode } from "./nodes.ts";
import { sharedNames } from "./shared-names.ts";
import { isWholeKey } from "./whole-key.ts";

/** Anything that stands for a query: a Query, or a table class. */
export interface HasNode {
  readonly node: QueryNode;
}

/** What a query can be restricted by; see the table above. */
export type Condition<Mapping = Record<string, unknown>> =
  | string
  | boolean
  | Mapping
  | HasNode
  | Not
  | AllOf
  | UniversalCondition
  | readonly Condition<Mapping>[];

export class Not {
  readonly condition: Condition;
  constructor(condition: Condition) {
    this.condition = condition;
  }
}

export class AllOf {
  readonly conditions: readonly Condition[];
  constructor(conditions: readonly Condition[]) {
    this.conditions = conditions;
  }
}

/** A universal set: it restricts nothing. */
export class UniversalCondition {
  readonly names: readonly string[];
  constructor(names: readonly string[]) {
    this.names = names;
  }
}

/** What the condition leaves over, rows for which it is NULL included. */
export function not(condition: Condition): Not {
  return new Not(condition);
}

/** The rows for which every condition holds; with none, all rows. */
export function allOf(...conditions: Condition[]): AllOf {
  return new AllOf(conditions);
}

export interface RestrictOptions {
  /** Passes over keys of a mapping that the heading lacks, as datajoint-python always does. Default: false, they are an error. */
  readonly ignoreUnknown?: boolean;
}

/**
 * Reads a condition on a query with this heading.
 *
 * @throws UnknownAttributeError for a name that the heading lacks
 * @throws ValueError for a value that no such attribute can have
 */
export function parseCondition(
  condition: Condition,
  heading: Heading,
  options: RestrictOptions = {},
): ConditionNode {
  if (typeof condition === "boolean") return constant(condition);
  if (typeof condition === "string")
    return { kind: "expression", expression: parseExpression(condition, heading, "The condition") };
  if (condition === null || condition === undefined) {
    throw new ValueError(
      `A restriction is text, a mapping, a list, a query or a boolean, not ${condition}. Nothing at all is false or [].`,
    );
  }
  if (Array.isArray(condition)) {
    return either(condition.map((member) => parseCondition(member, heading, options)));
  }
  if (condition instanceof Not) return negated(parseCondition(condition.condition, heading, options));
  if (condition instanceof AllOf)
    return both(condition.conditions.map((member) => parseCondition(member, heading, options)));
  if (condition instanceof UniversalCondition) return constant(true);
  if (isQuery(condition)) return membership(condition.node, heading);
  if (typeof condition === "object" && isMapping(condition))
    return mapping(condition as Record<string, unknown>, heading, options);
  throw new ValueError(
    `A restriction is text, a mapping, a list, a query or a boolean, not ${shown(condition)}.`,
  );
}

/** Whether a value stands for a query. A mapping may have an attribute called `node`, so plain objects are none. */
export function isQuery(value: unknown): value is HasNode {
  if (typeof value === "function") return "node" in value;
  return typeof value === "object" && value !== null && !isMapping(value) && "node" in value;
}

function isMapping(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function mapping(values: Record<string, unknown>, heading: Heading, options: RestrictOptions): ConditionNode {
  const operands: ConditionNode[] = [];
  for (const [key, value] of Object.entries(values)) {
    const attribute = heading.get(key);
    if (attribute !== undefined)
      operands.push({ kind: "equals", attribute, value: encodeComparand(attribute, value) });
    else {
      const inside = jsonEquals(key, value, heading);
      if (inside !== undefined) operands.push(inside);
      else if (options.ignoreUnknown !== true && !isWholeKey(values)) {
        throw new UnknownAttributeError(
          `The condition names '${key}', which is no attribute here. The attributes are ${heading.names.join(", ")}. With ignoreUnknown: true such keys are passed over.`,
          "condition",
        );
      }
    }
  }
  return both(operands);
}

function jsonEquals(key: string, value: unknown, heading: Heading): ConditionNode | undefined {
  const match =
    /^(?<name>\w+?)(?:\.(?=[^[])|(?=\[))(?<path>[^:]+)(?::(?<type>[a-z]+(?:\(\d+(?:,\d+)?\))?))?$/.exec(
      key,
    )?.groups;
  if (match === undefined || heading.get(match.name!)?.kind !== "json") return undefined;
  const attribute = heading.get(match.name!)!;
  refuseDate(attribute, value);
  const path = match.path!;
  if (!/^[\w$]*(?:\.[\w$]+|\[\d+\])*$/.test(path)) {
    throw new ValueError(`'${key}': '${path}' is no path of names and [indices].`, attribute.name);
  }
  if (typeof value === "boolean")
    return { kind: "jsonEquals", name: attribute.name, path, type: undefined, value: String(value) };
  if (value !== null && typeof value !== "string" && typeof value !== "number" && typeof value !== "bigint") {
    throw new ValueError(
      `'${key}' is compared with text, a number, a boolean or null, not with ${shown(value)}.`,
      attribute.name,
    );
  }
  // numbers compare as numbers, whatever text the document wrote them with
  const type = match.type ?? (typeof value === "number" ? "double" : undefined);
  return { kind: "jsonEquals", name: attribute.name, path, type, value };
}

function membership(query: QueryNode, heading: Heading): ConditionNode {
  const shared = sharedNames(heading, query.heading, "restrict");
  const isNullable = shared.some((name) => heading.get(name)!.nullable || query.heading.get(name)!.nullable);
  return { kind: "in", query, shared, isNullable };
}

function constant(value: boolean): ConditionNode {
  return { kind: "constant", value };
}

function negated(condition: ConditionNode): ConditionNode {
  if (condition.kind === "constant") return constant(!condition.value);
  return condition.kind === "not" ? condition.operand : { kind: "not", operand: condition };
}

function both(operands: readonly ConditionNode[]): ConditionNode {
  if (operands.some((operand) => operand.kind === "constant" && !operand.value)) return constant(false);
  const rest = operands.filter((operand) => operand.kind !== "constant");
  return rest.length === 0 ? constant(true) : rest.length === 1 ? rest[0]! : { kind: "and", operands: rest };
}

function either(operands: readonly ConditionNode[]): ConditionNode {
  if (operands.some((operand) => operand.kind === "constant" && operand.value)) return constant(true);
  const rest = operands.filter((operand) => operand.kind !== "constant");
  return rest.length === 0 ? constant(false) : rest.length === 1 ? rest[0]! : { kind: "or", operands: rest };
}

/** The node that something stands for.
 *  @throws DataJointError when it is no query */
export function nodeOf(value: unknown, what: string): QueryNode {
  if (isQuery(value)) return value.node;
  throw new DataJointError(`${what} takes a query or a table class, not ${shown(value)}.`);
}
