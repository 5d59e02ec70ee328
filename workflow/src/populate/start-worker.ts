/**
 * @module
 * Starts one worker process: connects, binds the pipeline, registers, and runs the loop of `run-worker.ts` over its steps until its time,
 * its idleness or a signal ends it.
 */
import { connect, Leases, LostConnectionError, type PopulateEvent, retry } from "@tenon/datajoint";
import { checkRawRoots } from "../ingest/paths.ts";
import { freshly } from "../operations/freshly.ts";
import { Notifier } from "../operations/notifier.ts";
import { PauseWatch } from "../operations/pause-watch.ts";
import { readPriorities } from "../operations/priorities.ts";
import { ResourcePool } from "../operations/resource-pool.ts";
import { RunRecorder } from "../operations/run-history.ts";
import type { StructuredLog } from "../operations/structured-log.ts";
import { serveMetrics, type WorkerMetrics } from "../operations/worker-metrics.ts";
import type { Settings } from "../settings/settings.ts";
import { wakeCompilers } from "./compilers.ts";
import { giveMemoryBack } from "./give-memory-back.ts";
import { causeOf } from "./job-causes.ts";
import { timingOf } from "./lease-timing.ts";
import { limitsOf, openLab } from "./open-lab.ts";
import type { TaskStep, WorkerDefinition } from "./process.ts";
import { ErrorRetries, firstPauseS, mostRetries } from "./retry-errors.ts";
import { runWorker, type Step, type WorkerSummary } from "./run-worker.ts";
import { Sweeper } from "./sweeper.ts";
import { type TableStepTools, tableStep, turnOf } from "./table-step.ts";
import { WorkerJournal } from "./worker-log.ts";
import { type ProgressSink, shownKey, tellOf, told } from "./worker-output.ts";

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
  /** Takes the events of keys instead of lines for people. */
  readonly structured?: StructuredLog | undefined;
  /** Of this program, for metrics. */
  readonly version: string;
}

/** Runs a worker to its end.
 * @throws PathError, before anything is made, when there is no raw root; AccessError, LostConnectionError, SettingsError when the database cannot be used; ResultsError when the results cannot */
export async function startWorker(
  name: string,
  worker: WorkerDefinition,
  settings: Settings,
  options: StartOptions,
): Promise<WorkerSummary> {
  await using notifier = new Notifier({
    worker: name,
    targets: settings.notices(),
    log: options.log,
    causeOf,
    shownKey,
  });
  try {
    return await work(name, worker, settings, options, notifier);
  } catch (error) {
    if (!options.signal.aborted) notifier.stopped(error);
    throw error;
  }
}

async function work(
  name: string,
  worker: WorkerDefinition,
  settings: Settings,
  options: StartOptions,
  notifier: Notifier,
): Promise<WorkerSummary> {
  for (const root of checkRawRoots(settings.rawRoots))
    options.log(`warning: the raw root ${root} does not exist`);
  await using connection = await connect(settings.database);
  // workers that begin at the same time declare the same tables and insert the same lookups
  const { lab, differences } = await retry(() => openLab(connection, settings), { signal: options.signal });
  for (const difference of differences) options.log(`warning: ${difference}`);
  await lab.checkProcessedRoot();
  await using leases = await Leases.open(settings.database, timingOf(settings.leaseS));
  await using journal = new WorkerJournal(connection, name);
  await journal.register(worker, {
    run_duration: options.durationS ?? -1,
    sleep_duration: options.sleepS ?? 30,
    max_idled_cycle: settings.maxIdledCycle ?? -1,
    db_prefix: settings.prefix,
  });
  const tables = worker.steps.filter((step) => step.kind === "table");
  const retries = new ErrorRetries(tables, journal, {
    autoclear: [...settings.autoclearErrorPatterns, ...(worker.autoclear ?? [])],
    mostRetries: settings.mostRetries ?? mostRetries,
    firstPauseS: settings.retryPauseS ?? firstPauseS,
    onGivenUp: (process, key, message) => notifier.givenUp(process, key, message),
  });
  const pauses = new PauseWatch(name, options.log);
  const tools = {
    lab,
    leases,
    giveBack: options.giveBack,
    pauses,
    priorities: freshly(3000, readPriorities),
  };
  const steps: Step[] = worker.steps.map((step) =>
    step.kind === "table"
      ? told(tableStep(step, tools), options)
      : taskStep(step, tools, journal, options.log),
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
  await using history = new RunRecorder(name, journal.user, options.log);
  await using metrics = await metricsOf(name, settings, options);
  const tell =
    options.structured === undefined
      ? tellOf(options)
      : (process: string, event: PopulateEvent) => options.structured!.hear(process, event);
  // more often than their pause is of no use
  const lookForRetries = atMostEvery((settings.retryPauseS ?? firstPauseS) * 1000, () => retries.retry());
  // awaited here: what is disposed of at the end is in use until then
  const summary = await runWorker(name, possible, {
    pool,
    ...(options.durationS === undefined ? {} : { durationS: options.durationS }),
    ...(options.sleepS === undefined ? {} : { sleepS: options.sleepS }),
    once: options.once,
    maxIdledCycle: settings.maxIdledCycle,
    signal: options.signal,
    log: options.log,
    onEvent: (process, event) => {
      if (event.kind === "started") wakeCompilers();
      tell(process, event);
      history.hear(process, event);
      metrics?.hear(process, event);
      notifier.hear(process, event);
      if (event.kind === "done") retries.done(process, event.key);
    },
    onProcess: (process) => journal.begin(process),
    afterCycle: async () => {
      const freed = (await lookForRetries()) ?? 0;
      if (freed > 0) options.log(`${freed} failed for reasons that pass, and will be tried again`);
      await journal.cleanUp();
      await history.cleanUp();
      return freed;
    },
    onIdle: atMostEvery(60_000, giveMemoryBack),
  });
  await retries.settle();
  return summary;
}

/** Does it unless it was done a short while ago. */
function atMostEvery<T>(ms: number, work: () => T): () => T | undefined {
  let lastMs = Number.NEGATIVE_INFINITY;
  return () => {
    if (performance.now() - lastMs < ms) return undefined;
    lastMs = performance.now();
    return work();
  };
}

/** Where they are asked for. A port that is taken is no reason not to work. */
async function metricsOf(
  worker: string,
  { metrics: { port, host } }: Settings,
  { log, version }: StartOptions,
): Promise<WorkerMetrics | undefined> {
  if (port === undefined) return undefined;
  try {
    const metrics = await serveMetrics({ worker, version, host, port });
    log(`metrics at ${metrics.address}`);
    return metrics;
  } catch (error) {
    log(
      `warning: metrics are not served: ${host}:${port}: ${(error as NodeJS.ErrnoException).code === "EADDRINUSE" ? "the port is taken, by another worker perhaps; 0 takes any that is free" : (error as Error).message}`,
    );
    return undefined;
  }
}

/** A step that is a function: what it throws is kept and told, and the worker goes on. */
function taskStep(
  { process, run }: TaskStep,
  tools: Pick<TableStepTools, "lab" | "pauses">,
  journal: WorkerJournal,
  log: (line: string) => void,
): Step {
  return {
    process,
    run: ({ signal }) =>
      turnOf(process, tools, async () => {
        try {
          return { successCount: await run({ lab: tools.lab, signal, log }), errors: [] };
        } catch (error) {
          if (error instanceof LostConnectionError) throw error;
          const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
          log(`${process}: failed: ${message}`);
          await journal.error({ process, message: `${name}: ${message}`, stack: stack ?? "" });
          return { successCount: 0, errors: [] };
        }
      }),
  };
}
