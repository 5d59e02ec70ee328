/**
 * @module
 * Reading rows: some attributes of them, in an order, decoded.
 */
import type { SqlRow } from "../connection/driver.ts";
import { Heading } from "../definition/heading.ts";
import { UnknownAttributeError } from "../errors.ts";
import { makeRowDecoder } from "./decode-row.ts";
import type { QueryNode } from "./nodes.ts";
import type { QuerySource } from "./query-source.ts";
import { type TopOptions, top } from "./top.ts";

/** The query in the order and part that is asked for. */
export function ordered(node: QueryNode, options: TopOptions): QueryNode {
  const isPlain =
    options.limit === undefined && options.offset === undefined && options.orderBy === undefined;
  return isPlain ? node : top(node, options);
}

/** The query with these attributes and what it is ordered by, in the same order: an order around a projection would be lost. */
export function narrowed(node: QueryNode, names: readonly string[]): QueryNode {
  for (const name of names) {
    if (node.heading.has(name)) continue;
    throw new UnknownAttributeError(
      `There is no attribute '${name}'. The attributes are ${node.heading.names.join(", ")}.`,
      "fetch",
    );
  }
  if (node.kind === "top") {
    const source = narrowed(node.source, [...names, ...node.order.map(({ name }) => name)]);
    return { ...node, source, heading: source.heading };
  }
  const wanted = new Set(names);
  const heading = new Heading(node.heading.attributes.filter(({ name }) => wanted.has(name)));
  if (heading.attributes.length === node.heading.attributes.length) return node;
  return {
    kind: "project",
    source: node,
    columns: new Map(heading.names.map((name) => [name, { kind: "attribute", name }])),
    heading,
  };
}

/** Reads all rows.
 *  @param names  the attributes to decode, in this order. Default: all */
export async function read(
  source: QuerySource,
  node: QueryNode,
  names?: readonly string[],
): Promise<Record<string, unknown>[]> {
  const attributes =
    names === undefined ? node.heading.attributes : names.map((name) => node.heading.get(name)!);
  const decode = makeRowDecoder(attributes, source.stores);
  const { rows } = await source.run(source.dialect.writer.select(node));
  return decodeAll(rows, decode);
}

/** In chunks, so that stored and large blobs are read some at a time. */
async function decodeAll(
  rows: readonly SqlRow[],
  decode: ReturnType<typeof makeRowDecoder>,
): Promise<Record<string, unknown>[]> {
  const result: Record<string, unknown>[] = [];
  const chunk = 32;
  for (let from = 0; from < rows.length; from += chunk) {
    const decoded = rows.slice(from, from + chunk).map(decode);
    const waits = decoded.some((row) => row instanceof Promise);
    result.push(...(waits ? await Promise.all(decoded) : (decoded as Record<string, unknown>[])));
  }
  return result;
}
