/**
 * @module
 * The folder that files go to: what its disk can do, how much room it has, and whether a path stays inside. A symlink in the folder that
 * leads out of it is never followed, so that no object lands elsewhere.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statfsSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { FilesError, ObjectError } from "./file-problem.ts";
import { ownFolder, type PathRules } from "./key-path.ts";

/** The system's limit of a path, bytes, less a margin for what we append. */
const pathLimit = 4096 - 64;

export class TargetFolder {
  /** Absolute, symlinks resolved. */
  readonly root: string;
  readonly rules: PathRules;
  /** Whether the disk takes `A` and `a` for two files. */
  readonly tellsCase: boolean;
  readonly #safeFolders = new Set<string>();
  readonly #toSync = new Set<string>();

  private constructor(root: string, rules: PathRules, tellsCase: boolean) {
    this.root = root;
    this.rules = rules;
    this.tellsCase = tellsCase;
  }

  /**
   * Makes the folder and ours in it, and tries what its disk can do.
   * @throws FilesError when it cannot be written
   */
  static open(folder: string): TargetFolder {
    const own = join(folder, ownFolder);
    try {
      mkdirSync(join(own, "parts"), { recursive: true });
      for (const path of [own, join(own, "parts")])
        if (lstatSync(path).isSymbolicLink()) throw new Error(`${path} is a symlink`);
      const root = realpathSync(folder);
      const probe = join(own, "Probe");
      writeFileSync(probe, "");
      const tellsCase = !existsSync(join(own, "pROBE"));
      rmSync(probe);
      return new TargetFolder(root, rulesOf(root, takesColons(own)), tellsCase);
    } catch (cause) {
      throw unusable(folder, cause);
    }
  }

  /** The same without making or writing anything, for a dry run or a check; the disk is taken for an able one. */
  static look(folder: string): TargetFolder {
    const root = existsSync(folder) ? realpathSync(folder) : resolve(folder);
    return new TargetFolder(root, rulesOf(root, true), true);
  }

  /** Our folder. */
  get own(): string {
    return join(this.root, ownFolder);
  }

  /** Where a path below the target lies. */
  pathOf(path: string): string {
    return join(this.root, path);
  }

  /** Where an object is collected, named by a number that is its own in this run and the next. */
  partOf(name: string): string {
    return join(this.own, "parts", `${name}.part`);
  }

  /**
   * Looks at a path without following it.
   * @throws ObjectError `symlink-leads-out` when a folder above it, or itself, is a symlink out of the target
   */
  look(path: string): Stats | undefined {
    const full = this.pathOf(path);
    if (!this.#isSafe(dirname(full))) return undefined;
    const stats = lstatSync(full, { throwIfNoEntry: false });
    if (stats?.isSymbolicLink() === true)
      throw new ObjectError("symlink-leads-out", `${full} is a symlink; it is not followed. Move it away.`);
    return stats;
  }

  /** Makes the folder that a file goes into, and checks that it is inside. @throws ObjectError */
  makeFolder(path: string): void {
    const full = this.pathOf(path);
    // the folders that are there already are looked at before one is made below them
    this.#isSafe(full);
    mkdirSync(full, { recursive: true });
    this.#isSafe(full);
  }

  /** Puts a file of ours that was changed here aside instead of overwriting it; returns where it is now. */
  putAside(path: string): string {
    let aside = join(this.own, "replaced", path);
    for (let number = 2; existsSync(aside); number++) aside = join(this.own, "replaced", `${path}.${number}`);
    mkdirSync(dirname(aside), { recursive: true });
    renameSync(this.pathOf(path), aside);
    return aside;
  }

  /** Bytes that are free for this account. */
  freeBytes(): number {
    let folder = this.root;
    while (!existsSync(folder)) folder = dirname(folder);
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  }

  /** Remembers that a file was renamed into a folder. */
  touched(path: string): void {
    this.#toSync.add(dirname(this.pathOf(path)));
  }

  /** Brings the names of all renamed files to the disk. */
  syncFolders(): void {
    for (const folder of this.#toSync) {
      const fd = openSync(folder, "r");
      try {
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
    }
    this.#toSync.clear();
  }

  /** Whether a folder is there; throws when it lies outside. */
  #isSafe(folder: string): boolean {
    if (this.#safeFolders.has(folder)) return true;
    let there = folder;
    while (lstatSync(there, { throwIfNoEntry: false }) === undefined) there = dirname(there);
    const real = existsSync(there) ? realpathSync(there) : undefined;
    const inside = real !== undefined && (real === this.root || real.startsWith(this.root + sep));
    const above = relative(this.root, there).startsWith("..");
    if (!inside && !above)
      throw new ObjectError(
        "symlink-leads-out",
        `${there} is a symlink that leads out of ${this.root}; nothing is written through it. Make it a folder, or mount the disk there.`,
      );
    if (there !== folder) return false;
    if (!statSync(folder).isDirectory())
      throw new ObjectError(
        "local-file-differs",
        `${folder} is a file, but a folder is needed there. Move it away and run again.`,
      );
    this.#safeFolders.add(folder);
    return true;
  }
}

function rulesOf(root: string, colons: boolean): PathRules {
  return { takesColons: colons, longestPath: pathLimit - Buffer.byteLength(root) };
}

function takesColons(own: string): boolean {
  const probe = join(own, "probe:*?");
  try {
    writeFileSync(probe, "");
    rmSync(probe);
    return true;
  } catch {
    return false; // the very answer that is asked for: such names are refused by this disk
  }
}

function unusable(folder: string, cause: unknown): FilesError {
  return new FilesError(
    "target-unusable",
    folder,
    `Files cannot be written to ${folder}: ${(cause as Error).message}. Give a folder that this account may write to.`,
    { cause },
  );
}
