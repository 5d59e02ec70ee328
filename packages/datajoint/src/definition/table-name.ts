/**
 * @module
 * Class names and table names: `ClusteringTask` as a manual table is `clustering_task`, as a lookup `#clustering_task`, imported
 * `_clustering_task`, computed `__clustering_task`; its part `File` is `clustering_task__file` (contract: datajoint.md 1.2 to 1.4).
 *
 * What a newcomer would get wrong: the way back is not an exact inverse (`x2y_z` → `X2yZ`), so names are made from classes, and only the
 * tables of a database that has no classes are named backwards.
 */
import { DataJointError } from "../errors.ts";

export type Tier = "manual" | "lookup" | "imported" | "computed";

const prefixes: Readonly<Record<Tier, string>> = { manual: "", lookup: "#", imported: "_", computed: "__" };

const word = "[a-z][a-z0-9]*(?:_[a-z][a-z0-9]*)*";
const tierPatterns: readonly (readonly [Tier, RegExp])[] = [
  ["lookup", new RegExp(`^#(${word})$`)],
  ["manual", new RegExp(`^(${word})$`)],
  ["imported", new RegExp(`^_(${word})$`)],
  ["computed", new RegExp(`^__(${word})$`)],
];
const partPattern = new RegExp(`^((?:#|__|_)?${word})__(${word})$`);

/** Longest name whose automatic foreign key names fit every server: MariaDB 10.11 takes 56 characters and `_ibfk_1`. */
const LONGEST = 56;

/** What a table's name begins with. */
export function tablePrefix(tier: Tier): string {
  return prefixes[tier];
}

/** The table name of a class.
 * @throws DataJointError for a name that is not CamelCase or too long */
export function toTableName(className: string, tier: Tier): string {
  return checked(prefixes[tier] + toSnakeCase(className), className);
}

/** The table name of a part. */
export function toPartName(masterTable: string, partClassName: string): string {
  return checked(`${masterTable}__${toSnakeCase(partClassName)}`, partClassName);
}

export interface TableNameParts {
  /** "job" is the queue of a table in current schemas (`~~table`); "other" are names that no rule makes, which virtual modules skip. */
  readonly tier: Tier | "part" | "job" | "hidden" | "other";
  /** CamelCase name; a part's own; the table's name itself where no class makes it. */
  readonly className: string;
  /** A part's master. */
  readonly masterTable?: string;
}

/** What a table's name says: tier, class, master. */
export function readTableName(table: string): TableNameParts {
  if (table.startsWith("~~")) return { tier: "job", className: table };
  if (table.startsWith("~")) return { tier: "hidden", className: table };
  for (const [tier, pattern] of tierPatterns) {
    const found = pattern.exec(table);
    if (found !== null) return { tier, className: toCamelCase(found[1]!) };
  }
  const part = partPattern.exec(table);
  if (part !== null) return { tier: "part", className: toCamelCase(part[2]!), masterTable: part[1]! };
  return { tier: "other", className: table };
}

const masterPattern = new RegExp(`^(#?\\w*[a-z0-9]\\w*?)__${word}$`);

/** The table that a part's name says it belongs to, also for names like `a__b__c` that have no tier; undefined for others. */
export function masterOf(table: string): string | undefined {
  return masterPattern.exec(table)?.[1];
}

function toSnakeCase(className: string): string {
  if (!/^[A-Z][A-Za-z0-9]*$/.test(className))
    throw new DataJointError(
      `A table class has a CamelCase name of letters and digits, got '${className}'. Is the class passed under its own name?`,
    );
  return className.replaceAll(/(?<=\w)([A-Z])/g, "_$1").toLowerCase();
}

function toCamelCase(name: string): string {
  return name.replaceAll(/(?:^|_+)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function checked(table: string, className: string): string {
  if (table.length > LONGEST)
    throw new DataJointError(
      `The table of ${className} would be called '${table}' (${table.length} characters); servers take ${LONGEST}. Choose a shorter name.`,
    );
  return table;
}
