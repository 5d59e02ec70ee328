/**
 * @module
 * Paths in the database are relative to a root, with `/`; this is where they meet the disk (pipeline contract 1.3).
 */
import { existsSync, realpathSync } from "node:fs";
import { isAbsolute, join, posix, relative, resolve, sep } from "node:path";

/** Thrown when a path of the database is in none of the roots, or a folder lies outside of them. */
export class PathError extends Error {
  override readonly name = "PathError";
  readonly path: string;
  constructor(message: string, path: string) {
    super(message);
    this.path = path;
  }
}

/** The absolute path of `path`, which is relative to one of the roots (first match wins) or absolute.
 * @throws PathError naming the roots that were searched */
export function findFullPath(roots: readonly string[], path: string): string {
  const slashed = path.replaceAll("\\", "/");
  if (isAbsolute(slashed)) {
    if (existsSync(slashed)) return slashed;
    throw new PathError(`${slashed} does not exist.`, slashed);
  }
  for (const root of roots) {
    const full = resolve(root, slashed);
    if (existsSync(full)) {
      if (!isInside(root, full))
        throw new PathError(
          `'${path}' leads out of ${root}; paths in the database must stay below their root.`,
          path,
        );
      return full;
    }
  }
  throw new PathError(
    `'${path}' is in none of ${roots.join(", ")}. Is the share mounted, and is custom.raw_root_data_dir right?`,
    path,
  );
}

/** `full` relative to the root that holds it, with `/`.
 * @throws PathError when no root holds it */
export function relativeToRoot(roots: readonly string[], full: string): string {
  const real = existsSync(full) ? realpathSync(full) : resolve(full);
  for (const root of roots) {
    if (!existsSync(root)) continue;
    const rootReal = realpathSync(root);
    if (isInside(rootReal, real)) return relative(rootReal, real).split(sep).join("/");
  }
  throw new PathError(
    `${full} is not below a raw root (${roots.join(", ")}). Copy the session there, or name its root in custom.raw_root_data_dir.`,
    full,
  );
}

/** Where the results of a clustering task go, relative to the processed root: `sub4/sess1/probe_2/kilosort2-5_0`. */
export function outputDirectory(
  sessionDir: string,
  insertionNumber: number,
  method: string,
  paramsetIdx: number,
): string {
  return `${sessionDir}/probe_${insertionNumber}/${method.replaceAll(".", "-")}_${paramsetIdx}`;
}

/** The absolute folder of an output directory, made sure to be below the processed root. */
export function outputPath(processedRoot: string, directory: string): string {
  const full = isAbsolute(directory) ? directory : join(processedRoot, directory);
  if (!isInside(processedRoot, full))
    throw new PathError(`The output directory '${directory}' leads out of ${processedRoot}.`, directory);
  return full;
}

/** Whether two directories of the database are one, or one holds the other. */
export function overlap(a: string, b: string): boolean {
  const [one, other] = [a, b].map((path) => posix.join("/", path.replaceAll("\\", "/"), "/")) as [
    string,
    string,
  ];
  return one.startsWith(other) || other.startsWith(one);
}

/** Makes sure that there is a folder with raw data.
 * @returns the roots that are not there
 * @throws PathError when none is */
export function checkRawRoots(roots: readonly string[]): string[] {
  const missing = roots.filter((root) => !existsSync(root));
  if (missing.length < roots.length) return missing;
  throw new PathError(
    `The raw root ${roots.join(", ")} does not exist. Is this the lab's folder, is the share mounted, and is custom.raw_root_data_dir right?`,
    roots[0] ?? "",
  );
}

function isInside(root: string, full: string): boolean {
  const path = relative(root, full);
  return path === "" || (path !== ".." && !path.startsWith(`..${sep}`) && !isAbsolute(path));
}
