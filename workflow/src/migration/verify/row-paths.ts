/**
 * @module
 * The paths that rows hold, found on this machine: session folders and recordings below the raw roots, results below the processed root,
 * the files of the platform's manifest below either (contract: pipeline.md 1.3, 8.3).
 *
 * Columns are known by their names, so that an imported pipeline with tables of its own is checked too. What a newcomer would get wrong: a
 * clustering task that never ran has no folder, and that is fine.
 */
import { verifySession } from "@tenon/ephys";
import { type Check, counted, countRows, type DatabaseTable, keyText, nameOf } from "./check.ts";
import type { ProblemCode } from "./codes.ts";
import { fileSize, forEachAtOnce, isFolder } from "./hash-file.ts";
import { below, placesOf } from "./local-paths.ts";

export interface PathResult {
  readonly table: string;
  readonly column: string;
  readonly paths: number;
  readonly missing: number;
}

export interface SessionResult {
  readonly path: string;
  /** Codes of `tenon session verify`; empty for a whole session. */
  readonly problems: readonly string[];
}

/** A session that is here. */
export interface FoundSession extends SessionResult {
  /** Absolute. */
  readonly folder: string;
}

/** A column whose values are paths, and what must be there. */
interface PathColumn {
  readonly column: string;
  readonly kind: "file" | "folder";
  readonly missing: ProblemCode;
  /** Whether a table with such a column is meant; default: any. */
  readonly applies?: (table: string) => boolean;
  readonly places: (check: Check, path: string) => readonly string[] | undefined;
}

const rawOrMapped = (check: Check, path: string) => {
  const mapped = placesOf(check.settings, path);
  const own = below(check.settings.rawRoots, path);
  return mapped === undefined || own === undefined ? undefined : [...own, ...mapped];
};

const columns: readonly PathColumn[] = [
  { column: "session_dir", kind: "folder", missing: "session-folder-missing", places: rawOrMapped },
  {
    column: "file_path",
    kind: "file",
    missing: "raw-file-missing",
    applies: (table) => /(__ephys_file|ephys_raw_file)$/.test(table),
    places: rawOrMapped,
  },
  {
    column: "remote_fullpath",
    kind: "file",
    missing: "manifest-file-missing",
    applies: (table) => /^#?file_manifest$/.test(table),
    places: (check, path) => placesOf(check.settings, path),
  },
];

/** Paths of one table that are named; the others are counted. */
const namedAtMost = 20;

/** Looks for every path that a row names. */
export async function checkRowPaths(check: Check): Promise<PathResult[]> {
  const results: PathResult[] = [];
  for (const table of check.tables.filter(({ table: name }) => !name.startsWith("~")))
    for (const spec of columns)
      if (table.heading.has(spec.column) && (spec.applies?.(table.table) ?? true))
        results.push(await checkColumn(check, table, spec));
  for (const table of check.tables.filter(({ table: name }) => name === "clustering_task"))
    results.push(await checkOutputs(check, table));
  return results;
}

async function checkColumn(check: Check, table: DatabaseTable, spec: PathColumn): Promise<PathResult> {
  const { connection, findings, signal } = check;
  const { writer } = connection.dialect;
  const total = await countRows(connection, table);
  const column = writer.quote(spec.column);
  const rows = connection.stream({
    text: `SELECT ${column} AS path, COUNT(*) AS n FROM ${writer.table(table.schema, table.table)} WHERE ${column} IS NOT NULL GROUP BY ${column}`,
    parameters: [],
  });
  let [paths, missing] = [0, 0];
  await forEachAtOnce(rows, async (row) => {
    signal.throwIfAborted();
    check.progress(`paths of ${nameOf(table)}`, ++paths, total);
    const path = String(row["path"]);
    const places = spec.places(check, path);
    if (places === undefined) {
      missing++;
      findings.problem("path-outside", nameOf(table), `${spec.column} '${path}' leads out of its root.`);
      return;
    }
    for (const place of places)
      if (spec.kind === "folder" ? await isFolder(place) : (await fileSize(place)) !== undefined) return;
    missing++;
    if (missing <= namedAtMost)
      findings.problem(
        spec.missing,
        nameOf(table),
        `${spec.column} '${path}' is not here: looked for ${places.join(" and ") || "nothing, since it begins with neither inbox/ nor outbox/"}.`,
      );
  });
  if (missing > namedAtMost)
    findings.problem(
      spec.missing,
      nameOf(table),
      `${missing - namedAtMost} more of ${spec.column} are not here.`,
    );
  return { table: nameOf(table), column: spec.column, paths, missing };
}

/** Folders of clustering tasks: those that some computed table has used must be there. */
async function checkOutputs(check: Check, table: DatabaseTable): Promise<PathResult> {
  const { connection, findings, settings } = check;
  const { catalogue, writer } = connection.dialect;
  const keys = (await catalogue.foreignKeys(connection, [table.schema])).filter(
    (key) => key.parentSchema === table.schema && key.parentTable === table.table && /^_/.test(key.table),
  );
  const used = keys.map((key) => {
    const same = key.columns.map(
      (name, i) => `c.${writer.quote(name)} = t.${writer.quote(key.parentColumns[i]!)}`,
    );
    return `EXISTS (SELECT 1 FROM ${writer.table(key.schema, key.table)} c WHERE ${same.join(" AND ")})`;
  });
  const result = { table: nameOf(table), column: "clustering_output_dir" };
  if (!table.heading.has("clustering_output_dir")) return { ...result, paths: 0, missing: 0 };
  const names = [...table.heading.primaryKey, "clustering_output_dir"].map(
    (name) => `t.${writer.quote(name)}`,
  );
  const { rows } = await connection.run({
    text: `SELECT ${names.join(", ")}, ${used.length === 0 ? "0" : `(${used.join(" OR ")})`} AS used FROM ${writer.table(table.schema, table.table)} t`,
    parameters: [],
  });
  let [missing, absent] = [0, 0];
  for (const row of rows) {
    const path = String(row["clustering_output_dir"] ?? "");
    const own = below([settings.processedRoot], path);
    const mapped = placesOf(settings, path);
    const key = keyText(row, table.heading.primaryKey);
    if (own === undefined || mapped === undefined) {
      missing++;
      findings.problem(
        "path-outside",
        nameOf(table),
        `clustering_output_dir '${path}' of ${key} leads out of ${settings.processedRoot}.`,
      );
      continue;
    }
    let found = false;
    for (const place of [...own, ...mapped]) found ||= await isFolder(place);
    if (found) continue;
    if (Number(row["used"]) === 1) {
      missing++;
      findings.problem(
        "output-folder-missing",
        nameOf(table),
        `${own[0]} is not here; the clustering of ${key} has results in the database.`,
      );
    } else absent++;
  }
  if (absent > 0)
    findings.note(
      "output-folder-absent",
      nameOf(table),
      `${counted(absent, "task")} never ran, so there is no folder.`,
    );
  return { ...result, paths: rows.length, missing };
}

/** Verifies every session folder that is there as `tenon session verify` does: file sizes against what the recordings say of themselves. */
export async function checkSessions(check: Check): Promise<FoundSession[]> {
  const { connection, findings } = check;
  const { writer } = connection.dialect;
  const results: FoundSession[] = [];
  for (const table of check.tables.filter(
    ({ table: name, heading }) => !name.startsWith("~") && heading.has("session_dir"),
  )) {
    const column = writer.quote("session_dir");
    const { rows } = await connection.run({
      text: `SELECT DISTINCT ${column} AS path FROM ${writer.table(table.schema, table.table)} ORDER BY ${column}`,
      parameters: [],
    });
    for (const [index, row] of rows.entries()) {
      check.signal.throwIfAborted();
      check.progress("sessions", index, rows.length);
      const path = String(row["path"]);
      const folder = await firstFolder(rawOrMapped(check, path) ?? []);
      if (folder === undefined) continue;
      const { problems } = await verifySession(folder);
      results.push({ path, folder, problems: problems.map(({ code }) => code) });
      for (const { code, message } of problems)
        if (code === "no-recording")
          findings.note("session-not-verified", path, `${nameOf(table)}: ${message}`);
        else findings.problem("session-incomplete", path, `${nameOf(table)}: ${code}: ${message}`);
    }
  }
  return results;
}

async function firstFolder(places: readonly string[]): Promise<string | undefined> {
  for (const place of places) if (await isFolder(place)) return place;
  return undefined;
}
