/**
 * @module
 * Files that `tenon deploy ...` writes into a folder: all or none, again and again without losing what a person changed in them.
 *
 * Beside them lies `.tenon-deploy.json` with the hash of each file as it was written. A file that still has that hash, or the new content,
 * is replaced; one that was edited, or that is somebody else's, is not, unless it is forced. Its old text is then kept as `NAME.before`.
 */
import { createHash } from "node:crypto";
import { chmod, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

export interface DeployFile {
  /** Relative to the folder. */
  readonly path: string;
  readonly content: string;
  /** Default 0644. */
  readonly mode?: number;
}

export interface WrittenFile {
  readonly path: string;
  readonly state: "new" | "changed" | "unchanged";
}

/** Thrown, before anything is written, when files were edited since. */
export class EditedFilesError extends Error {
  override readonly name = "EditedFilesError";
  readonly files: readonly string[];
  constructor(folder: string, files: readonly string[]) {
    super(
      `${files.join(", ")} in ${folder} ${files.length === 1 ? "was" : "were"} edited, or not written by this command. ` +
        "Nothing was changed. Move them away, choose another --out, or use --force (the old text is kept as NAME.before).",
    );
    this.files = files;
  }
}

const stampFile = ".tenon-deploy.json";

/** What would become of each file.
 * @throws EditedFilesError unless `force` */
export async function planFiles(
  folder: string,
  files: readonly DeployFile[],
  force: boolean,
): Promise<readonly WrittenFile[]> {
  const stamps = await readStamps(folder);
  const edited: string[] = [];
  const plan: WrittenFile[] = [];
  for (const { path, content } of files) {
    const there = await textOf(join(folder, path));
    if (there === undefined) plan.push({ path, state: "new" });
    else if (there === content) plan.push({ path, state: "unchanged" });
    else {
      if (stamps[path] !== hashOf(there)) edited.push(path);
      plan.push({ path, state: "changed" });
    }
  }
  if (edited.length > 0 && !force) throw new EditedFilesError(folder, edited);
  return plan;
}

/** Writes the files, each whole or not at all.
 * @throws EditedFilesError, before anything is written */
export async function writeFiles(
  folder: string,
  files: readonly DeployFile[],
  force: boolean,
): Promise<readonly WrittenFile[]> {
  const plan = await planFiles(folder, files, force);
  const stamps = await readStamps(folder);
  for (const [index, { path, content, mode = 0o644 }] of files.entries()) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    if (plan[index]!.state === "changed") {
      const before = await readFile(file, "utf8");
      if (stamps[path] !== hashOf(before)) await replace(`${file}.before`, before, 0o600);
    }
    if (plan[index]!.state !== "unchanged") await replace(file, content, mode);
    stamps[path] = hashOf(content);
  }
  await replace(join(folder, stampFile), `${JSON.stringify(stamps, null, 2)}\n`, 0o644);
  return plan;
}

async function replace(file: string, content: string, mode: number): Promise<void> {
  const part = `${file}.part`;
  await rm(part, { force: true });
  await writeFile(part, content, { mode, flag: "wx" });
  await chmod(part, mode);
  await rename(part, file);
}

async function readStamps(folder: string): Promise<Record<string, string>> {
  const text = await textOf(join(folder, stampFile));
  if (text === undefined) return {};
  try {
    return JSON.parse(text) as Record<string, string>;
  } catch {
    // without stamps every file counts as edited, so nothing is lost
    return {};
  }
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
