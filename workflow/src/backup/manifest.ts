/**
 * @module
 * What a backup says of itself: `backup.json` in its folder, written last. A folder without it is no backup.
 */
import { createHash } from "node:crypto";
import { createReadStream, existsSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";

export const manifestFile = "backup.json";
const format = 1;

/** A table as it was in the snapshot. */
export interface BackedUpTable {
  readonly schema: string;
  readonly table: string;
  readonly rows: number;
  /** Of its rows in any order (row-sum.ts), 32 hexadecimal digits. */
  readonly sum: string;
}

export interface BackedUpFile {
  /** Below the processed root, with `/`. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface BackupManifest {
  readonly format: typeof format;
  readonly tenon: string;
  readonly kind: "mysql" | "sqlite";
  /** `MySQL 9.7.4`, `SQLite 3.50`. */
  readonly server: string;
  readonly host: string;
  readonly prefix: string;
  /** When the snapshot was taken, UTC, ISO. */
  readonly madeAt: string;
  /** The dump or database file in the folder. */
  readonly database: { readonly file: string; readonly bytes: number; readonly sha256: string };
  readonly tables: readonly BackedUpTable[];
  /** What the schemas hold beside tables, and is not in the backup: views, triggers, routines. */
  readonly leftOut: readonly string[];
  /** Of the processed root; undefined when they were not asked for. */
  readonly files: readonly BackedUpFile[] | undefined;
}

/** Thrown when a backup cannot be made or is not as it says. */
export class BackupError extends Error {
  override readonly name = "BackupError";
  readonly path: string;

  constructor(message: string, path: string, options?: ErrorOptions) {
    super(message, options);
    this.path = path;
  }
}

/** Reads a backup's manifest.
 * @throws BackupError when the folder is no backup, or was made by a later version */
export function readManifest(folder: string): BackupManifest {
  const file = join(folder, manifestFile);
  if (!existsSync(file))
    throw new BackupError(
      `${folder} is no whole backup: ${manifestFile}, which is written at the very end, is not in it. Give the folder that \`tenon backup\` named.`,
      folder,
    );
  let manifest: BackupManifest;
  try {
    manifest = JSON.parse(readFileSync(file, "utf8")) as BackupManifest;
  } catch (cause) {
    throw new BackupError(`${file} is not JSON: ${(cause as Error).message}. Take another backup.`, file, {
      cause,
    });
  }
  if (manifest.format !== format || !Array.isArray(manifest.tables) || manifest.database === undefined)
    throw new BackupError(
      `${file} has format ${String(manifest.format)}, and this version reads format ${format}. Use the version that made it: ${String(manifest.tenon)}.`,
      file,
    );
  return manifest;
}

/** Compares the database's file with what the manifest says.
 * @throws BackupError when it is not there, or not the same to the byte */
export async function checkDatabaseFile(folder: string, { database }: BackupManifest): Promise<string> {
  const path = join(folder, basename(database.file));
  const bytes = existsSync(path) ? statSync(path).size : undefined;
  if (bytes !== database.bytes)
    throw new BackupError(
      bytes === undefined
        ? `${path} is gone. Take another backup.`
        : `${path} has ${bytes} bytes, and had ${database.bytes} when the backup was made. Take another backup.`,
      path,
    );
  const sha256 = await sha256Of(path);
  if (sha256 !== database.sha256)
    throw new BackupError(
      `${path} has changed since the backup was made (SHA-256 ${sha256.slice(0, 12)}…, expected ${database.sha256.slice(0, 12)}…): its disk may be failing. Take another backup.`,
      path,
    );
  return path;
}

/** SHA-256 of a file, in hexadecimal digits. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest("hex");
}

/** `3 tables of 1 204 rows`. */
export function shownTables(tables: readonly BackedUpTable[]): string {
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  return `${tables.length} tables, ${rows} rows`;
}
