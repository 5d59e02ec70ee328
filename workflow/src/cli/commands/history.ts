/**
 * @module
 * `tenon history`: what was run, how it ended, and how long it took.
 */
import { type Outcome, type RunRow, readRuns } from "../../operations/run-history.ts";
import { type StepRuns, summariseRuns } from "../../operations/run-summary.ts";
import { shownKey } from "../../populate/worker-output.ts";
import { type Command, UsageError, wholeNumber } from "../command.ts";
import { duration } from "../progress.ts";
import { stepsOf } from "../step-option.ts";
import { textTable } from "../text-table.ts";
import { withPipeline } from "../with-pipeline.ts";

const outcomes: readonly Outcome[] = ["done", "failed", "lost", "released"];
const unitsMs = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

export const history: Command = {
  summary: "runs and their durations: per step, and the newest one by one",
  usage: "[--since 7d] [--step NAME] [--outcome NAME] [--limit N]",
  details: `
Every attempt at a key by a Tenon worker is kept for a year: done, failed, lost (to another worker) or released (given back).
JSON: {since, steps: [{process, done, failed, other, medianS, p95S, longestS, totalH, last}], runs: [{started, process, key, outcome,
durationS, message, worker, host, pid}]}; median, 95 % and longest are of runs that were done, the total of all; times UTC.`,
  options: {
    since: { type: "string", value: "AGO", help: "so far back: 30m, 12h, 7d (default), 365d" },
    step: { type: "string", value: "NAME", help: "only steps whose name holds NAME, e.g. SIClustering" },
    outcome: { type: "string", value: "NAME", help: `only these: ${outcomes.join(", ")}` },
    limit: { type: "string", value: "N", help: "so many of the newest runs are listed (default 20)" },
  },
  words: [0, 0],
  run(args, context) {
    const since = (args.options["since"] as string | undefined) ?? "7d";
    const [, count, unit] = /^(\d+)([mhd])$/.exec(since) ?? [];
    if (count === undefined)
      throw new UsageError(`--since takes minutes, hours or days: 30m, 12h, 7d; got '${since}'.`);
    const outcome = args.options["outcome"] as Outcome | undefined;
    if (outcome !== undefined && !outcomes.includes(outcome))
      throw new UsageError(`--outcome takes ${outcomes.join(", ")}; got '${outcome}'.`);
    const limit = wholeNumber(args, "limit") ?? 20;
    const steps = stepsOf(args);
    const sinceMs = Date.now() - Number(count) * unitsMs[unit as keyof typeof unitsMs];
    return withPipeline(
      context,
      async () => {
        const runs = await readRuns({ steps, outcome, sinceMs });
        const summary = summariseRuns(runs);
        const shown = runs.slice(0, limit);
        if (context.json)
          context.out.write(
            `${JSON.stringify({ since: new Date(sinceMs).toISOString(), steps: summary, runs: shown })}\n`,
          );
        else if (runs.length === 0) context.out.write(`no runs in the last ${since}\n`);
        else context.out.write(`${[...stepLines(summary), "", ...runLines(shown)].join("\n")}\n`);
        return 0;
      },
      { create: false },
    );
  },
};

function stepLines(steps: readonly StepRuns[]): readonly string[] {
  return textTable(
    ["step", "done", "failed", "other", "median", "95 %", "longest", "total", "last (UTC)"],
    steps.map((step) => [
      step.process,
      step.done,
      step.failed,
      step.other,
      shownDuration(step.medianS),
      shownDuration(step.p95S),
      shownDuration(step.longestS),
      shownDuration(step.totalH * 3600),
      step.last.slice(0, 19),
    ]),
  );
}

function runLines(runs: readonly RunRow[]): readonly string[] {
  return textTable(
    ["began (UTC)", "step", "key", "took", "outcome", "on"],
    runs.map(({ started, process, key, durationS, outcome, message, host, pid }) => [
      started.slice(0, 19),
      process,
      shownKey(key),
      shownDuration(durationS),
      message === "" ? outcome : `${outcome}: ${message.split("\n")[0]!.slice(0, 60)}`,
      `${host} ${pid}`,
    ]),
  );
}

function shownDuration(seconds: number | undefined): string {
  if (seconds === undefined) return "-";
  return seconds < 10 ? `${seconds.toFixed(2)} s` : duration(seconds);
}
