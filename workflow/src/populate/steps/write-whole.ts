/**
 * @module
 * Files that readers see whole or not at all: written under another name, then renamed.
 */
import { rename, rm, writeFile } from "node:fs/promises";

/** Writes a file; several processes may write the same one, the last wins. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const draft = `${path}.${process.pid}.draft`;
  try {
    await writeFile(draft, text);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
