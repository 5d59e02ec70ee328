/**
 * @module
 * Which clustering methods a task in mode `trigger` can run here.
 */
import type { GivenSorterParameters } from "@tenon/ephys";
import { checkSorterParameters } from "../../ingest/sorter-parameters.ts";
import type { SortingTask } from "./sorting-task.ts";

/** Thrown when a task asks for a sorter that Tenon cannot run. */
export class MethodError extends Error {
  override readonly name = "MethodError";
  readonly method: string;
  constructor(message: string, method: string) {
    super(message);
    this.method = method;
  }
}

/** The parameters of a task for the built-in sorter.
 * @throws MethodError for another sorter; SorterParametersError */
export function sorterParametersOf(task: SortingTask): GivenSorterParameters {
  if (task.method !== "tenon")
    throw new MethodError(
      `The clustering method '${task.method}' cannot be triggered: the only sorter that Tenon runs by itself is 'tenon'; others are not there ` +
        `yet. Run '${task.method}' yourself, copy its output into ${task.outputDir} below the processed root, and set the task's task_mode to 'load'; ` +
        "or add a task with a parameter set of 'tenon'.",
      task.method,
    );
  return checkSorterParameters(task.params);
}
