/**
 * @module
 * The folder of the store `data-root`: `inbox` and `outbox` in it lead to raw and processed, so that datajoint-python finds the files of
 * FileManifest where their rows say (`inbox/...`).
 */
import { lstat, mkdir, realpath, symlink } from "node:fs/promises";
import { join } from "node:path";
import { PlatformError } from "./find-platform.ts";

/** Makes the links that are missing. @returns the paths of those that were made (or would be)
 * @throws PlatformError when something else is in their place */
export async function linkStore(
  location: string,
  roots: { readonly inbox: string; readonly outbox: string },
  dryRun: boolean,
): Promise<readonly string[]> {
  const made: string[] = [];
  for (const [name, target] of Object.entries(roots)) {
    const path = join(location, name);
    if (await leadsTo(path, target)) continue;
    if ((await lstat(path).catch(() => undefined)) !== undefined)
      throw new PlatformError(
        `${path} is there and is not ${target}, where the files of '${name}/' are. Move it away, or name another folder for the store: stores.data-root.location.`,
        path,
      );
    made.push(path);
    if (dryRun) continue;
    await mkdir(location, { recursive: true });
    await symlink(target, path, "dir");
  }
  return made;
}

async function leadsTo(path: string, target: string): Promise<boolean> {
  try {
    return (await realpath(path)) === (await realpath(target));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}
