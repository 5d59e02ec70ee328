/**
 * @module
 * Makes a backup: a folder named by its time, with the database as of one moment, the files when they are asked for, and a manifest that is
 * written last. A backup that was killed has another name and no manifest, so nobody takes it for a good one.
 */
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { type Connection, RawSession } from "@tenon/datajoint";
import { literal } from "../migration/import/import-ledger.ts";
import type { Settings } from "../settings/settings.ts";
import { copyFiles, listFiles } from "./copied-files.ts";
import { writeDump } from "./dump-writer.ts";
import { BackupError, type BackupManifest, manifestFile, readManifest, sha256Of } from "./manifest.ts";
import { copySqlite, readSqlite } from "./sqlite-copy.ts";

/** Room that is left free beside what is written, bytes. */
const spareBytes = 64 * 2 ** 20;
const namePattern = /^\d{8}T\d{6}Z$/;
const unfinished = ".unfinished-";

export interface BackupOptions {
  readonly settings: Settings;
  readonly connection: Connection;
  /** Backups lie here, each in a folder of its own. */
  readonly to: string;
  readonly withFiles: boolean;
  readonly tenon: string;
  readonly signal: AbortSignal;
  readonly onProgress: (what: string, done: number, total: number, detail?: string) => void;
}

export interface MadeBackup {
  readonly folder: string;
  readonly manifest: BackupManifest;
}

/** Makes one.
 * @throws BackupError when there is no room, or nothing to back up; errors of the database and the disk; the signal's reason */
export async function makeBackup(options: BackupOptions): Promise<MadeBackup> {
  const { settings, to, withFiles } = options;
  mkdirSync(to, { recursive: true, mode: 0o700 });
  await checkRoom(options);
  const previous = withFiles
    ? findBackups(to).findLast(({ manifest }) => manifest.files !== undefined)
    : undefined;
  // a name of this run's own: another one may begin in the same second
  const work = join(to, `${unfinished}${randomBytes(4).toString("hex")}`);
  mkdirSync(work, { mode: 0o700 });
  try {
    const database = await backUpDatabase(options, work);
    if (database.tables.length === 0)
      throw new BackupError(
        `${options.connection.name} has no schemas that begin with '${settings.prefix}', so there is nothing to back up. Is custom.database.prefix right?`,
        to,
      );
    const files = withFiles
      ? await copyFiles({
          root: settings.processedRoot,
          folder: work,
          previous,
          signal: options.signal,
          onFile: (done, total) => options.onProgress("files", done, total),
        })
      : undefined;
    const manifest: BackupManifest = {
      format: 1,
      tenon: options.tenon,
      host: hostname(),
      prefix: settings.prefix,
      ...database,
      files,
    };
    writeSynced(join(work, manifestFile), `${JSON.stringify(manifest, null, 1)}\n`);
    return { folder: place(work, to), manifest };
  } catch (error) {
    rmSync(work, { recursive: true, force: true });
    throw error;
  }
}

type DatabasePart = Pick<BackupManifest, "kind" | "server" | "madeAt" | "database" | "tables" | "leftOut">;

async function backUpDatabase(
  { settings, connection, signal, onProgress }: BackupOptions,
  work: string,
): Promise<DatabasePart> {
  const { database, prefix } = settings;
  if (database.kind === "mysql") {
    const file = "database.sql.gz";
    const onTable = (table: string, done: number, total: number) => onProgress("tables", done, total, table);
    const written = await writeDump({ settings: database, prefix, path: join(work, file), signal, onTable });
    const { server, madeAt, bytes, sha256, tables, leftOut } = written;
    return { kind: "mysql", server, madeAt, database: { file, bytes, sha256 }, tables, leftOut };
  }
  const file = "database.sqlite";
  const path = join(work, file);
  const madeAt = new Date().toISOString();
  await copySqlite(connection, path);
  chmodSync(path, 0o600);
  const onTable = (table: string, done: number, total: number) => onProgress("tables", done, total, table);
  const { version, tables } = await readSqlite(path, prefix, onTable, signal);
  // reading it made these
  for (const ending of ["-wal", "-shm"]) rmSync(`${path}${ending}`, { force: true });
  const handle = openSync(path, "r+");
  fsyncSync(handle);
  closeSync(handle);
  const content = { file, bytes: statSync(path).size, sha256: await sha256Of(path) };
  return { kind: "sqlite", server: `SQLite ${version}`, madeAt, database: content, tables, leftOut: [] };
}

/** Compares the room on the disk with what will be written at most.
 * @throws BackupError */
async function checkRoom({ settings, to, withFiles }: BackupOptions): Promise<void> {
  let bytes = spareBytes;
  const { database, prefix } = settings;
  if (database.kind === "sqlite") bytes += statSync(database.path, { throwIfNoEntry: false })?.size ?? 0;
  else {
    using session = await RawSession.open(database);
    const { rows } = await session.run(
      `SELECT COALESCE(SUM(DATA_LENGTH),0) AS b FROM information_schema.TABLES WHERE LEFT(TABLE_SCHEMA, ${prefix.length})=${literal(prefix)}`,
    );
    bytes += Number(rows[0]!["b"]);
  }
  if (withFiles)
    for (const path of listFiles(settings.processedRoot, to))
      bytes += statSync(join(settings.processedRoot, path), { throwIfNoEntry: false })?.size ?? 0;
  const { bavail, bsize } = statfsSync(to);
  const free = bavail * bsize;
  if (free < bytes)
    throw new BackupError(
      `${to} has ${megabytes(free)} free, and the backup may need ${megabytes(bytes)}. Nothing was written. Make room, or give another disk: tenon backup --to DIR`,
      to,
    );
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}

/** The whole backups in a folder, the oldest first. */
export function findBackups(to: string): readonly MadeBackup[] {
  if (!existsSync(to)) return [];
  return readdirSync(to)
    .filter((name) => namePattern.test(name) && existsSync(join(to, name, manifestFile)))
    .sort()
    .flatMap((name) => {
      const folder = join(to, name);
      try {
        return [{ folder, manifest: readManifest(folder) }];
      } catch (error) {
        // one that is damaged, or of a later version: it is nobody's base, and it is not deleted
        if (error instanceof BackupError) return [];
        throw error;
      }
    });
}

/** Deletes the oldest whole backups of this database but `keep`, never one that `isKept`.
 * @returns those that were deleted */
export function deleteOldBackups(
  to: string,
  keep: number,
  isKept: (backup: MadeBackup) => boolean,
  like: BackupManifest,
): readonly string[] {
  const own = findBackups(to).filter(
    ({ manifest }) =>
      manifest.prefix === like.prefix && manifest.kind === like.kind && manifest.host === like.host,
  );
  const old = own.slice(0, Math.max(0, own.length - keep)).filter((backup) => !isKept(backup));
  for (const { folder } of old) {
    // the manifest first, so that a deletion that is killed leaves no backup that looks whole
    rmSync(join(folder, manifestFile), { force: true });
    rmSync(folder, { recursive: true, force: true });
  }
  return old.map(({ folder }) => folder);
}

/** Gives a whole backup its name, `20261126T030000Z`; a second later when that is taken. @returns its folder */
function place(work: string, to: string): string {
  for (let ms = Date.now(); ; ms += 1000) {
    const folder = join(to, new Date(ms).toISOString().replace(/[-:]|\.\d+/g, ""));
    try {
      // never goes onto a folder that holds something
      renameSync(work, folder);
    } catch (error) {
      if (["ENOTEMPTY", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) continue;
      throw error;
    }
    syncFolder(to);
    return folder;
  }
}

/** What backups that were killed have left: nothing was written there for a day. */
export function leftUnfinished(to: string): readonly string[] {
  const newestMs = (path: string) =>
    Math.max(
      ...[path, ...readdirSync(path).map((name) => join(path, name))].map((one) => statSync(one).mtimeMs),
    );
  return readdirSync(to)
    .filter((name) => name.startsWith(unfinished))
    .map((name) => join(to, name))
    .filter((path) => Date.now() - newestMs(path) > 24 * 3_600_000);
}

function writeSynced(path: string, text: string): void {
  writeFileSync(path, text, { mode: 0o600, flush: true });
  syncFolder(join(path, ".."));
}

function syncFolder(path: string): void {
  const handle = openSync(path, "r");
  fsyncSync(handle);
  closeSync(handle);
}
