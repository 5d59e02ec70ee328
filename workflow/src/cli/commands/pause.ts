/**
 * @module
 * `tenon pause`: a worker or a step begins no further key until `tenon resume`.
 */
import { type PauseRow, pauseTarget, readPauses, shownTarget } from "../../operations/pauses.ts";
import { type Command, UsageError } from "../command.ts";
import { oneStepOf, workerOf } from "../step-option.ts";
import { textTable } from "../text-table.ts";
import { withPipeline } from "../with-pipeline.ts";

export const pause: Command = {
  summary: "workers or steps begin nothing new until `tenon resume`; without options: what is paused",
  usage: "[--worker NAME] [--step NAME] [--all] [--reason TEXT]",
  details: `
Keys at work are finished; running workers hear of it within a few seconds, those that are idle at their next look. A paused worker stays and
waits (with --once it ends). datajoint-python's own populate knows nothing of pauses.
JSON: {paused: [{worker, process, pausedAt, pausedBy, reason}]}: all that is paused then; "" is every worker or step. Times are UTC.`,
  options: {
    worker: { type: "string", value: "NAME", help: "this worker, e.g. spike_sorting_worker" },
    step: { type: "string", value: "NAME", help: "this step, e.g. SIClustering" },
    all: { type: "boolean", help: "every step of every worker" },
    reason: { type: "string", value: "TEXT", help: "told to whoever wonders" },
  },
  words: [0, 0],
  run(args, context) {
    const [worker, process] = [workerOf(args), oneStepOf(args)];
    const all = args.options["all"] === true;
    const reason = (args.options["reason"] as string | undefined) ?? "";
    const isTold = worker !== undefined || process !== undefined;
    if (all && isTold) throw new UsageError("--all goes without --worker and --step.");
    if (reason !== "" && !isTold && !all)
      throw new UsageError("--reason goes with --worker, --step or --all.");
    if (reason.length > 255)
      throw new UsageError(`--reason takes up to 255 characters, got ${reason.length}.`);
    return withPipeline(
      context,
      async () => {
        const target = { worker: worker ?? "", process: process ?? "" };
        if (isTold || all) {
          const isNew = await pauseTarget(target, reason);
          context.err.write(`${shownTarget(target)}: ${isNew ? "paused" : "was paused already"}\n`);
        }
        const paused = await readPauses();
        context.out.write(
          context.json ? `${JSON.stringify({ paused })}\n` : `${pauseLines(paused).join("\n")}\n`,
        );
        return 0;
      },
      { create: isTold || all },
    );
  },
};

/** What is paused, as a table. */
export function pauseLines(paused: readonly PauseRow[]): readonly string[] {
  if (paused.length === 0) return ["nothing is paused"];
  return textTable(
    ["paused", "since (UTC)", "by", "reason"],
    paused.map((row) => [shownTarget(row), row.pausedAt.slice(0, 19), row.pausedBy, row.reason]),
  );
}
