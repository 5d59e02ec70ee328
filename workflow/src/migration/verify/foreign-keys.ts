/**
 * @module
 * Foreign keys after an import: every row's parent is there, counted key by key.
 *
 * Servers load dumps with their checks off, and never look again; so do we, here. What a newcomer would get wrong: a reference with a NULL
 * in it refers to nothing and is fine.
 */
import type { Connection, ForeignKey } from "@tenon/datajoint";
import { type Check, counted, keyText, nameOf } from "./check.ts";

/** What was found of one foreign key. */
export interface ForeignKeyResult {
  readonly child: string;
  readonly columns: readonly string[];
  readonly parent: string;
  /** Rows whose parent is not there; null when the parent's table is not. */
  readonly orphans: number | null;
}

/** Counts the orphans of every foreign key of the schemas. */
export async function checkForeignKeys(
  check: Pick<Check, "connection" | "findings" | "signal" | "progress"> & {
    readonly schemas: readonly string[];
  },
): Promise<ForeignKeyResult[]> {
  const { connection, findings, signal } = check;
  const { catalogue } = connection.dialect;
  const schemas = new Set(check.schemas);
  const keys = (await catalogue.foreignKeys(connection, [...schemas])).filter((key) =>
    schemas.has(key.schema),
  );
  const known = await tablesOf(connection, new Set(keys.map(({ parentSchema }) => parentSchema)));
  const results: ForeignKeyResult[] = [];
  for (const [index, key] of keys.entries()) {
    signal.throwIfAborted();
    check.progress("foreign keys", index, keys.length);
    const child = nameOf(key);
    const parent = nameOf({ schema: key.parentSchema, table: key.parentTable });
    const result = { child, columns: key.columns, parent };
    if (!known.has(parent)) {
      findings.problem(
        "reference-without-parent",
        child,
        `(${key.columns.join(", ")}) refers to ${parent}, which is not in the database.`,
      );
      results.push({ ...result, orphans: null });
      continue;
    }
    const orphans = await countOrphans(connection, key);
    results.push({ ...result, orphans });
    if (orphans > 0) {
      const example = await firstOrphan(connection, key);
      findings.problem(
        "orphan-rows",
        child,
        `${counted(orphans, "row")} refer by (${key.columns.join(", ")}) to rows that are not in ${parent}, e.g. ${example}.`,
      );
    }
  }
  return results;
}

async function tablesOf(connection: Connection, schemas: ReadonlySet<string>): Promise<Set<string>> {
  const { catalogue } = connection.dialect;
  const names = new Set<string>();
  for (const schema of schemas)
    for (const table of await catalogue.tables(connection, schema)) names.add(nameOf({ schema, table }));
  return names;
}

/** Rows of the child that have a whole reference and no parent. */
function orphansOf(connection: Connection, key: ForeignKey): string {
  const { writer } = connection.dialect;
  const column = (side: "c" | "p", name: string) => `${side}.${writer.quote(name)}`;
  const whole = key.columns.map((name) => `${column("c", name)} IS NOT NULL`);
  const same = key.columns.map((name, i) => `${column("p", key.parentColumns[i]!)} = ${column("c", name)}`);
  const parent = writer.table(key.parentSchema, key.parentTable);
  return `FROM ${writer.table(key.schema, key.table)} c WHERE ${whole.join(" AND ")} AND NOT EXISTS (SELECT 1 FROM ${parent} p WHERE ${same.join(" AND ")})`;
}

async function countOrphans(connection: Connection, key: ForeignKey): Promise<number> {
  const { rows } = await connection.run({
    text: `SELECT COUNT(*) AS n ${orphansOf(connection, key)}`,
    parameters: [],
  });
  return Number(rows[0]!["n"]);
}

async function firstOrphan(connection: Connection, key: ForeignKey): Promise<string> {
  const columns = key.columns.map((name) => `c.${connection.dialect.writer.quote(name)}`).join(", ");
  const { rows } = await connection.run({
    text: `SELECT ${columns} ${orphansOf(connection, key)} LIMIT 1`,
    parameters: [],
  });
  return keyText(rows[0] ?? {}, key.columns);
}
