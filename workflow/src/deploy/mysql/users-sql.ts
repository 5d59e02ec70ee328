/**
 * @module
 * The statements that make roles and accounts, for MySQL or MariaDB. They may be run again: rights are added, passwords set to the same.
 *
 * What a newcomer would get wrong: a role that is granted is not in force until it is a default role; datajoint-python never says SET
 * ROLE. MariaDB has one default role per account and no host in a role's name.
 */
import {
  type Account,
  experimenterPrivileges,
  type RoleName,
  roleNames,
  roleOnServer,
  roles,
  schemaPattern,
  scratchPrefix,
} from "./roles.ts";
import type { ServerVersion } from "./server-version.ts";

export interface UsersPlan {
  readonly version: ServerVersion;
  /** The first names roles and accounts; further ones are schemas that the same people use. */
  readonly prefixes: readonly string[];
  readonly accounts: readonly (Account & { readonly password: string })[];
}

/** The text of `users.sql`. It holds the passwords, so its file has mode 0600. */
export function usersSql(plan: UsersPlan): string {
  const { version, prefixes, accounts } = plan;
  const isMariadb = version === "mariadb";
  const first = prefixes[0]!;
  const lines = [
    `-- Roles and accounts of the pipeline '${first}', written by \`tenon deploy mysql\`. Run it as the server's administrator:`,
    "--   mysql -u root -p < users.sql",
    "-- It holds passwords: keep its mode at 0600. Running it again changes nothing but what was changed by hand.",
  ];
  for (const role of roleNames) {
    const name = quoted(roleOnServer(first, role));
    lines.push("", `-- ${role}: ${roles[role].summary}`, `CREATE ROLE IF NOT EXISTS ${name};`);
    for (const [scope, privileges] of scopesOf(role, prefixes))
      lines.push(`GRANT ${privileges.join(", ")} ON ${scope} TO ${name};`);
    if (role === "experimenter")
      lines.push("-- its rights on tables: tenon deploy mysql --grants, when the tables are there");
  }
  lines.push(
    "",
    isMariadb
      ? "-- mysql_native_password is what Tenon's and datajoint-python's drivers speak with MariaDB; TLS protects it on the way"
      : "-- caching_sha2_password over TLS",
  );
  for (const { name, role, password } of accounts) {
    const account = `'${name}'@'%'`;
    const by = isMariadb
      ? `IDENTIFIED BY '${password}'`
      : `IDENTIFIED WITH caching_sha2_password BY '${password}'`;
    const granted = quoted(roleOnServer(first, role));
    lines.push(
      `CREATE USER IF NOT EXISTS ${account} ${by} REQUIRE SSL;`,
      `ALTER USER ${account} ${by} REQUIRE SSL;`,
      `GRANT ${granted} TO ${account};`,
      isMariadb ? `SET DEFAULT ROLE ${granted} FOR ${account};` : `SET DEFAULT ROLE ALL TO ${account};`,
    );
  }
  return `${lines.join("\n")}\n`;
}

/** What a role may do, by what follows ON. */
function scopesOf(role: RoleName, prefixes: readonly string[]): (readonly [string, readonly string[]])[] {
  const { onSchemas, onServer } = roles[role];
  const patterns = role === "operator" ? [...prefixes, scratchPrefix] : prefixes;
  return [
    ...patterns.map((prefix) => [`${quoted(schemaPattern(prefix))}.*`, onSchemas] as const),
    ...(onServer.length > 0 ? [["*.*", onServer] as const] : []),
  ];
}

/** The experimenter's rights on the tables that there are.
 * @param tables  names of tables by schema */
export function tableGrants(prefix: string, tables: ReadonlyMap<string, readonly string[]>): string[] {
  const role = quoted(roleOnServer(prefix, "experimenter"));
  return [...tables].flatMap(([schema, names]) =>
    names.flatMap((table) => {
      // what workers did is nobody's to write
      if (schema.endsWith("workerlog")) return [];
      const privileges = experimenterPrivileges(table);
      if (privileges.length === 0) return [];
      return [`GRANT ${privileges.join(", ")} ON ${quoted(schema)}.${quoted(table)} TO ${role};`];
    }),
  );
}

function quoted(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}
