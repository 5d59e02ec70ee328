/**
 * @module
 * `tenon jobs`: what runs and what failed, failures grouped by cause with their stack, and trying them again.
 */
import {
  type JobCause,
  type JobFilter,
  type RunningJob,
  readCauses,
  retryJobs,
} from "../../populate/job-causes.ts";
import { tableSteps } from "../../populate/open-lab.ts";
import { shownKey } from "../../populate/worker-output.ts";
import { type Command, UsageError } from "../command.ts";
import { withPipeline } from "../with-pipeline.ts";

/** Keys listed of one cause. */
const keysShown = 5;

export const jobs: Command = {
  summary: "running and failed jobs; errors grouped by cause with stack; --retry",
  usage: "[--step NAME] [--match TEXT] [--retry [--dry-run]]",
  details: `
A failed job stays failed until it is freed: mend the cause, then --retry (all failures, or those that --step and --match choose).
JSON: {running: [{process, key, host, pid, user, time, isLate}], causes: [{process, message, stack, count, jobs: [...]}], retried}.`,
  options: {
    step: { type: "string", value: "NAME", help: "only steps whose name holds NAME, e.g. SIClustering" },
    match: { type: "string", value: "TEXT", help: "only errors whose message holds TEXT" },
    retry: { type: "boolean", help: "free these failed jobs: workers try them again" },
    "dry-run": { type: "boolean", help: "with --retry: show what would be freed, free nothing" },
  },
  words: [0, 0],
  run(args, context) {
    const filter: JobFilter = {
      step: args.options["step"] as string | undefined,
      match: args.options["match"] as string | undefined,
    };
    const known = tableSteps().map(({ process }) => process);
    if (filter.step !== undefined && !known.some((process) => process.includes(filter.step!)))
      throw new UsageError(
        `--step: no step's name holds '${filter.step}'. The steps are: ${known.join(", ")}.`,
      );
    const isDry = args.options["dry-run"] === true;
    if (isDry && args.options["retry"] !== true) throw new UsageError("--dry-run goes with --retry.");
    return withPipeline(
      context,
      async () => {
        const { causes, running } = await readCauses(filter);
        const retried = args.options["retry"] === true && !isDry ? await retryJobs(filter) : 0;
        if (context.json) context.out.write(`${JSON.stringify({ running, causes, retried })}\n`);
        else {
          const failed = causes.reduce((sum, cause) => sum + cause.count, 0);
          const end =
            args.options["retry"] !== true
              ? []
              : [isDry ? `would free ${failed} failed jobs` : `freed ${retried} failed jobs`];
          context.out.write(`${[...runningLines(running), ...causeLines(causes), ...end].join("\n")}\n`);
        }
        return 0;
      },
      { create: false },
    );
  },
};

function runningLines(running: readonly RunningJob[]): string[] {
  if (running.length === 0) return ["running: none"];
  const lines = running.map(
    ({ process, key, host, pid, isLate }) =>
      `  ${process} ${shownKey(key)}, process ${pid} on ${host}${isLate ? ", late: its worker has not been heard of" : ""}`,
  );
  return [`running: ${running.length}`, ...lines];
}

function causeLines(causes: readonly JobCause[]): string[] {
  if (causes.length === 0) return ["failed: none"];
  const total = causes.reduce((sum, cause) => sum + cause.count, 0);
  const lines = causes.flatMap(({ process, message, stack, count, jobs: failed }) => [
    "",
    `${process}: ${count} failed`,
    `  ${message}`,
    ...failed
      .slice(0, keysShown)
      .map(
        ({ key, host, pid, time }) =>
          `    ${shownKey(key)} (process ${pid} on ${host}, ${time.slice(0, 19)})`,
      ),
    ...(failed.length > keysShown ? [`    and ${failed.length - keysShown} more`] : []),
    ...stack
      .split("\n")
      .filter((line) => /^\s+at /.test(line))
      .map((line) => `    ${line.trim()}`),
  ]);
  return [`failed: ${total}`, ...lines];
}
