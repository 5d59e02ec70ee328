/**
 * @module
 * Descriptions of plain binary recordings among the files of a folder: JSON objects that have `data` and `dtype`.
 */
import { readFile, stat } from "node:fs/promises";
import { isObject } from "../json-fields.ts";

/** A person's description is a few kB; a probe file or a log of many MB need not be parsed to know that it is none. */
const MAX_BYTES = 4 * 1024 * 1024;

/** Paths of the descriptions among `files`. */
export async function findBinary(files: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const file of files) if (/\.json$/i.test(file) && (await isDescription(file))) found.push(file);
  return found;
}

async function isDescription(path: string): Promise<boolean> {
  try {
    if ((await stat(path)).size > MAX_BYTES) return false;
    const content: unknown = JSON.parse(await readFile(path, "utf8"));
    return isObject(content) && "data" in content && "dtype" in content;
  } catch {
    // a file that is not JSON, or cannot be read, is no description; it may well be another program's
    return false;
  }
}
