/**
 * @module
 * `tenon demo`: a lab in a folder. Generates a recording with known truth, registers it, lets the three workers do their steps as
 * separate processes, and says how many of the true units are in the database.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { connect } from "@tenon/datajoint";
import { generateRecording, readTruth, scoreSorting } from "@tenon/ephys";
import { addParamset } from "../../ingest/paramsets.ts";
import { planRegistration, register } from "../../ingest/register-session.ts";
import { activatePipeline } from "../../pipeline/activate.ts";
import { databaseSorting } from "../../populate/database-sorting.ts";
import { pipelineStatus, type StepStatus } from "../../populate/status.ts";
import { workers } from "../../populate/worker.ts";
import { loadSettings, type Settings } from "../../settings/settings.ts";
import { type Command, type Context, UsageError, wholeNumber } from "../command.ts";
import { makeProgress, type ProgressSink } from "../progress.ts";
import { suiteName } from "./generate.ts";

const defaultSuite = "poly64";
const marker = "demo.json";

export const demo: Command = {
  summary: "a lab in a folder: generated recording, three workers, sorted units, report",
  usage: "[--in DIR] [--suite NAME] [--seed N]",
  details: `
Leaves DIR/raw, DIR/processed, the configuration DIR/dj_local_conf.json and the database (DIR/tenon.sqlite; with DJ_HOST, DJ_USER and DJ_PASS
set, schemas demo_* on that server). Every worker is a process of its own. Afterwards, in DIR: tenon status, tenon jobs.`,
  options: {
    in: {
      type: "string",
      value: "DIR",
      help: "folder of the lab, default demo; one that an earlier demo made is made anew",
    },
    suite: {
      type: "string",
      value: "NAME",
      help: `generated recording, default ${defaultSuite}; see tenon generate --help`,
    },
    seed: { type: "string", value: "N", help: "whole number, default 1" },
  },
  words: [0, 0],
  async run(args, context) {
    const started = performance.now();
    const dir = resolve(context.folder, (args.options["in"] as string | undefined) ?? "demo");
    const suite = suiteName((args.options["suite"] as string | undefined) ?? defaultSuite);
    const seed = wholeNumber(args, "seed") ?? 1;
    const progress = makeProgress(context.err);
    const settings = await makeLab(dir, context);

    const truthPath = await record(dir, suite, seed, progress);
    await using connection = await connect(settings.database);
    await activatePipeline(connection, settings);
    await registerDemo(connection, settings, dir, suite);
    await runWorkers(dir, context, progress);

    const result = await summarise(settings, truthPath);
    const seconds = Math.round((performance.now() - started) / 100) / 10;
    const summary = { dir, ...result, seconds };
    context.out.write(context.json ? `${JSON.stringify(summary)}\n` : summaryText(summary));
    return 0;
  },
};

/** Makes the folder and its configuration; refuses a folder that holds anything but an earlier demo. */
async function makeLab(dir: string, context: Context): Promise<Settings> {
  if (existsSync(dir)) {
    const names = await readdir(dir);
    if (names.length > 0 && !names.includes(marker))
      throw new UsageError(`${dir} holds files that no demo made. Give an empty or new folder with --in.`);
    for (const name of names) await rm(join(dir, name), { recursive: true });
  }
  await mkdir(join(dir, "raw"), { recursive: true });
  await mkdir(join(dir, "processed"));
  await writeFile(join(dir, marker), `${JSON.stringify({ madeBy: "tenon demo" })}\n`);
  const custom = {
    "database.prefix": "demo_",
    raw_root_data_dir: "raw",
    processed_root_data_dir: "processed",
  };
  const stores = { "datajoint-blob": { protocol: "file", location: "processed/datajoint-blob" } };
  const file = join(dir, "dj_local_conf.json");
  await writeFile(file, `${JSON.stringify({ custom, stores }, null, 2)}\n`);
  return loadSettings({ file, env: context.env });
}

async function record(
  dir: string,
  suite: Parameters<typeof generateRecording>[0],
  seed: number,
  progress: ProgressSink,
) {
  const what = `record ${suite}, seed ${seed}`;
  const made = await generateRecording(suite, seed, join(dir, "raw"), {
    progress: (done, total) => progress.update(what, done, total),
  });
  progress.finish(what, `${made.units.length} true units`);
  return made.truthPath;
}

async function registerDemo(
  connection: Parameters<typeof register>[0],
  settings: Settings,
  dir: string,
  suite: string,
) {
  const folder = (await readdir(join(dir, "raw"))).find((name) => name.startsWith(suite));
  const plan = await planRegistration({
    path: join(dir, "raw", folder ?? suite),
    rawRoots: settings.rawRoots,
    subject: "demo1",
    sex: "U",
    birthDate: "2026-01-01",
  });
  await register(connection, plan);
  await addParamset(connection, { method: "tenon", description: "built-in sorter, defaults", params: {} });
}

/** Starts the three workers, waits until nothing is left to do, stops them.
 * @throws Error with the worker's last lines when one ends early, or the first failed job */
async function runWorkers(dir: string, context: Context, progress: ProgressSink): Promise<void> {
  const running = Object.keys(workers).map((name) => startWorkerProcess(name, dir, context));
  try {
    for (;;) {
      if (context.signal.aborted) throw context.signal.reason;
      const dead = running.find(({ child }) => child.exitCode !== null);
      if (dead !== undefined)
        throw new Error(`${dead.name} ended early (exit ${dead.child.exitCode}):\n${dead.lastLines()}`);
      const steps = await pipelineStatus();
      const failed = steps.find((step) => step.error > 0);
      if (failed !== undefined)
        throw new Error(
          `${failed.process} failed; \`tenon jobs\` in ${dir} shows why:\n${running.map((r) => r.lastLines()).join("\n")}`,
        );
      const [done, total] = sums(steps);
      const now = steps.find((step) => step.running > 0)?.process;
      progress.update(`three workers${now === undefined ? "" : `: ${now}`}`, done, total);
      if (isFinished(steps)) break;
      await new Promise((done) => setTimeout(done, 500));
    }
  } finally {
    await Promise.all(running.map(stopWorkerProcess));
  }
  progress.finish("three workers");
}

/** Steps whose tables have nothing to do, with the last one done at least once. */
function isFinished(steps: readonly StepStatus[]): boolean {
  return steps.every((step) => step.remaining === 0 && step.running === 0 && step.done >= 1);
}

function sums(steps: readonly StepStatus[]): [number, number] {
  // a step that waits for an earlier one has no keys yet; it counts as one to do
  return [steps.reduce((sum, s) => sum + s.done, 0), steps.reduce((sum, s) => sum + Math.max(1, s.total), 0)];
}

interface RunningWorker {
  readonly name: string;
  readonly child: ChildProcess;
  lastLines(): string;
}

function startWorkerProcess(name: string, dir: string, context: Context): RunningWorker {
  const program = join(import.meta.dirname, "..", "run-workflow.ts");
  const child = spawn(
    process.execPath,
    [program, name, "--sleep", "1", "--config", join(dir, "dj_local_conf.json")],
    {
      cwd: dir,
      env: { ...context.env } as NodeJS.ProcessEnv,
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  let tail = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    tail = (tail + text).slice(-4000);
  });
  return { name, child, lastLines: () => tail.trim().split("\n").slice(-12).join("\n") };
}

async function stopWorkerProcess({ child }: RunningWorker): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((done) => child.once("exit", done));
  child.kill("SIGTERM");
  const hard = setTimeout(() => child.kill("SIGKILL"), 20_000);
  await ended;
  clearTimeout(hard);
}

interface Result {
  readonly trueUnits: number;
  readonly detectableUnits: number;
  readonly wellDetected: number;
  readonly unitsInDatabase: number;
  readonly figures: readonly string[];
  readonly report: string;
  readonly phy: string;
}

/** Scores what is in the database against the truth, and lists what is on the disk. */
async function summarise(settings: Settings, truthPath: string): Promise<Result> {
  const truth = await readTruth(truthPath);
  const sorting = await databaseSorting({ subject: "demo1" });
  const score = scoreSorting(truth, sorting);
  const files = (await readdir(settings.processedRoot, { recursive: true })).map((name) =>
    join(settings.processedRoot, name),
  );
  const report = files.find((file) => file.endsWith("report.html"));
  const params = files.find((file) => file.endsWith("params.py"));
  if (report === undefined || params === undefined)
    throw new Error(
      `The workers finished, but ${settings.processedRoot} lacks ${report === undefined ? "report.html" : "params.py"}.`,
    );
  return {
    trueUnits: score.trueUnits,
    detectableUnits: score.detectableUnits,
    wellDetected: score.wellDetected,
    unitsInDatabase: sorting.unitIds.length,
    figures: files.filter((file) => /\.(svg|png)$/.test(file)).sort(),
    report,
    phy: resolve(params, ".."),
  };
}

function summaryText(s: Result & { dir: string; seconds: number }): string {
  return `
true units                    ${s.trueUnits}, of which ${s.detectableUnits} are detectable (SNR > 5)
well detected                 ${s.wellDetected} of ${s.detectableUnits} (accuracy >= 0.8)
units in the database         ${s.unitsInDatabase}
figures                       ${s.figures.length} files, e.g. ${s.figures[0] ?? "-"}
report page                   ${s.report}
Phy folder                    ${s.phy}
took                          ${s.seconds} s

Look at the report page in a browser. In ${s.dir}: tenon status, tenon jobs.
`;
}
