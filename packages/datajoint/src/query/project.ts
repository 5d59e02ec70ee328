/**
 * @module
 * Projection: which attributes, under which names, and computed ones.
 *
 * The primary key always stays, under its own or new names. A bare name on the right of a mapping renames, a name in parentheses duplicates,
 * anything else is an expression.
 */
import { Heading, type HeadingAttribute } from "../definition/heading.ts";
import { DataJointError, UnknownAttributeError } from "../errors.ts";
import { refuseAggregate, requireAggregate } from "./aggregate-functions.ts";
import { parseExpression } from "./expression.ts";
import type { ColumnSource, Expression, QueryNode } from "./nodes.ts";

/** `"a"` keeps, `"-a"` drops, `"..."` keeps all; a mapping gives new names: `{ new: "old" }`, `{ copy: "(old)" }`, `{ n: "a + b" }`. */
export type ProjectionItem = string | Readonly<Record<string, string>>;

const bareName = /^\s*([a-z_][a-z0-9_]*)\s*$/;
const parenthesised = /^\s*\(\s*([a-z_][a-z0-9_]*)\s*\)\s*$/;
const constants = new Set(["null", "true", "false"]);

/**
 * Other columns of the same rows.
 *
 * @throws UnknownAttributeError for a name that the source lacks, in a rename too
 * @throws DataJointError when two attributes would have one name, or one of the key would be dropped
 */
export function project(source: QueryNode, items: readonly ProjectionItem[]): QueryNode {
  const { heading } = source;
  const { kept, renames, copies, expressions } = readItems(items, heading);
  const columns = new Map<string, ColumnSource>();
  const attributes: HeadingAttribute[] = [];
  const add = (attribute: HeadingAttribute, column: ColumnSource) => {
    if (columns.has(attribute.name))
      throw new DataJointError(`The projection has two attributes called '${attribute.name}'.`);
    columns.set(attribute.name, column);
    attributes.push(attribute);
  };
  for (const attribute of heading.attributes) {
    const column: ColumnSource = { kind: "attribute", name: attribute.name };
    const newNames = renames.filter(([, old]) => old === attribute.name).map(([name]) => name);
    if (newNames.length === 0 && (attribute.inKey || kept.has(attribute.name))) add(attribute, column);
    for (const name of newNames) add({ ...attribute, name }, column);
    for (const [name, old] of copies)
      if (old === attribute.name) add({ ...attribute, name, autoIncrement: false }, column);
  }
  for (const [name, text] of expressions) {
    const expression = parseExpression(text, heading, `Attribute '${name}'`, { exactFloats: true });
    refuseAggregate(name, expression);
    add(computedAttribute(name), { kind: "expression", expression });
  }
  return { kind: "project", source, columns, heading: new Heading(attributes, heading.comment) };
}

/** An attribute made by an expression: nothing is known of its type. */
export function computedAttribute(name: string): HeadingAttribute {
  return {
    name,
    type: "expression",
    kind: "computed",
    inKey: false,
    nullable: true,
    default: undefined,
    autoIncrement: false,
    comment: "",
    annotation: undefined,
    lineage: null,
  };
}

/** @throws DataJointError for a name that cannot be an attribute's */
export function checkNewName(name: string): void {
  if (!/^[a-z][a-z0-9_]*$/.test(name) || name.length > 64) {
    throw new DataJointError(
      `'${name}' cannot name an attribute: use lower-case letters, digits and underscores, at most 64.`,
    );
  }
}

/** Computed attributes of groups of rows, read from a mapping of names to expressions.
 *  @param fixed  attributes that have one value in a group */
export function parseComputed(
  computed: Readonly<Record<string, string>>,
  heading: Heading,
  fixed: readonly string[],
): ReadonlyMap<string, Expression> {
  const result = new Map<string, Expression>();
  for (const [name, text] of Object.entries(computed)) {
    checkNewName(name);
    const expression = parseExpression(text, heading, `Attribute '${name}'`, { exactFloats: true });
    requireAggregate(name, expression, fixed);
    result.set(name, expression);
  }
  return result;
}

/** The attributes of a heading that plain names ask for: `"a"`, `"..."` for all, `"-a"` for all but one. Key attributes are always in. */
export function readNames(names: readonly string[], heading: Heading): Set<string> {
  const has = (name: string): string => {
    if (!heading.has(name)) {
      throw new UnknownAttributeError(
        `There is no attribute '${name}'. The attributes are ${heading.names.join(", ")}.`,
        "projection",
      );
    }
    return name;
  };
  const kept = new Set<string>();
  if (names.includes("...")) for (const name of heading.secondary) kept.add(name);
  for (const name of names) if (name !== "..." && !name.startsWith("-")) kept.add(has(name));
  for (const name of names) {
    if (!name.startsWith("-")) continue;
    const dropped = has(name.slice(1));
    if (heading.get(dropped)!.inKey)
      throw new DataJointError(`'${dropped}' is in the primary key and cannot be dropped by a projection.`);
    kept.delete(dropped);
  }
  return kept;
}

function readItems(items: readonly ProjectionItem[], heading: Heading) {
  const plain = items.filter((item) => typeof item === "string");
  const renames: (readonly [string, string])[] = [];
  const copies: (readonly [string, string])[] = [];
  const expressions: (readonly [string, string])[] = [];
  for (const item of items) {
    if (typeof item === "string") continue;
    for (const [name, text] of Object.entries(item)) {
      checkNewName(name);
      const bare = bareName.exec(text)?.[1];
      const copied = parenthesised.exec(text)?.[1];
      if (bare !== undefined && !constants.has(bare)) {
        if (!heading.has(bare)) {
          throw new UnknownAttributeError(
            `Attribute '${name}' should be '${bare}' renamed, but there is no '${bare}'. The attributes are ${heading.names.join(", ")}.`,
            "projection",
          );
        }
        renames.push([name, bare]);
      } else if (copied !== undefined && heading.has(copied)) copies.push([name, copied]);
      else expressions.push([name, text]);
    }
  }
  return { kept: readNames(plain, heading), renames, copies, expressions };
}
