/**
 * @module
 * Brings a backup back: into the configured database when that has none of its tables, or, as a rehearsal, beside it under other names that
 * are dropped again. Either way every table's rows are compared with what the manifest says.
 */
import { randomBytes } from "node:crypto";
import { constants, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { connect, type MysqlSettings, RawSession } from "@tenon/datajoint";
import { importDumps } from "../migration/import/import-dumps.ts";
import { quoted } from "../migration/import/target-ddl.ts";
import { type CompareOptions, decodeBlobs, differences, readServerTables } from "./compare-restored.ts";
import { checkFiles, restoreFiles } from "./copied-files.ts";
import { BackupError, type BackupManifest, checkDatabaseFile, readManifest } from "./manifest.ts";
import { scratchName, scratchSchemas } from "./mysql-tables.ts";
import { readSqlite } from "./sqlite-copy.ts";

/** Most characters of a schema's name. */
const longestName = 64;

export interface RestoreOptions extends CompareOptions {
  /** The backup's folder. */
  readonly folder: string;
  readonly onLine: (line: string) => void;
}

export interface RestoreReport {
  readonly ok: boolean;
  readonly manifest: BackupManifest;
  /** What is wrong, one sentence each. */
  readonly problems: readonly string[];
  readonly tables: number;
  readonly rows: number;
  /** Blobs that were decoded. */
  readonly blobs: number;
  readonly seconds: number;
}

/** Restores a backup under other names, compares, and drops them again.
 * @throws BackupError when the backup is none; errors of the database; the signal's reason */
export async function rehearseRestore(options: RestoreOptions): Promise<RestoreReport> {
  return timed(options, async (manifest, path) => {
    const { database } = options.settings;
    const files = manifest.files === undefined ? [] : await checkFiles(options.folder, manifest.files);
    if (database.kind === "sqlite") {
      const scratch = mkdtempSync(join(tmpdir(), "tenon-rehearsal-"));
      try {
        const copy = join(scratch, "database.sqlite");
        copyFileSync(path, copy);
        return withProblems(await compareSqlite(copy, manifest, options), files);
      } finally {
        rmSync(scratch, { recursive: true });
      }
    }
    await nameLeftOvers(database, options.onLine);
    const rename = scratchNames(manifest);
    try {
      return withProblems(await loadAndCompare(database, path, manifest, options, rename), files);
    } finally {
      await dropScratch(database, manifest, rename);
    }
  });
}

/** Restores a backup for good. Nothing that is there is overwritten.
 * @throws BackupError when the backup is none, or the database holds such tables already; errors of the database and the disk */
export async function restoreBackup(options: RestoreOptions): Promise<RestoreReport> {
  return timed(options, async (manifest, path) => {
    const { database, prefix, processedRoot } = options.settings;
    if (prefix !== manifest.prefix)
      throw new BackupError(
        `The backup's schemas begin with '${manifest.prefix}', and custom.database.prefix is '${prefix}'. Set it to the backup's.`,
        options.folder,
      );
    const compared =
      database.kind === "sqlite"
        ? await restoreSqlite(database.path, path, manifest, options)
        : await loadAndCompare(database, path, manifest, options, undefined);
    if (manifest.files === undefined || compared.problems.length > 0) return compared;
    const onFile = (done: number, total: number) => options.onProgress("files", done, total);
    return withProblems(compared, await restoreFiles(options.folder, manifest.files, processedRoot, onFile));
  });
}

interface Compared {
  readonly problems: readonly string[];
  readonly blobs: number;
}

function withProblems(compared: Compared, more: readonly string[]): Compared {
  return { ...compared, problems: [...compared.problems, ...more] };
}

async function timed(
  { settings, folder }: RestoreOptions,
  work: (manifest: BackupManifest, path: string) => Promise<Compared>,
): Promise<RestoreReport> {
  const startMs = performance.now();
  const manifest = readManifest(folder);
  if (manifest.kind !== settings.database.kind)
    throw new BackupError(
      `The backup is of ${manifest.server}, and the configured database is ${settings.database.kind === "mysql" ? "a MySQL or MariaDB server" : "a SQLite file"}. Configure one of the same kind.`,
      folder,
    );
  const { problems, blobs } = await work(manifest, await checkDatabaseFile(folder, manifest));
  return {
    ok: problems.length === 0,
    manifest,
    problems,
    tables: manifest.tables.length,
    rows: manifest.tables.reduce((sum, { rows }) => sum + rows, 0),
    blobs,
    seconds: Math.round((performance.now() - startMs) / 100) / 10,
  };
}

async function loadAndCompare(
  settings: MysqlSettings,
  path: string,
  manifest: BackupManifest,
  options: RestoreOptions,
  rename: ((schema: string) => string) | undefined,
): Promise<Compared> {
  const report = await importDumps({
    settings,
    dumps: [path],
    sessions: 2,
    rename,
    signal: options.signal,
    onProgress: options.onProgress,
    onLine: options.onLine,
  });
  const refusals = report.problems.map(({ where, message }) => `${where}: ${message}`);
  if (refusals.length > 0) return { problems: refusals, blobs: 0 };
  const named = rename ?? ((schema: string) => schema);
  const schemas = [...new Set(manifest.tables.map(({ schema }) => named(schema)))];
  const problems = differences(manifest.tables, await readServerTables(settings, schemas, options), named);
  await using connection = await connect(settings);
  const { undecodable, blobs } = await decodeBlobs(connection, schemas, options);
  return { problems: [...problems, ...undecodable], blobs };
}

async function compareSqlite(
  path: string,
  manifest: BackupManifest,
  options: RestoreOptions,
): Promise<Compared> {
  const onTable = (table: string, done: number, total: number) =>
    options.onProgress("tables", done, total, table);
  const { tables } = await readSqlite(path, manifest.prefix, onTable, options.signal);
  await using connection = await connect({ kind: "sqlite", path });
  const schemas = [...new Set(manifest.tables.map(({ schema }) => schema))];
  const { undecodable, blobs } = await decodeBlobs(connection, schemas, options);
  return { problems: [...differences(manifest.tables, tables, (schema) => schema), ...undecodable], blobs };
}

async function restoreSqlite(
  target: string,
  path: string,
  manifest: BackupManifest,
  options: RestoreOptions,
): Promise<Compared> {
  if (existsSync(target))
    throw new BackupError(
      `${target} is there already, and a restore overwrites nothing. Move it away first: mv ${target} ${target}.before-restore`,
      target,
    );
  for (const ending of ["-wal", "-shm"])
    if (existsSync(`${target}${ending}`))
      throw new BackupError(
        `${target}${ending} is there still, and SQLite would take it for the restored file's. Move it away with the old file: mv ${target}${ending} ${target}${ending}.before-restore`,
        target,
      );
  mkdirSync(dirname(target), { recursive: true });
  const part = `${target}.restoring-${randomBytes(4).toString("hex")}`;
  try {
    copyFileSync(path, part, constants.COPYFILE_EXCL);
    const compared = await compareSqlite(part, manifest, options);
    for (const ending of ["-wal", "-shm"]) rmSync(`${part}${ending}`, { force: true });
    // never over a file that came meanwhile
    if (compared.problems.length === 0)
      copyFileSync(part, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    return compared;
  } finally {
    for (const ending of ["", "-wal", "-shm"]) rmSync(`${part}${ending}`, { force: true });
  }
}

/** Names that no schema has: without the lab's prefix, which makes them shorter. */
function scratchNames({ prefix, tables }: BackupManifest): (schema: string) => string {
  const run = randomBytes(4).toString("hex");
  const rename = (schema: string) =>
    scratchName(run, schema.startsWith(prefix) ? schema.slice(prefix.length) : schema);
  const long = tables.find(({ schema }) => rename(schema).length > longestName);
  if (long !== undefined)
    throw new BackupError(
      `The schema ${long.schema} would be called ${rename(long.schema)} for the rehearsal, which is longer than the ${longestName} characters that a name may have.`,
      long.schema,
    );
  return rename;
}

async function nameLeftOvers(settings: MysqlSettings, onLine: (line: string) => void): Promise<void> {
  using session = await RawSession.open(settings);
  for (const schema of await scratchSchemas(session))
    onLine(
      `${schema} is of another rehearsal, one that runs now or one that was killed; if none runs: DROP DATABASE ${quoted(schema)};`,
    );
}

async function dropScratch(
  settings: MysqlSettings,
  { tables }: BackupManifest,
  rename: (schema: string) => string,
): Promise<void> {
  using session = await RawSession.open(settings);
  await session.run("SET SESSION foreign_key_checks=0");
  for (const schema of new Set(tables.map((table) => rename(table.schema))))
    await session.run(`DROP DATABASE IF EXISTS ${quoted(schema)}`);
}
