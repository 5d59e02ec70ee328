/**
 * @module
 * The four roles of a lab on its server, and what each may do on the schemas of a prefix. They hold for every client: Tenon,
 * datajoint-python, MATLAB, a shell.
 *
 * The limits of MySQL's grants. A schema may be a pattern (`mylab\_%`), a table may not, so "manual tables" cannot be said once: the
 * experimenter's rights on tables are one grant per table that exists, written by `tenon deploy mysql --grants` and run again when a
 * pipeline got new tables. Rows cannot be told apart: who may delete from a table may delete everybody's rows.
 * What a newcomer would get wrong: `_` in a pattern is a wildcard, so an unescaped `mylab_%` also matches `mylabx...`.
 */
import { createHash } from "node:crypto";
import { readTableName } from "@tenon/datajoint";

export const roleNames = ["guest", "experimenter", "operator", "worker"] as const;
export type RoleName = (typeof roleNames)[number];

export interface Role {
  readonly summary: string;
  /** Privileges on every schema of the prefix, tables that come later included. */
  readonly onSchemas: readonly string[];
  /** Privileges on the whole server. */
  readonly onServer: readonly string[];
}

export const roles: Readonly<Record<RoleName, Role>> = {
  guest: {
    summary: "reads everything of the lab, changes nothing",
    onSchemas: ["SELECT", "SHOW VIEW"],
    onServer: [],
  },
  experimenter: {
    summary:
      "reads everything; inserts, updates and deletes in manual and lookup tables; declares, alters and drops nothing, and cannot delete what results depend on",
    onSchemas: ["SELECT", "SHOW VIEW"],
    onServer: [],
  },
  operator: {
    summary:
      "everything on the lab's schemas, also dropping them; rehearses restores in schemas of its own; sees all connections",
    onSchemas: ["ALL PRIVILEGES"],
    onServer: ["PROCESS"],
  },
  worker: {
    summary:
      "reads and writes all tables, declares new ones, sees all connections (to tell dead workers from living ones); drops nothing",
    // biome-ignore format: one line says it
    onSchemas: ["SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "INDEX", "REFERENCES", "CREATE VIEW", "SHOW VIEW", "LOCK TABLES"],
    onServer: ["PROCESS"],
  },
};

/** Schemas that `tenon restore --rehearse` makes and drops begin with this; the operator alone may. */
export const scratchPrefix = "tenon_rehearsal_";

/** What an experimenter may do with one table, by its name; nothing for results and queues. */
export function experimenterPrivileges(table: string): readonly string[] {
  if (table === "~log" || table.startsWith("~external_")) return ["INSERT"];
  const { tier, masterTable } = readTableName(table);
  const owner = tier === "part" ? readTableName(masterTable!).tier : tier;
  return owner === "manual" || owner === "lookup" ? ["INSERT", "UPDATE", "DELETE"] : [];
}

/** A schema pattern of a GRANT that matches the names beginning with a prefix, and no others. */
export function schemaPattern(prefix: string): string {
  return `${prefix.replaceAll(/[_%\\]/g, "\\$&")}%`;
}

/** Longest stem: `<stem>_experimenter_role` must fit MySQL's 32 characters. */
const longestStem = 14;

/** What the names of a lab's roles and accounts begin with: its prefix, or its beginning and a hash when that is too long. */
export function stemOf(prefix: string): string {
  const stem = prefix.replace(/_+$/, "");
  if (stem.length <= longestStem) return stem;
  return `${stem.slice(0, 9).replace(/_+$/, "")}_${createHash("sha256").update(prefix).digest("hex").slice(0, 4)}`;
}

/** The role's name on the server. */
export function roleOnServer(prefix: string, role: RoleName): string {
  return `${stemOf(prefix)}_${role}_role`;
}

export interface Account {
  readonly name: string;
  readonly role: RoleName;
}

/** One account for each role. */
export function defaultAccounts(prefix: string): Account[] {
  return roleNames.map((role) => ({ name: `${stemOf(prefix)}_${role}`, role }));
}
