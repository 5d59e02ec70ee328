/**
 * @module
 * Step ephys_sorter.PostProcessing: the sorter's result as a Phy folder with first metrics and labels (`phy/`); inserts the task's row of
 * ephys.Clustering in the same transaction (pipeline contract 2.7).
 */
import { join } from "node:path";
import { writePhyFolder } from "@tenon/ephys";
import { Clustering } from "../../pipeline/ephys.ts";
import { PostProcessing } from "../../pipeline/ephys-sorter.ts";
import type { Lab } from "../lab.ts";
import { timed, utcText } from "./execution.ts";
import { inputFiles, programVersion, readManifest, writeManifest } from "./manifest.ts";
import { phyContent } from "./phy-content.ts";
import { publishedFolder } from "./published-folder.ts";
import { sortingFolder } from "./si-clustering.ts";
import { readSortingFolder } from "./sorting-folder.ts";
import { fetchSortingTask } from "./sorting-task.ts";
import { undelayed } from "./undelayed-templates.ts";
import { measureUnits } from "./unit-measures.ts";

const process = "ephys_sorter.PostProcessing";
export const phyFolderName = "phy";

export function makePostProcessing(lab: Lab): void {
  PostProcessing.makes({
    fetch: fetchSortingTask,
    compute: async (key, task, { signal, progress, attempt }) => {
      const output = lab.outputFolder(task.outputDir);
      const sorted = await publishedFolder(output, sortingFolder, "ephys_sorter.SIClustering", signal);
      const recording = await lab.openRecording(task);
      try {
        const { result: sorterVersion, execution } = await timed(async () => {
          const token = `${attempt.token}`;
          const folder = await lab.begin(output, phyFolderName, token, { process, key });
          progress(0, 3, "read");
          const result = undelayed(await readSortingFolder(sorted));
          progress(1, 3, "metrics");
          const content = phyContent(result, recording, await measureUnits(result, recording, { signal }));
          signal.throwIfAborted();
          progress(2, 3, "write");
          await writePhyFolder(folder, content);
          const labels = content.unitInfo.map((unit) => unit.label);
          await writeManifest(folder, {
            process,
            key,
            token,
            parameters: {},
            inputs: await inputFiles([join(sorted, "sorting.json"), join(sorted, "spike_samples.npy")]),
            results: {
              units: labels.length,
              good: labels.filter((label) => label === "good").length,
              spikes: result.sorting.spikeSamples.length,
            },
          });
          progress(3, 3, "write");
          return result.version;
        });
        // the time of the sorting itself, which a copy of the files keeps (contract 10.1, B12)
        const sortedAt = (await readManifest(sorted))?.madeAt;
        const clustering = {
          clustering_time: sortedAt === undefined ? execution.execution_time : utcText(new Date(sortedAt)),
          package_version: `${programVersion}, sorter ${sorterVersion}`.slice(0, 16),
        };
        return { execution, clustering };
      } finally {
        await recording.close();
      }
    },
    insert: async (key, { execution, clustering }) => {
      await PostProcessing.insert([{ ...key, ...execution, do_si_export: 0 }]);
      await Clustering.insert([{ ...key, ...clustering }], { allowDirectInsert: true });
    },
  });
}
