/**
 * @module
 * What one process of each worker asks of a scheduler: processors, memory, GPUs, time, and how long it gets to end. The one place where
 * Slurm, Kubernetes, Compose and systemd take their numbers from.
 *
 * Memory and GPUs are the largest that a step of the worker declares in `worker.ts`, plus what the program itself takes.
 * What a newcomer would get wrong: "threads" of a step is as many as it is given, so processors are the operator's choice (`--cpus`).
 */
import type { Resources } from "../operations/resource-pool.ts";
import type { StepDefinition } from "../populate/process.ts";
import { workers } from "../populate/worker.ts";

export interface WorkerNeeds {
  readonly worker: string;
  readonly cpus: number;
  readonly memoryGb: number;
  /** 0 with the built-in sorter. */
  readonly gpus: number;
  /** Seconds from the first SIGTERM to the moment when the job at hand is given back. */
  readonly graceS: number;
}

/** Chosen by the operator; the rest is the steps'. */
export interface NeedsOptions {
  readonly cpus?: number | undefined;
  readonly memoryGb?: number | undefined;
  /** GPUs of a worker that sorts. Default: what its steps declare. */
  readonly gpus?: number | undefined;
  readonly graceS?: number | undefined;
}

/** Threads that a computation gets unless `--cpus` says more. */
const defaultCpus = 4;
/** The program itself, its database connections and the pages it reads ahead, GB. */
const programGb = 1;
/** What a step may need that declares nothing, GB: the built-in sorter's peak on 60 s of 384 channels is 1.8 (benchmarks/results). */
const undeclaredGb = 3;
/** Seconds. A key that takes longer is given back and done again by another worker. */
export const defaultGraceS = 60;
/** Seconds that giving back, closing and leaving take at the most, after the grace. */
export const leaveS = 15;

/** The worker that `--gpus` is meant for. */
export const sortingWorker = "spike_sorting_worker";

/** Thrown for a worker that is not defined. */
export class UnknownWorkerError extends Error {
  override readonly name = "UnknownWorkerError";
}

/** Needs of the named workers, all of them by default, in the order of `worker.ts`.
 * @throws UnknownWorkerError */
export function needsOfWorkers(
  names: readonly string[] | undefined,
  options: NeedsOptions,
): readonly WorkerNeeds[] {
  const known = Object.keys(workers);
  for (const name of names ?? [])
    if (!known.includes(name))
      throw new UnknownWorkerError(`Unknown worker '${name}'. The workers are: ${known.join(", ")}.`);
  return known
    .filter((name) => names === undefined || names.includes(name))
    .map((worker) => needsOf(worker, options));
}

function needsOf(worker: string, options: NeedsOptions): WorkerNeeds {
  const declared = workers[worker]!.steps.map(resourcesOf);
  const memoryGb = Math.max(...declared.map((resources) => resources?.memoryGb ?? undeclaredGb)) + programGb;
  const cpus = declared.map((resources) => (typeof resources?.cpus === "number" ? resources.cpus : 0));
  const gpus = Math.max(0, ...declared.map((resources) => resources?.gpus ?? 0));
  return {
    worker,
    cpus: options.cpus ?? Math.max(defaultCpus, ...cpus),
    memoryGb: options.memoryGb ?? Math.ceil(memoryGb),
    gpus: worker === sortingWorker ? (options.gpus ?? gpus) : gpus,
    graceS: options.graceS ?? defaultGraceS,
  };
}

function resourcesOf(step: StepDefinition): Resources | undefined {
  if (step.kind !== "table") return { memoryGb: 0 };
  return step.options.resources;
}

/** As names of Slurm, Kubernetes, Compose and systemd are written: `spike-sorting-worker`. */
export function dashed(worker: string): string {
  return worker.replaceAll("_", "-");
}
