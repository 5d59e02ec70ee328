/**
 * @module
 * Natural matching: two queries match in the attributes that both have by name.
 *
 * An attribute that is secondary in both is refused ("dependent attribute"): that two tables call something `note` does not make the notes
 * equal. Rename or drop it on one side.
 */
import type { Heading } from "../definition/heading.ts";
import { DataJointError } from "../errors.ts";

/** @throws DataJointError naming attributes that are secondary on both sides */
export function sharedNames(left: Heading, right: Heading, operation: string): readonly string[] {
  const shared = left.names.filter((name) => right.has(name));
  const dependent = shared.filter((name) => !left.get(name)!.inKey && !right.get(name)!.inKey);
  if (dependent.length > 0) {
    const list = dependent.map((name) => `'${name}'`).join(", ");
    throw new DataJointError(
      `Cannot ${operation} by the dependent attribute ${list}, which is in the key of neither side. Rename or drop it on one side with proj().`,
    );
  }
  const unfit = shared.find((name) =>
    [left, right].some((side) => /^(blob|attach|json)$/.test(side.get(name)!.kind)),
  );
  if (unfit !== undefined)
    throw new DataJointError(`Cannot ${operation} by '${unfit}', whose values cannot be compared.`);
  return shared;
}
