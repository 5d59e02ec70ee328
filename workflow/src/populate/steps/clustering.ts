/**
 * @module
 * Step ephys.Clustering for tasks in mode `load`: checks that the output folder is a complete Kilosort or Phy folder (pipeline contract
 * 2.5, 3.5).
 *
 * What a newcomer would get wrong: triggered tasks get their row from PostProcessing; they are in the key source once they have it, so
 * that the step's counts are those of all sortings.
 */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { missingPhyFiles, readNpy } from "@tenon/ephys";
import { Clustering } from "../../pipeline/ephys.ts";
import type { Lab } from "../lab.ts";
import { utcText } from "./execution.ts";
import { clusteringKeys } from "./key-sources.ts";
import { readManifest } from "./manifest.ts";
import { phyFolderOf } from "./phy-location.ts";
import { MissingResultsError } from "./published-folder.ts";
import { fetchSortingTask, keepOutputDir } from "./sorting-task.ts";

export function makeClustering(lab: Lab): void {
  Clustering.makes({
    keySource: clusteringKeys,
    fetch: fetchSortingTask,
    compute: async (_key, task, { signal }) => {
      const folder = await phyFolderOf(lab, task, signal);
      await requireComplete(folder);
      const own = await readManifest(folder);
      const time =
        own === undefined ? (await stat(join(folder, "spike_times.npy"))).mtime : new Date(own.madeAt);
      const package_version =
        own === undefined ? "" : `${own.madeBy.tenon}, sorter ${own.madeBy.sorter}`.slice(0, 16);
      return { task, row: { clustering_time: utcText(time), package_version } };
    },
    insert: async (key, { task, row }) => {
      await keepOutputDir(key, task);
      await Clustering.insert([{ ...key, ...row }]);
    },
  });
}

/** @throws MissingResultsError listing what the folder lacks */
async function requireComplete(folder: string): Promise<void> {
  let missing = await missingPhyFiles(folder);
  // a sorting without spikes has no features to write
  const isFeature = (name: string) => name.startsWith("pc_feature");
  if (missing.some(isFeature) && !missing.includes("spike_times.npy")) {
    const { values } = await readNpy(join(folder, "spike_times.npy"));
    if (values.length === 0) missing = missing.filter((name) => !isFeature(name));
  }
  if (missing.length === 0) return;
  throw new MissingResultsError(
    `${folder} is no complete output of a sorter: it lacks ${missing.join(", ")}. Copy the whole folder again, or let the sorter finish; ` +
      "then retry this job.",
    folder,
  );
}
