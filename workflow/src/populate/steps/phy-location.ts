/**
 * @module
 * Where the Kilosort or Phy folder of a clustering task is, and whether it is complete.
 */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { missingPhyFiles } from "@tenon/ephys";
import type { Lab } from "../lab.ts";
import { phyFolderName } from "./post-processing.ts";
import { MissingResultsError, publishedFolder } from "./published-folder.ts";
import type { SortingTask } from "./sorting-task.ts";

/** The Phy folder of a task whose Clustering row is there.
 * @throws MissingResultsError naming where was looked */
export async function phyFolderOf(lab: Lab, task: SortingTask, signal: AbortSignal): Promise<string> {
  const output = lab.outputFolder(task.outputDir);
  const found = await findPhyFolder(output);
  if (found !== undefined) return found;
  if (task.mode === "trigger")
    return publishedFolder(output, phyFolderName, "ephys_sorter.PostProcessing", signal);
  throw new MissingResultsError(
    `No results of a sorter in ${output}: looked for params.py there, in phy/ and in */sorting_analyzer/phy/. Copy the sorter's ` +
      "output folder there, or set the task's clustering_output_dir to where it is; then retry this job.",
    output,
  );
}

/** The folder with `params.py` at or below an output folder; undefined when there is none. */
export async function findPhyFolder(output: string): Promise<string | undefined> {
  const names = await readdir(output).catch(() => [] as string[]);
  const places = [output, join(output, phyFolderName)];
  for (const name of names.filter((name) => !name.startsWith(".")))
    places.push(join(output, name, "sorting_analyzer", "phy"));
  for (const place of places) if (await isFile(join(place, "params.py"))) return place;
  return undefined;
}

/** Whether an output folder holds results that mode `load` takes. */
export async function hasCompleteResults(output: string): Promise<boolean> {
  const folder = await findPhyFolder(output);
  return folder !== undefined && (await missingPhyFiles(folder)).length === 0;
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() === true;
}
