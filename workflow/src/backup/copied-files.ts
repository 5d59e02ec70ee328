/**
 * @module
 * The files of the processed root in a backup: copied, or hard-linked to the backup before when they have not changed since.
 */
import {
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  type Stats,
  statSync,
  utimesSync,
} from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { type BackedUpFile, BackupError, type BackupManifest, sha256Of } from "./manifest.ts";

/** Folder of a backup that they lie in. */
export const filesFolder = "files";

/** All files below a folder, without those that an attempt has not published yet and without symlinks.
 * @param without  a folder whose files do not count: the backups' own
 * @returns paths below it, with `/`, in order */
export function listFiles(root: string, without: string): readonly string[] {
  if (!existsSync(root)) return [];
  const own = relative(root, without).split(sep).join("/");
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .filter((path) => !path.split("/").some((part) => part.startsWith(".")) && !path.startsWith(`${own}/`))
    .sort();
}

export interface CopyOptions {
  readonly root: string;
  /** The backup's folder. */
  readonly folder: string;
  /** A backup with files that was made before. */
  readonly previous: { readonly folder: string; readonly manifest: BackupManifest } | undefined;
  readonly signal: AbortSignal;
  readonly onFile: (done: number, total: number) => void;
}

/** Copies them. @returns each with its size and hash */
export async function copyFiles({
  root,
  folder,
  previous,
  signal,
  onFile,
}: CopyOptions): Promise<BackedUpFile[]> {
  const before = new Map(previous?.manifest.files?.map((file) => [file.path, file]));
  const paths = listFiles(root, dirname(folder));
  const files: BackedUpFile[] = [];
  for (const path of paths) {
    signal.throwIfAborted();
    onFile(files.length, paths.length);
    const [source, target] = [join(root, path), join(folder, filesFolder, path)];
    const stats = statSync(source, { throwIfNoEntry: false });
    // results that were replaced or taken away meanwhile are those of the next backup
    if (stats === undefined) continue;
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    const known = before.get(path);
    const old = previous === undefined ? "" : join(previous.folder, filesFolder, path);
    const oldStats = known === undefined ? undefined : statSync(old, { throwIfNoEntry: false });
    if (known !== undefined && isUnchanged(oldStats, stats)) {
      linkSync(old, target);
      files.push(known);
      continue;
    }
    copyFileSync(source, target, constants.COPYFILE_EXCL);
    utimesSync(target, stats.atimeMs / 1000, stats.mtimeMs / 1000);
    files.push({ path, bytes: statSync(target).size, sha256: await sha256Of(target) });
  }
  return files;
}

/** By size and time, as rsync judges; a copied file has its time to the millisecond. */
function isUnchanged(old: Stats | undefined, stats: Stats): boolean {
  return old?.size === stats.size && Math.abs(old.mtimeMs - stats.mtimeMs) < 1;
}

/** Copies files back to where they were. What is there already and the same is left alone; what is there and differs is never touched.
 * @returns what is wrong, one sentence each */
export async function restoreFiles(
  folder: string,
  files: readonly BackedUpFile[],
  root: string,
  onFile: (done: number, total: number) => void,
): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const [index, file] of files.entries()) {
    onFile(index, files.length);
    const target = join(root, file.path);
    if (relative(root, target).startsWith(".."))
      throw new BackupError(`${file.path} leads out of ${root}.`, file.path);
    const source = join(folder, filesFolder, file.path);
    if (existsSync(target)) {
      if ((await sha256Of(target)) !== file.sha256)
        problems.push(`${target} is there and differs from the backup's. It was left as it is.`);
      continue;
    }
    if (!existsSync(source) || (await sha256Of(source)) !== file.sha256) {
      problems.push(`${source} is not the file of the backup any more.`);
      continue;
    }
    mkdirSync(dirname(target), { recursive: true });
    const stats = statSync(source);
    copyFileSync(source, target, constants.COPYFILE_EXCL);
    utimesSync(target, stats.atimeMs / 1000, stats.mtimeMs / 1000);
  }
  return problems;
}

/** Files of a backup that are not as its manifest says, one sentence each. */
export async function checkFiles(folder: string, files: readonly BackedUpFile[]): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const { path, sha256, bytes } of files) {
    const file = join(folder, filesFolder, path);
    const stats = statSync(file, { throwIfNoEntry: false });
    if (stats === undefined) problems.push(`${file} is gone.`);
    else if (stats.size !== bytes || (await sha256Of(file)) !== sha256)
      problems.push(`${file} has changed since the backup was made.`);
  }
  return problems;
}
