/**
 * @module
 * Where the real recordings lie: `../shared/data` from the repository's root. A test that needs them is skipped, saying so, without.
 */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

/** The folder of real files, or undefined when it is not on this machine. */
export const sharedData: string | undefined = findSharedData();

/** What to pass as `skip` of a test that needs real files: false, or the reason. */
export const skipWithoutSharedData: false | string =
  sharedData === undefined ? "../shared/data is not on this machine" : false;

/** A path below the folder of real files. */
export function sharedPath(...parts: string[]): string {
  return join(sharedData ?? "/absent", ...parts);
}

function findSharedData(): string | undefined {
  const root = resolve(import.meta.dirname, "../../../..");
  const folder = resolve(root, "../shared/data");
  return existsSync(join(folder, "README.md")) ? folder : undefined;
}
