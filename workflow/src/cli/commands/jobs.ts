/**
 * @module
 * `tenon jobs`: what runs and what failed, failures grouped by cause with their stack, and trying them again.
 */
import {
  type FailedJob,
  ignoreFailedJobs,
  type JobCause,
  type JobFilter,
  type RunningJob,
  readCauses,
  retryJobs,
} from "../../populate/job-causes.ts";
import { tableSteps } from "../../populate/open-lab.ts";
import { mostRetries } from "../../populate/retry-errors.ts";
import { shownKey } from "../../populate/worker-output.ts";
import { type Command, UsageError } from "../command.ts";
import { stepsOf } from "../step-option.ts";
import { withPipeline } from "../with-pipeline.ts";

/** Keys listed of one cause. */
const keysShown = 5;

export const jobs: Command = {
  summary: "running and failed jobs; errors grouped by cause with stack; --retry, --ignore, --dead",
  usage: "[--step NAME] [--match TEXT] [--dead | --ignored] [--retry | --ignore [--dry-run]]",
  details: `
A failed job stays failed until it is freed: mend the cause, then --retry (all failures, or those that the options choose). Failures that say
nothing against the key (deadlocks, lost connections) and those that custom.autoclear_error_patterns names are tried again by the workers, with
a pause that doubles; --dead shows those that were given up. --ignore sets failures aside, --ignored shows them, --ignored --retry frees them.
JSON: {running: [{process, key, host, pid, user, time, isLate}], causes: [{process, message, stack, count, dead, jobs: [{process, key, message,
host, pid, user, time, retries, nextRetry, isDead}]}], retried}, with --ignore also ignored.`,
  options: {
    step: { type: "string", value: "NAME", help: "only steps whose name holds NAME, e.g. SIClustering" },
    match: { type: "string", value: "TEXT", help: "only errors whose message holds TEXT" },
    dead: { type: "boolean", help: "only dead letters: tried again as often as may be, in vain" },
    ignored: { type: "boolean", help: "what was set aside with --ignore, instead of what failed" },
    retry: { type: "boolean", help: "free these jobs: workers try them again" },
    ignore: { type: "boolean", help: "set these failed jobs aside: workers leave them" },
    "dry-run": { type: "boolean", help: "with --retry or --ignore: show what would be done, do nothing" },
  },
  words: [0, 0],
  run(args, context) {
    const step = args.options["step"] as string | undefined;
    stepsOf(
      args,
      tableSteps().map(({ process }) => process),
    );
    const isOn = (name: string) => args.options[name] === true;
    if (isOn("dry-run") && !isOn("retry") && !isOn("ignore"))
      throw new UsageError("--dry-run goes with --retry or --ignore.");
    if (isOn("retry") && isOn("ignore")) throw new UsageError("--retry and --ignore exclude each other.");
    if (isOn("ignored") && isOn("ignore")) throw new UsageError("--ignored are ignored already.");
    if (isOn("ignored") && isOn("dead")) throw new UsageError("--ignored and --dead exclude each other.");
    return withPipeline(
      context,
      async ({ settings }) => {
        const filter: JobFilter = {
          step,
          match: args.options["match"] as string | undefined,
          dead: isOn("dead"),
          ignored: isOn("ignored"),
          mostRetries: settings.mostRetries ?? mostRetries,
        };
        const { causes, running } = await readCauses(filter);
        const isDry = isOn("dry-run");
        const retried = isOn("retry") && !isDry ? await retryJobs(filter) : 0;
        const ignored = isOn("ignore") && !isDry ? await ignoreFailedJobs(filter) : 0;
        if (context.json)
          context.out.write(
            `${JSON.stringify({ running, causes, retried, ...(isOn("ignore") ? { ignored } : {}) })}\n`,
          );
        else {
          const count = causes.reduce((sum, cause) => sum + cause.count, 0);
          const what = isOn("ignored") ? "ignored" : isOn("dead") ? "dead" : "failed";
          const end = isOn("retry")
            ? [isDry ? `would free ${count} ${what} jobs` : `freed ${retried} ${what} jobs`]
            : isOn("ignore")
              ? [isDry ? `would set ${count} jobs aside` : `set ${ignored} jobs aside`]
              : [];
          const lines = [...runningLines(running), ...causeLines(causes, what), ...end];
          context.out.write(`${lines.join("\n")}\n`);
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

function causeLines(causes: readonly JobCause[], what: "failed" | "dead" | "ignored"): string[] {
  if (causes.length === 0) return [`${what}: none`];
  const total = causes.reduce((sum, cause) => sum + cause.count, 0);
  const lines = causes.flatMap(({ process, message, stack, count, dead, jobs: failed }) => [
    "",
    `${process}: ${count} ${what}${dead > 0 && what !== "dead" ? `, ${dead} given up` : ""}`,
    `  ${message}`,
    ...failed
      .slice(0, keysShown)
      .map(
        (job) =>
          `    ${shownKey(job.key)} (process ${job.pid} on ${job.host}, ${job.time.slice(0, 19)}${shownFate(job)})`,
      ),
    ...(failed.length > keysShown ? [`    and ${failed.length - keysShown} more`] : []),
    ...stack
      .split("\n")
      .filter((line) => /^\s+at /.test(line))
      .map((line) => `    ${line.trim()}`),
  ]);
  return [`${what}: ${total}`, ...lines];
}

function shownFate({ retries, nextRetry, isDead }: FailedJob): string {
  if (isDead) return `; tried ${retries + 1} times, given up`;
  return nextRetry === undefined
    ? ""
    : `; retry ${retries + 1} at ${nextRetry.slice(0, 19).replace("T", " ")} UTC`;
}
