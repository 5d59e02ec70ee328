/**
 * @module
 * Which keys a run is about: `--include` and `--exclude` globs on the path below the source's prefix.
 */
import { matchesGlob } from "node:path";

export interface GlobFilter {
  /** A path must match one of them; empty: all do. */
  readonly include: readonly string[];
  /** A path must match none of them. */
  readonly exclude: readonly string[];
}

/** Whether a path is meant. A glob without a slash is about the file's name: `*.bin` is `**` + `/*.bin`. */
export function isMeant(path: string, { include, exclude }: GlobFilter): boolean {
  const matches = (glob: string) => matchesGlob(path, glob.includes("/") ? glob : `**/${glob}`);
  return (include.length === 0 || include.some(matches)) && !exclude.some(matches);
}
