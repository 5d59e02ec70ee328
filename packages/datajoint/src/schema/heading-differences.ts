/**
 * @module
 * Where a table in the database differs from its definition, in sentences. The database wins; people should know.
 */
import type { Heading } from "../definition/heading.ts";

export function headingDifferences(className: string, defined: Heading, found: Heading): string[] {
  const differences: string[] = [];
  for (const attribute of defined.attributes) {
    const there = found.get(attribute.name);
    if (there === undefined) {
      differences.push(
        `${className}.${attribute.name} is not in the database, which has ${found.names.join(", ")}.`,
      );
      continue;
    }
    if (attribute.inKey !== there.inKey)
      differences.push(
        `${className}.${attribute.name} is ${there.inKey ? "in" : "not in"} the primary key of the database, but ${attribute.inKey ? "in" : "not in"} that of the definition.`,
      );
    if (comparable(attribute.type) !== comparable(there.type))
      differences.push(
        `${className}.${attribute.name} is ${there.type} in the database, ${attribute.type} in the definition.`,
      );
  }
  for (const attribute of found.attributes)
    if (!defined.has(attribute.name) && attribute.inKey)
      differences.push(
        `${className} has ${attribute.name} in the primary key of the database, which the definition lacks.`,
      );
  return differences;
}

/** Types as far as they matter: display widths, case and blanks do not. */
function comparable(type: string): string {
  return type
    .toLowerCase()
    .replace(/\b((?:tiny|small|medium|big)?int)\(\d+\)/, "$1")
    .replaceAll(/\s*,\s*/g, ",")
    .replace(/^bool(ean)?$/, "tinyint")
    .replace(/^integer/, "int");
}
