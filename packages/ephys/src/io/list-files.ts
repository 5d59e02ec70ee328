/**
 * @module
 * The files below a folder, some levels deep, in an order that does not depend on the file system.
 */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { asRecordingError } from "./file-errors.ts";

/** Session, run, probe, and one level to spare. */
const MAX_DEPTH = 4;

/** Lists files (links followed, hidden ones left out), sorted by path. @throws RecordingError `unreadable` naming the folder */
export async function listFiles(folder: string, depth = MAX_DEPTH): Promise<string[]> {
  const files: string[] = [];
  let entries: Awaited<ReturnType<typeof readEntries>>;
  try {
    entries = await readEntries(folder);
  } catch (error) {
    throw asRecordingError(error, folder, "missing", "The folder");
  }
  for (const entry of entries) {
    if (entry.name.startsWith(".")) continue;
    const path = join(folder, entry.name);
    // a broken link is not a file of the session
    const kind = entry.isSymbolicLink() ? await stat(path).catch(() => undefined) : entry;
    if (kind?.isFile()) files.push(path);
    else if (kind?.isDirectory() && depth > 0) files.push(...(await listFiles(path, depth - 1)));
  }
  return files;
}

async function readEntries(folder: string) {
  const entries = await readdir(folder, { withFileTypes: true });
  // imec2 before imec10
  return entries.sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
}
