/**
 * @module
 * The first rows in an order.
 *
 * The order always ends with the key, so that rows with equal values have one order and a limit one result. A limit without an order is
 * in the order of the key.
 */
import { UnknownAttributeError, ValueError } from "../errors.ts";
import { shown } from "./encode-value.ts";
import type { QueryNode, TopNode } from "./nodes.ts";

export interface TopOptions {
  /** Most rows. Default: all. */
  readonly limit?: number;
  /** Rows passed over. Default: 0. */
  readonly offset?: number;
  /** `"a"`, `"a desc"`, `"KEY"`, `"KEY desc"`, or a list of these. Default: "KEY". */
  readonly orderBy?: string | readonly string[];
}

/** The first rows in an order, as something to restrict by: `A.restrict(new Top({ limit: 3 }))` is `A.top({ limit: 3 })`. */
export class Top {
  readonly options: TopOptions;
  constructor(options: TopOptions = {}) {
    this.options = options;
  }
}

/** @throws ValueError for a limit or offset that is no count; UnknownAttributeError for an order by no attribute */
export function top(source: QueryNode, options: TopOptions = {}): QueryNode {
  const { limit, offset = 0, orderBy = "KEY" } = options;
  if (limit !== undefined) checkCount("limit", limit);
  checkCount("offset", offset);
  return { kind: "top", source, order: readOrder(source, orderBy), limit, offset, heading: source.heading };
}

function checkCount(name: string, value: unknown): void {
  if (!Number.isSafeInteger(value) || (value as number) < 0) {
    throw new ValueError(`The ${name} is a whole number from 0 on, not ${shown(value)}.`);
  }
}

function readOrder(source: QueryNode, orderBy: string | readonly string[]): TopNode["order"] {
  const order = new Map<string, boolean>();
  const key = source.heading.primaryKey;
  const items = typeof orderBy === "string" ? orderBy.split(",") : orderBy;
  for (const item of items) {
    const match = /^\s*`?(\w+)`?(?:\s+(asc|desc))?\s*$/i.exec(item);
    if (match === null)
      throw new ValueError(
        `An order is an attribute, or "KEY", with "asc" or "desc" behind it, not ${shown(item)}.`,
      );
    const [, name = "", direction = "asc"] = match;
    const isDescending = direction.toLowerCase() === "desc";
    if (name === "KEY") {
      for (const attribute of key) if (!order.has(attribute)) order.set(attribute, isDescending);
    } else if (!source.heading.has(name)) {
      throw new UnknownAttributeError(
        `Cannot order by '${name}'. The attributes are ${source.heading.names.join(", ")}.`,
        "order",
      );
    } else if (!order.has(name)) order.set(name, isDescending);
  }
  for (const attribute of key) if (!order.has(attribute)) order.set(attribute, false);
  return [...order].map(([name, isDescending]) => ({ name, isDescending }));
}
