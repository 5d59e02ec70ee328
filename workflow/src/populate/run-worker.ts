/**
 * @module
 * The loop of one worker process: registers, then runs its steps in order, cycle after cycle, until its time, its idleness or a signal
 * ends it.
 *
 * Words: a *worker* is a named list of steps; a *process* is one step as the worker log knows it (`ephys.EphysRecording`, or a
 * function's name); a *cycle* is one pass over all steps; a cycle is *idle* when no step had anything to do.
 *
 * Source of the loop's meaning: pipeline contract 6. Differences on purpose: idle cycles are counted in a row (there: over the whole
 * life), a crash is exit code 1 (there: 0), and SIGTERM finishes or gives back the job.
 */
import { hostname } from "node:os";
import type { PopulateEvent, PopulateResult } from "@tenon/datajoint";

export interface StepContext {
  /** Aborted by SIGTERM: finish what is in hand or give it back. */
  readonly signal: AbortSignal;
  readonly onEvent: (event: PopulateEvent) => void;
}

/** One step of a worker. */
export interface Step {
  /** As the worker log and `tenon status` name it. */
  readonly process: string;
  /** Does what there is to do; returns how many keys were made and what failed. */
  readonly run: (context: StepContext) => Promise<PopulateResult>;
  /** Whether anything is left that this or another worker could do now, late leases included. */
  readonly isWaiting?: () => Promise<boolean>;
}

export interface WorkerOptions {
  /** Seconds after which no new cycle begins; undefined: no end. */
  readonly durationS?: number;
  /** Seconds between cycles. Default 30. */
  readonly sleepS?: number;
  /** One cycle, repeated while it finds work, then the end. */
  readonly once?: boolean;
  /** Ends after this many idle cycles in a row; undefined: never. */
  readonly maxIdledCycle?: number | undefined;
  readonly signal: AbortSignal;
  /** One plain line per thing worth telling. */
  readonly log: (line: string) => void;
  readonly onEvent?: (process: string, event: PopulateEvent) => void;
  /** Writes the WorkerLog row of a process about to run. */
  readonly onProcess?: (process: string) => Promise<void>;
  /** Called once a cycle after the steps: clean-up of job tables and logs. */
  readonly afterCycle?: () => Promise<void>;
  /** Seconds since some start; passed in so that tests need not wait. */
  readonly clock?: () => number;
  readonly sleep?: (seconds: number, signal: AbortSignal) => Promise<void>;
}

export interface WorkerSummary {
  readonly cycles: number;
  readonly made: number;
  readonly failed: number;
  readonly ended: "idle" | "duration" | "once" | "signal";
}

/** Runs a worker to its end.
 * @throws what a step throws outside of a key (a lost database that does not come back) after ten tries in a row */
export async function runWorker(
  name: string,
  steps: readonly Step[],
  options: WorkerOptions,
): Promise<WorkerSummary> {
  const clock = options.clock ?? (() => performance.now() / 1000);
  const sleep = options.sleep ?? wait;
  const sleepS = options.sleepS ?? 30;
  const start = clock();
  let [cycles, made, failed, idle, troubles] = [0, 0, 0, 0, 0];
  const summary = (ended: WorkerSummary["ended"]): WorkerSummary => ({ cycles, made, failed, ended });
  options.log(`${name} on ${hostname()}, process ${process.pid}: ${steps.length} steps`);

  while (!options.signal.aborted) {
    if (options.durationS !== undefined && clock() - start >= options.durationS) return summary("duration");
    let found = 0;
    try {
      for (const step of steps) {
        if (options.signal.aborted) return summary("signal");
        await options.onProcess?.(step.process);
        const result = await step.run({
          signal: options.signal,
          onEvent: (event) => options.onEvent?.(step.process, event),
        });
        made += result.successCount;
        failed += result.errors.length;
        found += result.successCount + result.errors.length;
      }
      await options.afterCycle?.();
      troubles = 0;
    } catch (error) {
      if (options.signal.aborted) return summary("signal");
      // a step reports what fails for one key; what arrives here is the database or the program
      troubles++;
      if (troubles >= 10) throw error;
      options.log(`${name}: ${(error as Error).message} (trouble ${troubles} of 10 in a row; going on)`);
      await sleep(Math.min(60, 2 ** troubles), options.signal);
      continue;
    }
    cycles++;
    if (found > 0) {
      idle = 0;
      continue;
    }
    idle++;
    if (options.once === true && !(await anyWaiting(steps))) return summary("once");
    if (options.maxIdledCycle !== undefined && idle >= options.maxIdledCycle) return summary("idle");
    await sleep(options.once === true ? Math.min(sleepS, 5) : sleepS, options.signal);
  }
  return summary("signal");
}

/** A `--once` worker that sees late leases stays until they can be taken over (leases.md 6). */
async function anyWaiting(steps: readonly Step[]): Promise<boolean> {
  for (const step of steps) if ((await step.isWaiting?.()) === true) return true;
  return false;
}

function wait(seconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, seconds * 1000);
    signal.addEventListener("abort", done);
  });
}
