/**
 * @module
 * Rows that refer to rows which are not there, after a load with the checks off.
 */
import type { Connection } from "@tenon/datajoint";
import type { Problem } from "../dump/dump-error.ts";
import { quoted } from "./target-ddl.ts";

/** One problem for each foreign key with orphans, or whose parent table is not there. */
export async function orphansOf(
  connection: Connection,
  schemas: readonly string[],
  signal: AbortSignal,
): Promise<Problem[]> {
  const { catalogue } = connection.dialect;
  const problems: Problem[] = [];
  const known = new Map<string, ReadonlySet<string>>();
  for (const key of await catalogue.foreignKeys(connection, schemas)) {
    if (!schemas.includes(key.schema)) continue;
    signal.throwIfAborted();
    const [child, parent] = [`${key.schema}.${key.table}`, `${key.parentSchema}.${key.parentTable}`];
    if (!known.has(key.parentSchema))
      known.set(key.parentSchema, new Set(await catalogue.tables(connection, key.parentSchema)));
    if (!known.get(key.parentSchema)!.has(key.parentTable)) {
      problems.push({
        code: "reference-without-parent",
        where: child,
        message: `(${key.columns.join(", ")}) refers to ${parent}, which is in no dump and not on the server: import its dump too, in the same command.`,
      });
      continue;
    }
    const whole = key.columns.map((name) => `c.${quoted(name)} IS NOT NULL`).join(" AND ");
    const same = key.columns
      .map((name, i) => `p.${quoted(key.parentColumns[i]!)} = c.${quoted(name)}`)
      .join(" AND ");
    const { rows } = await connection.run({
      text: `SELECT COUNT(*) AS n FROM ${quoted(key.schema)}.${quoted(key.table)} c WHERE ${whole} AND NOT EXISTS (SELECT 1 FROM ${quoted(key.parentSchema)}.${quoted(key.parentTable)} p WHERE ${same})`,
      parameters: [],
    });
    const count = Number(rows[0]!["n"]);
    if (count > 0)
      problems.push({
        code: "orphan-rows",
        where: child,
        message: `${count} rows refer by (${key.columns.join(", ")}) to rows that are not in ${parent}. They were so in the dump; ask for a complete one.`,
      });
  }
  return problems;
}
