/**
 * @module
 * The demo's three workers: started as processes, watched until nothing is left to do, stopped.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { withWorkerCache } from "../../populate/compilers.ts";
import { pipelineStatus, type StepStatus, sessionMatrix } from "../../populate/status.ts";
import { outdatedReports } from "../../populate/steps/session-report.ts";
import { workers } from "../../populate/worker.ts";
import type { ProgressSink } from "../../populate/worker-output.ts";
import type { Settings } from "../../settings/settings.ts";
import type { Context } from "../command.ts";

/** Thrown when a worker ended early or a job failed. */
export class DemoError extends Error {
  override readonly name = "DemoError";
}

/** A step may be idle for so long while nothing is finished: something is wrong then. s */
const patienceS = 120;
const pollMs = 500;

/** Starts the three workers, waits until nothing is left to do, stops them.
 * @throws DemoError with the worker's last lines when one ends early, or the first failed job */
export async function runWorkers(
  dir: string,
  context: Pick<Context, "env" | "signal">,
  settings: Settings,
  progress: ProgressSink,
): Promise<void> {
  const running = Object.keys(workers).map((name) => startWorkerProcess(name, dir, context.env));
  let [lastDone, lastChangeMs] = [-1, performance.now()];
  try {
    for (;;) {
      if (context.signal.aborted) throw context.signal.reason;
      const dead = running.find(({ child }) => child.exitCode !== null || child.signalCode !== null);
      if (dead !== undefined)
        throw new DemoError(
          `${dead.name} ended early (exit ${dead.child.exitCode ?? dead.child.signalCode}):\n${dead.lastLines()}`,
        );
      const steps = await pipelineStatus();
      const failed = steps.find((step) => step.error > 0);
      if (failed !== undefined)
        throw new DemoError(
          `${failed.process} failed; \`tenon jobs\` in ${dir} shows why:\n${allLines(running)}`,
        );
      const [done, total] = sums(steps);
      const now = steps.find((step) => step.running > 0)?.process;
      progress.update("three workers", done, total, now ?? "");
      if (await isFinished(steps, settings)) break;
      if (done !== lastDone || now !== undefined) [lastDone, lastChangeMs] = [done, performance.now()];
      if (performance.now() - lastChangeMs > patienceS * 1000)
        throw new DemoError(
          `The workers have had nothing to do for ${patienceS} s and are not finished:\n${allLines(running)}`,
        );
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  } finally {
    await Promise.all(running.map(stopWorkerProcess));
  }
  progress.finish("three workers");
}

/** Nothing is left or at work, every session has its units, and the page is written. */
async function isFinished(steps: readonly StepStatus[], { processedRoot }: Settings): Promise<boolean> {
  if (steps.some((step) => step.remaining > 0 || step.running > 0)) return false;
  const sessions = await sessionMatrix();
  if (!sessions.every((session) => session.isComplete && session.counts.metrics > 0)) return false;
  return (await outdatedReports(processedRoot)).length === 0;
}

/** Steps that are done, in parts, and all of them: keys say little, since one sorting is as much work as all plots. */
function sums(steps: readonly StepStatus[]): [number, number] {
  return [steps.reduce((sum, { done, total }) => sum + (total === 0 ? 0 : done / total), 0), steps.length];
}

interface RunningWorker {
  readonly name: string;
  readonly child: ChildProcess;
  lastLines(): string;
}

function startWorkerProcess(name: string, dir: string, env: Context["env"]): RunningWorker {
  const program = join(import.meta.dirname, "..", "run-workflow.ts");
  const child = spawn(
    process.execPath,
    [program, name, "--sleep", "1", "--config", join(dir, "dj_local_conf.json")],
    { cwd: dir, env: withWorkerCache(env), stdio: ["ignore", "ignore", "pipe"] },
  );
  let tail = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    tail = (tail + text).slice(-4000);
  });
  return { name, child, lastLines: () => tail.trim().split("\n").slice(-12).join("\n") };
}

function allLines(running: readonly RunningWorker[]): string {
  return running.map(({ name, lastLines }) => `${name}:\n${lastLines().replace(/^/gm, "  ")}`).join("\n");
}

async function stopWorkerProcess({ child }: RunningWorker): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const hard = setTimeout(() => child.kill("SIGKILL"), 20_000);
  await ended;
  clearTimeout(hard);
}
