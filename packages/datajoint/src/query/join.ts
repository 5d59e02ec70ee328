/**
 * @module
 * Natural join, with the rules of datajoint-python 2.x for what the result's key is.
 *
 * "A determines B" when A has every attribute of B's key. Then the result has A's key and begins with A's attributes; else, when B determines
 * A, with B's; else the key is both keys together.
 */
import { Heading, type HeadingAttribute } from "../definition/heading.ts";
import { DataJointError } from "../errors.ts";
import type { QueryNode } from "./nodes.ts";
import { sharedNames } from "./shared-names.ts";

export interface JoinOptions {
  /** Keeps rows of the left side that match nothing, with null on the right. The left side must determine the right. Default: false. */
  readonly left?: boolean;
}

/** @throws DataJointError when an attribute is shared that is in neither key, or a left join would have an unknown key */
export function join(left: QueryNode, right: QueryNode, options: JoinOptions = {}): QueryNode {
  const isLeft = options.left === true;
  const shared = sharedNames(left.heading, right.heading, "join");
  const heading = joinedHeading(left.heading, right.heading, isLeft);
  return { kind: "join", left, right, shared, isLeft, heading };
}

function joinedHeading(left: Heading, given: Heading, isLeft: boolean): Heading {
  const right = isLeft
    ? new Heading(given.attributes.map((attribute) => ({ ...attribute, nullable: true })))
    : given;
  const missing = right.primaryKey.filter((name) => !left.has(name));
  if (missing.length === 0) return new Heading([...left.attributes, ...rest(right, left)]);
  if (isLeft) {
    throw new DataJointError(
      `A left join needs the left side to determine the right one: it lacks ${missing.map((name) => `'${name}'`).join(", ")} of the right side's key.`,
    );
  }
  if (left.primaryKey.every((name) => right.has(name)))
    return new Heading([...right.attributes, ...rest(left, right)]);
  const key = [
    ...left.attributes.filter(isInKey),
    ...right.attributes.filter((attribute) => attribute.inKey && !left.get(attribute.name)?.inKey),
  ];
  const keyNames = new Set(key.map((attribute) => attribute.name));
  const others = [...left.attributes, ...right.attributes].filter(
    (attribute) => !keyNames.has(attribute.name),
  );
  return new Heading([...key, ...others]);
}

/** Attributes that the leading side lacks; none of them is in a key, since it has the other's key. */
function rest(heading: Heading, leading: Heading): HeadingAttribute[] {
  return heading.attributes.filter((attribute) => !leading.has(attribute.name));
}

function isInKey(attribute: HeadingAttribute): boolean {
  return attribute.inKey;
}
