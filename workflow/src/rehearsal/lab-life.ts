/**
 * @module
 * A synthetic lab in a rehearsal: two generated sessions, and the pipeline's three workers as processes of `run_workflow` that are killed and
 * started again until everything is done. What they leave is compared with the same lab lived through undisturbed.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Connection, connect } from "@tenon/datajoint";
import { generateRecording, Random } from "@tenon/ephys";
import { addParamset } from "../ingest/paramsets.ts";
import { planRegistration, register } from "../ingest/register-session.ts";
import { CuratedClusteringUnit } from "../pipeline/ephys.ts";
import { withWorkerCache } from "../populate/compilers.ts";
import { openLab } from "../populate/open-lab.ts";
import { pipelineStatus, type StepStatus, sessionMatrix } from "../populate/status.ts";
import { workers } from "../populate/worker.ts";
import { loadSettings, type Settings } from "../settings/settings.ts";
import { tlsKeys, workerEnvironment } from "./worker-database.ts";

export interface LabLifeOptions {
  /** Of the lab: database and prefix of the rehearsal. */
  readonly settings: Settings;
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly leaseS: number;
  readonly seed: number;
  /** Workers killed while the lab lives; 0: undisturbed. */
  readonly kills: number;
  readonly signal: AbortSignal;
  readonly onProgress?: (done: number, total: number, step: string) => void;
}

export interface LabLife {
  readonly kills: number;
  readonly steps: readonly Pick<StepStatus, "process" | "total" | "done">[];
  /** Spike counts of every session's units, sorted: the same lab gives the same. */
  readonly units: readonly string[];
  readonly seconds: number;
  readonly problems: readonly string[];
}

const sessions = 2;
const recordingS = 2;
const limitS = 900;

/** Lives through the lab in `folder`, on the database of `settings`. */
export async function liveThrough(options: LabLifeOptions): Promise<LabLife> {
  const startMs = performance.now();
  const { folder, kills, seed, signal } = options;
  const settings = await makeFolder(options);
  await using connection = await connect(settings.database);
  await openLab(connection, settings);
  for (let i = 0; i < sessions; i++)
    await addSession(connection, settings, seed + i, `mouse${i + 1}`, signal);
  await addParamset(connection, { method: "tenon", description: "built-in sorter, defaults", params: {} });

  const chance = new Random(seed);
  const running = Object.keys(workers).map(
    (name) => new KeptWorker(name, folder, workerEnvironment(options.settings.database, options.env)),
  );
  let killed = 0;
  let nextKillMs = performance.now() + 2000;
  const problems: string[] = [];
  let steps: readonly StepStatus[] = [];
  try {
    for (;;) {
      signal.throwIfAborted();
      steps = await pipelineStatus();
      const total = steps.reduce((sum, step) => sum + step.total, 0);
      const done = steps.reduce((sum, step) => sum + step.done, 0);
      options.onProgress?.(done, total, steps.find((step) => step.running > 0)?.process ?? "");
      if (await isFinished(steps)) break;
      if (performance.now() - startMs > limitS * 1000) {
        problems.push(`not finished after ${limitS} s: ${done} of ${total} keys done`);
        break;
      }
      if (killed < kills && performance.now() > nextKillMs) {
        if (running[Math.floor(chance.uniform() * running.length)]!.kill()) killed++;
        nextKillMs = performance.now() + 1000 + 3000 * chance.uniform();
      }
      await sleep(300);
    }
  } finally {
    await Promise.all(running.map((worker) => worker.end()));
  }
  for (const step of steps) {
    if (step.error > 0) problems.push(`${step.process}: ${step.error} keys failed`);
    if (step.remaining > 0 || step.running > 0)
      problems.push(`${step.process}: ${step.remaining} keys are left`);
  }
  return {
    kills: killed,
    steps: steps.map(({ process, total, done }) => ({ process, total, done })),
    units: await unitsOf(),
    seconds: Math.round((performance.now() - startMs) / 100) / 10,
    problems,
  };
}

/** What differs between two lives of the same lab, one sentence each. */
export function differencesOf(disturbed: LabLife, undisturbed: LabLife): string[] {
  const problems: string[] = [];
  for (const [i, { process, total, done }] of undisturbed.steps.entries()) {
    const other = disturbed.steps[i];
    if (other === undefined || other.total !== total || other.done !== done)
      problems.push(
        `${process}: ${done} of ${total} keys without faults, ${other?.done ?? 0} of ${other?.total ?? 0} with them`,
      );
  }
  const [a, b] = [undisturbed.units.join("; "), disturbed.units.join("; ")];
  if (a !== b) problems.push(`units differ: without faults ${a}; with them ${b}`);
  return problems;
}

async function makeFolder({ folder, settings, env, leaseS }: LabLifeOptions): Promise<Settings> {
  await rm(folder, { recursive: true, force: true });
  for (const name of ["raw", "processed"]) await mkdir(join(folder, name), { recursive: true });
  const custom = {
    "database.prefix": settings.prefix,
    raw_root_data_dir: "raw",
    processed_root_data_dir: "processed",
    generation: settings.generation,
    lease_seconds: leaseS,
    threads: 1,
  };
  const stores = { "datajoint-blob": { protocol: "file", location: "processed/datajoint-blob" } };
  const file = join(folder, "dj_local_conf.json");
  await writeFile(file, `${JSON.stringify({ ...tlsKeys(settings.database), custom, stores })}\n`, {
    mode: 0o600,
  });
  return { ...loadSettings({ file, env: { HOME: env["HOME"] } }), database: settings.database };
}

async function addSession(
  connection: Connection,
  { rawRoots }: Settings,
  seed: number,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  await generateRecording("tiny", seed, rawRoots[0]!, { name, durationS: recordingS, signal });
  const path = join(rawRoots[0]!, `${name}_g0`);
  const person = { subject: name, sex: "U", birthDate: "2026-01-01" } as const;
  await register(connection, await planRegistration({ path, rawRoots, ...person }));
}

async function isFinished(steps: readonly StepStatus[]): Promise<boolean> {
  if (steps.some((step) => step.remaining > 0 || step.running > 0)) return false;
  const all = await sessionMatrix();
  return all.length === sessions && all.every((session) => session.isComplete && session.counts.metrics > 0);
}

/** Clusters and their spike counts, of all sessions, in one order. */
async function unitsOf(): Promise<string[]> {
  const units = await CuratedClusteringUnit.fetch({ orderBy: ["subject", "insertion_number", "unit"] });
  return units.map(
    (row) => `${row.subject} probe ${row.insertion_number} unit ${row.unit}: ${row.spike_count} spikes`,
  );
}

/** A worker of the pipeline that is started again whenever it is gone. */
class KeptWorker {
  readonly #start: () => ChildProcess;
  #child: ChildProcess;
  #isEnding = false;

  constructor(name: string, folder: string, env: NodeJS.ProcessEnv) {
    const program = fileURLToPath(new URL("../cli/run-workflow.ts", import.meta.url));
    this.#start = () => {
      const child = spawn(process.execPath, [program, name, "--sleep", "1"], {
        cwd: folder,
        env: withWorkerCache(env),
        stdio: "ignore",
      });
      child.once("close", () => {
        if (!this.#isEnding) this.#child = this.#start();
      });
      return child;
    };
    this.#child = this.#start();
  }

  /** Whether there was one to kill. */
  kill(): boolean {
    return this.#child.kill("SIGKILL");
  }

  async end(): Promise<void> {
    this.#isEnding = true;
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("close", resolve));
    child.kill("SIGTERM");
    const hard = setTimeout(() => child.kill("SIGKILL"), 30_000);
    await ended;
    clearTimeout(hard);
  }
}
