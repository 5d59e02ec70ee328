/**
 * @module
 * What a worker is made of: steps that fill a table, and steps that are functions called once a cycle.
 *
 * What a newcomer would get wrong: `maxCalls` counts keys of one cycle, not of the worker's life; a long step before a short one starves it
 * without it.
 */
import type { PopulateTable } from "@tenon/datajoint";
import type { Resources } from "../operations/resource-pool.ts";
import type { Lab } from "./lab.ts";

export interface TableOptions {
  /** At most so many keys a cycle. Default: all there are. */
  readonly maxCalls?: number;
  /** Keys at work at the same time in one process. Default 1. */
  readonly lanes?: number;
  /** What one key takes of the process's processors, memory and GPUs. Default: one processor, half a GB. */
  readonly resources?: Resources;
}

export interface TableStep {
  readonly kind: "table";
  /** As the worker log and `tenon status` name it: `ephys.EphysRecording`. */
  readonly process: string;
  readonly table: PopulateTable;
  readonly options: TableOptions;
}

export interface TaskContext {
  readonly lab: Lab;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

export interface TaskStep {
  readonly kind: "task";
  readonly process: string;
  /** Does what there is to do; returns how much that was. */
  readonly run: (context: TaskContext) => Promise<number>;
}

export type StepDefinition = TableStep | TaskStep;

export interface WorkerDefinition {
  /** One line for `run_workflow --help`. */
  readonly summary: string;
  readonly steps: readonly StepDefinition[];
  /** SQL LIKE patterns of failures that are tried again by themselves, beside those of the configuration. */
  readonly autoclear?: readonly string[];
}

/** A step that fills a table. */
export function table(process: string, target: PopulateTable, options: TableOptions = {}): TableStep {
  return { kind: "table", process, table: target, options };
}

/** A step that is a function. */
export function task(process: string, run: TaskStep["run"]): TaskStep {
  return { kind: "task", process, run };
}
