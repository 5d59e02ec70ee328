/**
 * @module
 * Step ephys_sorter.PreProcessing: checks that a recording can be sorted as the task asks, and learns its preprocessing (band pass, common
 * median, whitening, noise of each channel) into `preprocessing/` (pipeline contract 2.7).
 *
 * What a newcomer would get wrong: a task that was triggered elsewhere has rows in Clustering and none here, and must not be sorted
 * again; so the key source leaves it out.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { planToJson, sorterParameters } from "@tenon/ephys";
import { PreProcessing } from "../../pipeline/ephys-sorter.ts";
import type { Lab } from "../lab.ts";
import { sorterParametersOf } from "./built-in-methods.ts";
import { timed } from "./execution.ts";
import { preProcessingKeys } from "./key-sources.ts";
import { learnPlan } from "./learn-plan.ts";
import { writeManifest } from "./manifest.ts";
import { recordingInputs } from "./recording-inputs.ts";
import { fetchSortingTask, keepOutputDir } from "./sorting-task.ts";

const process = "ephys_sorter.PreProcessing";
export const preprocessingFolder = "preprocessing";
export const planFile = "plan.json";

export function makePreProcessing(lab: Lab): void {
  PreProcessing.makes({
    keySource: preProcessingKeys,
    fetch: fetchSortingTask,
    compute: async (key, task, { signal, progress, attempt }) => {
      const { preprocessing } = sorterParameters(sorterParametersOf(task));
      const recording = await lab.openRecording(task);
      try {
        const { execution } = await timed(async () => {
          const token = `${attempt.token}`;
          const folder = await lab.begin(lab.outputFolder(task.outputDir), preprocessingFolder, token, {
            process,
            key,
          });
          const plan = await learnPlan(recording, preprocessing, {
            signal,
            progress: (fraction) => progress(Math.round(100 * fraction), 100, "percent"),
          });
          await writeFile(
            join(folder, planFile),
            `${JSON.stringify(plan === undefined ? null : planToJson(plan))}\n`,
          );
          await writeManifest(folder, {
            process,
            key,
            token,
            parameters: preprocessing,
            inputs: await recordingInputs(recording),
            results: {
              samplingRateHz: recording.samplingRateHz,
              sampleCount: recording.sampleCount,
              channelCount: recording.channelCount,
              usedChannels: plan?.isUsed.reduce((sum, used) => sum + used, 0) ?? 0,
            },
          });
        });
        return { execution, task };
      } finally {
        await recording.close();
      }
    },
    insert: async (key, { execution, task }) => {
      await keepOutputDir(key, task);
      await PreProcessing.insert([{ ...key, ...execution }]);
    },
  });
}
