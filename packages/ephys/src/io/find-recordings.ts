/**
 * @module
 * Which recordings a path holds: a file is one, a folder (session, run or probe) may hold several.
 */
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { RecordingSource } from "../core/recording.ts";
import { RecordingError } from "../errors.ts";
import { asRecordingError } from "./file-errors.ts";
import { FORMATS } from "./formats.ts";
import { listFiles } from "./list-files.ts";
import { metaPathOf } from "./spikeglx/open-spikeglx.ts";

/**
 * Finds the recordings of a path, SpikeGLX first, in the order of their paths. Files that are cut or lack their companion are found
 * too: opening or verifying them says what is wrong.
 *
 * @throws RecordingError `missing`, `no-recording` saying what was looked for, `unreadable`
 */
export async function findRecordings(path: string): Promise<RecordingSource[]> {
  const absolute = resolve(path);
  const found = (await isFolder(absolute)) ? await findInFolder(absolute) : await findOfFile(absolute);
  if (found.length > 0) return found;
  throw new RecordingError(
    `'${absolute}' holds no recording. Known formats: ${FORMATS.map((format) => format.summary).join("; ")}.`,
    "no-recording",
    absolute,
  );
}

async function findInFolder(folder: string): Promise<RecordingSource[]> {
  const files = await listFiles(folder);
  const found: RecordingSource[] = [];
  for (const format of FORMATS)
    for (const path of await format.find(files)) found.push({ format: format.name, path });
  return found;
}

async function findOfFile(file: string): Promise<RecordingSource[]> {
  // a .bin, .raw or .dat may have a description of the same name; a .bin with its .meta is SpikeGLX's all the same
  if (!/\.(meta|json)$/i.test(file) && !(await exists(metaPathOf(file))))
    for (const description of [file.replace(/\.[^./\\]*$/, ".json"), `${file}.json`])
      if (await exists(description)) return [{ format: "binary", path: description }];
  for (const format of FORMATS) {
    const path = format.identify(file);
    if (path !== undefined) return [{ format: format.name, path }];
  }
  return [];
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    // a .bin whose file is gone is still named by its .meta, and the other way round: opening it says which is missing
    const companion = path.replace(/\.(bin|meta)$/i, (ending) => (/bin/i.test(ending) ? ".meta" : ".bin"));
    if (companion !== path && (await exists(companion))) return false;
    throw asRecordingError(error, path, "missing", "The path");
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
