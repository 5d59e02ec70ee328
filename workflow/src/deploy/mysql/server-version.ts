/**
 * @module
 * The kinds of server that settings and grants are written for, and which one answers.
 *
 * What a newcomer would get wrong: an option that a version no longer knows keeps the server from starting, so a my.cnf is for one version.
 */
import type { Connection } from "@tenon/datajoint";

export const serverVersions = ["8.0", "8.4", "9", "mariadb"] as const;
export type ServerVersion = (typeof serverVersions)[number];

/** The kind from a server's own words, e.g. `8.4.3`, `10.11.19-MariaDB-0+deb12u1`; undefined for one that is too old. */
export function kindOfServer(version: string): ServerVersion | undefined {
  if (/mariadb/i.test(version)) return isMariadbEnough(version) ? "mariadb" : undefined;
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major >= 9) return "9";
  if (major === 8) return minor >= 1 ? "8.4" : "8.0";
  return undefined;
}

function isMariadbEnough(version: string): boolean {
  // replication clients see 5.5.5- before the real number
  const [major = 0, minor = 0] = version
    .replace(/^5\.5\.5-/, "")
    .split(".")
    .map(Number.parseFloat);
  return major > 10 || (major === 10 && minor >= 11);
}

/** The version text of the server, e.g. `9.7.4`. */
export async function versionText(connection: Connection): Promise<string> {
  const { rows } = await connection.run({ text: "SELECT VERSION() AS version", parameters: [] });
  return String(rows[0]!["version"]);
}
