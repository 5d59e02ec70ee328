/**
 * @module
 * The preprocessing of a sorting's recording: what PreProcessing learned, or learned anew for sortings of other programs.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type PreprocessingPlan, planFromJson, type Recording } from "@tenon/ephys";
import type { Lab } from "../lab.ts";
import { learnPlan } from "./learn-plan.ts";
import { planFile, preprocessingFolder } from "./pre-processing.ts";
import type { SortingTask } from "./sorting-task.ts";

/** @returns undefined for a recording in which no channel can be used */
export async function preprocessingPlanOf(
  lab: Lab,
  task: SortingTask,
  recording: Recording,
  signal: AbortSignal,
): Promise<PreprocessingPlan | undefined> {
  const path = join(lab.outputFolder(task.outputDir), preprocessingFolder, planFile);
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text !== undefined) {
    const json = JSON.parse(text) as Record<string, unknown> | null;
    return json === null ? undefined : planFromJson(json);
  }
  return learnPlan(recording, {}, { signal });
}
