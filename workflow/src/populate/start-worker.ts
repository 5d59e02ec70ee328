/**
 * @module
 * Starts one worker process: connects, binds the pipeline, registers, and runs the loop of `run-worker.ts` over its steps until its time,
 * its idleness or a signal ends it.
 */
import { connect, Leases, LostConnectionError, type PopulateResult, retry } from "@tenon/datajoint";
import { checkRawRoots } from "../ingest/paths.ts";
import { ResourcePool } from "../operations/resource-pool.ts";
import type { Settings } from "../settings/settings.ts";
import { GenericErrors } from "./generic-errors.ts";
import type { Lab } from "./lab.ts";
import { timingOf } from "./lease-timing.ts";
import { limitsOf, openLab } from "./open-lab.ts";
import type { TaskStep, WorkerDefinition } from "./process.ts";
import { runWorker, type Step, type WorkerSummary } from "./run-worker.ts";
import { Sweeper } from "./sweeper.ts";
import { tableStep } from "./table-step.ts";
import { WorkerJournal } from "./worker-log.ts";
import { type ProgressSink, tellOf, told } from "./worker-output.ts";

export interface StartOptions {
  /** Seconds after which no new cycle begins; undefined: no end. */
  readonly durationS?: number;
  /** Seconds between cycles that found nothing. Default 30. */
  readonly sleepS?: number;
  /** Ends when nothing is left to do. */
  readonly once: boolean;
  /** A line for every key. */
  readonly verbose: boolean;
  /** Aborted to end: the key at work is finished. */
  readonly signal: AbortSignal;
  /** Aborted to give the key at work back. */
  readonly giveBack: AbortSignal;
  readonly log: (line: string) => void;
  readonly progress: ProgressSink;
}

/** Runs a worker to its end.
 * @throws PathError, before anything is made, when there is no raw root; AccessError, LostConnectionError, SettingsError when the database cannot be used; ResultsError when the results cannot */
export async function startWorker(
  name: string,
  worker: WorkerDefinition,
  settings: Settings,
  options: StartOptions,
): Promise<WorkerSummary> {
  for (const root of checkRawRoots(settings.rawRoots))
    options.log(`warning: the raw root ${root} does not exist`);
  await using connection = await connect(settings.database);
  // workers that begin at the same time declare the same tables and insert the same lookups
  const { lab, differences } = await retry(() => openLab(connection, settings), { signal: options.signal });
  for (const difference of differences) options.log(`warning: ${difference}`);
  await lab.checkProcessedRoot();
  await using leases = await Leases.open(settings.database, timingOf(settings.leaseS));
  const journal = new WorkerJournal(connection, name);
  await journal.register(worker, {
    run_duration: options.durationS ?? -1,
    sleep_duration: options.sleepS ?? 30,
    max_idled_cycle: settings.maxIdledCycle ?? -1,
    db_prefix: settings.prefix,
  });
  const generic = new GenericErrors(journal);
  const tables = worker.steps.filter((step) => step.kind === "table");
  const tools = { lab, leases, giveBack: options.giveBack };
  const steps: Step[] = worker.steps.map((step) =>
    step.kind === "table" ? told(tableStep(step, tools), options) : taskStep(step, lab, journal, options.log),
  );
  const limits = limitsOf(settings);
  const pool = new ResourcePool(limits, settings.threads);
  // said once; another worker, with more, does them
  const possible = steps.filter((step) => {
    const why = step.resources === undefined ? undefined : pool.whyNever(step.resources);
    if (why !== undefined) options.log(`${step.process}: left to other workers: it needs ${why}`);
    return why === undefined;
  });
  await using _sweeper = await Sweeper.start(lab, options.log);
  const tell = tellOf(options);
  // awaited here: what is disposed of at the end is in use until then
  return await runWorker(name, possible, {
    pool,
    ...(options.durationS === undefined ? {} : { durationS: options.durationS }),
    ...(options.sleepS === undefined ? {} : { sleepS: options.sleepS }),
    once: options.once,
    maxIdledCycle: settings.maxIdledCycle,
    signal: options.signal,
    log: options.log,
    onEvent: tell,
    onProcess: (process) => journal.begin(process),
    afterCycle: async () => {
      const freed = await generic.retry(tables);
      if (freed > 0) options.log(`${freed} failed for reasons that pass, and will be tried again`);
      await journal.cleanUp();
      return freed;
    },
  });
}

/** A step that is a function: what it throws is kept and told, and the worker goes on. */
function taskStep(step: TaskStep, lab: Lab, journal: WorkerJournal, log: (line: string) => void): Step {
  return {
    process: step.process,
    run: async ({ signal }): Promise<PopulateResult> => {
      try {
        return { successCount: await step.run({ lab, signal, log }), errors: [] };
      } catch (error) {
        if (error instanceof LostConnectionError) throw error;
        const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
        log(`${step.process}: failed: ${message}`);
        await journal.error({ process: step.process, message: `${name}: ${message}`, stack: stack ?? "" });
        return { successCount: 0, errors: [] };
      }
    },
  };
}
