/**
 * @module
 * Where a path of the platform is on this machine. On the platform raw data were under `inbox/` and results under `outbox/` of a bucket;
 * here they are the raw roots and the processed root.
 *
 * What a newcomer would get wrong: a path of a row may hold `..`, a backslash or a whole absolute path; what leads out of its root is never
 * looked at, since it could be any file of the machine.
 */
import { isAbsolute, relative, resolve, sep } from "node:path";

/** The roots that platform paths lead to. */
export interface Roots {
  readonly rawRoots: readonly string[];
  readonly processedRoot: string;
}

/** Absolute paths of a path below one of some roots, one for each root; undefined when it leads out of them.
 * @param path  relative, with `/` or `\` */
export function below(roots: readonly string[], path: string): readonly string[] | undefined {
  const slashed = path.replaceAll("\\", "/");
  if (slashed.includes("\0")) return undefined;
  if (isAbsolute(slashed) || /^[a-z]:/i.test(slashed)) {
    const full = resolve(slashed);
    return roots.some((root) => isInside(root, full)) ? [full] : undefined;
  }
  const found = roots.map((root) => [root, resolve(root, slashed)] as const);
  return found.every(([root, full]) => isInside(root, full)) ? found.map(([, full]) => full) : undefined;
}

/** Takes the platform's own beginning from a path: `org_wf/inbox/a/b.bin` and `inbox/a/b.bin` are `a/b.bin` of raw.
 * @returns undefined for a path that is in neither */
export function platformPath(
  path: string,
): { readonly root: "raw" | "processed"; readonly path: string } | undefined {
  const found = /^\/?(?:[^/]+\/)?(inbox|outbox)\/+(.+)$/.exec(path.replaceAll("\\", "/"));
  if (found === null) return undefined;
  return { root: found[1] === "inbox" ? "raw" : "processed", path: found[2]! };
}

/** Where a file of the platform may be here, most likely first; undefined when its path leads out of the roots, empty when it is of neither. */
export function placesOf(roots: Roots, path: string): readonly string[] | undefined {
  const mapped = platformPath(path);
  if (mapped === undefined) return [];
  return below(mapped.root === "raw" ? roots.rawRoots : [roots.processedRoot], mapped.path);
}

/** Whether a path is a folder or lies in it. */
export function isInside(folder: string, full: string): boolean {
  const path = relative(resolve(folder), full);
  return path === "" || (path !== ".." && !path.startsWith(`..${sep}`) && !isAbsolute(path));
}
