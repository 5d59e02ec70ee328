/**
 * @module
 * Step ephys_sorter.SIClustering: the sorter itself. Its result goes to `sorting/` (pipeline contract 2.7).
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { planFromJson, sortRecording } from "@tenon/ephys";
import { SIClustering } from "../../pipeline/ephys-sorter.ts";
import type { Lab } from "../lab.ts";
import { sorterParametersOf } from "./built-in-methods.ts";
import { timed } from "./execution.ts";
import { writeManifest } from "./manifest.ts";
import { planFile, preprocessingFolder } from "./pre-processing.ts";
import { publishedFolder } from "./published-folder.ts";
import { recordingInputs } from "./recording-inputs.ts";
import { writeSortingFolder } from "./sorting-folder.ts";
import { fetchSortingTask } from "./sorting-task.ts";

const process = "ephys_sorter.SIClustering";
export const sortingFolder = "sorting";

export function makeSiClustering(lab: Lab): void {
  SIClustering.makes({
    fetch: fetchSortingTask,
    compute: async (key, task, { signal, progress, attempt }) => {
      const parameters = sorterParametersOf(task);
      const output = lab.outputFolder(task.outputDir);
      const plan = await readPlan(
        await publishedFolder(output, preprocessingFolder, "ephys_sorter.PreProcessing", signal),
      );
      const recording = await lab.openRecording(task);
      try {
        const { execution } = await timed(async () => {
          const token = `${attempt.token}`;
          const folder = await lab.begin(output, sortingFolder, token, { process, key });
          const result = await sortRecording(recording, {
            parameters,
            threads: lab.threads,
            scratchDir: folder,
            plan,
            signal,
            progress: (stage, done, total) => progress(done, total, stage),
          });
          await writeSortingFolder(folder, result);
          await writeManifest(folder, {
            process,
            key,
            token,
            parameters: result.parameters,
            inputs: await recordingInputs(recording),
            results: {
              units: result.sorting.unitIds.length,
              spikes: result.sorting.spikeSamples.length,
              ...(result.emptyReason === undefined ? {} : { emptyReason: result.emptyReason }),
              seconds: Object.fromEntries(result.timings.map(({ stage, seconds }) => [stage, seconds])),
            },
          });
        });
        return execution;
      } finally {
        await recording.close();
      }
    },
    insert: async (key, execution) => {
      await SIClustering.insert([{ ...key, ...execution }]);
    },
  });
}

async function readPlan(folder: string) {
  const json: unknown = JSON.parse(await readFile(join(folder, planFile), "utf8"));
  return json === null ? undefined : planFromJson(json as Record<string, unknown>);
}
