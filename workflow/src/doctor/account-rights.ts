/**
 * @module
 * What the configured account may do on the lab's schemas, from the lines of SHOW GRANTS.
 *
 * What a newcomer would get wrong: a schema in a grant is a pattern, where `_` is a wildcard unless it is escaped; ALL PRIVILEGES is spelled
 * out by MySQL for the whole server, and by its name for schemas.
 */

export interface AccountRights {
  /** Privileges that hold for schemas of the prefix that do not exist yet. */
  readonly onSchemas: ReadonlySet<string>;
  /** Privileges on the whole server. */
  readonly onServer: ReadonlySet<string>;
}

/** @param grants  lines of SHOW GRANTS
 * @param prefix  of the lab's schemas */
export function accountRights(grants: readonly string[], prefix: string): AccountRights {
  const onServer = new Set<string>();
  const onSchemas = new Set<string>();
  for (const grant of grants) {
    const [, words, schema] = /^GRANT (.+?) ON (\*|`(?:[^`]|``)*`)\.\* TO /.exec(grant) ?? [];
    if (words === undefined || schema === undefined) continue;
    const privileges = words.split(",").map((word) => word.trim().toUpperCase());
    const pattern = schema.slice(1, -1).replaceAll("``", "`");
    if (schema === "*") for (const privilege of privileges) onServer.add(privilege);
    else if (!likePattern(pattern).test(`${prefix}x`)) continue;
    for (const privilege of privileges) onSchemas.add(privilege);
  }
  return { onSchemas, onServer };
}

/** Whether a set of privileges has one of them, by its name or by ALL PRIVILEGES. */
export function hasRight(rights: ReadonlySet<string>, privilege: string): boolean {
  return rights.has(privilege) || rights.has("ALL PRIVILEGES");
}

function likePattern(pattern: string): RegExp {
  const source = pattern.replaceAll(/\\([_%\\])|[_%]|[.*+?^${}()|[\]\\]/g, (match, escaped?: string) => {
    if (escaped !== undefined) return escaped === "\\" ? "\\\\" : escaped;
    return match === "_" ? "." : match === "%" ? ".*" : `\\${match}`;
  });
  return new RegExp(`^${source}$`, "s");
}
