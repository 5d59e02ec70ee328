/**
 * @module
 * `tenon pause`: a worker or a step begins no further key until `tenon resume`.
 */
import { setTimeout as sleep } from "node:timers/promises";
import {
  type PauseRow,
  type PauseTarget,
  pauseTarget,
  readPauses,
  shownTarget,
} from "../../operations/pauses.ts";
import { readPresence } from "../../populate/presence.ts";
import { shownKey } from "../../populate/worker-output.ts";
import { type Command, type Context, UsageError } from "../command.ts";
import { oneStepOf, workerOf } from "../step-option.ts";
import { textTable } from "../text-table.ts";
import { withPipeline } from "../with-pipeline.ts";

export const pause: Command = {
  summary: "workers or steps begin nothing new until `tenon resume`; without options: what is paused",
  usage: "[--worker NAME] [--step NAME] [--all] [--reason TEXT] [--wait]",
  details: `
Keys at work are finished; running workers hear of it within a few seconds, those that are idle at their next look. A paused worker stays and
waits (with --once it ends). datajoint-python's own populate knows nothing of pauses.
JSON: {paused: [{worker, process, pausedAt, pausedBy, reason}]}: all that is paused then; "" is every worker or step. Times are UTC.`,
  options: {
    worker: { type: "string", value: "NAME", help: "this worker, e.g. spike_sorting_worker" },
    step: { type: "string", value: "NAME", help: "this step, e.g. SIClustering" },
    all: { type: "boolean", help: "every step of every worker" },
    reason: { type: "string", value: "TEXT", help: "told to whoever wonders" },
    wait: { type: "boolean", help: "return when the keys at work of these steps are finished" },
  },
  words: [0, 0],
  run(args, context) {
    const [worker, process] = [workerOf(args), oneStepOf(args)];
    const all = args.options["all"] === true;
    const reason = (args.options["reason"] as string | undefined) ?? "";
    const isTold = worker !== undefined || process !== undefined;
    if (all && isTold) throw new UsageError("--all goes without --worker and --step.");
    const isWaiting = args.options["wait"] === true;
    if (isWaiting && !isTold && !all) throw new UsageError("--wait goes with --worker, --step or --all.");
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
        if (isWaiting) await untilFinished(target, context);
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

/** Seconds between two looks. */
const lookEveryS = 1;
/** Every worker has read the pause by then: twice what a reading is good for. */
const heardWithinS = 7;

/** Returns when no living worker holds a key that the pause is about. Of a worker that is not in the log it cannot be said which it is: it counts. A
 *  late key's worker is gone; paused workers take nothing over, so it waits for the end of the pause. */
async function untilFinished({ worker, process }: PauseTarget, context: Context): Promise<void> {
  let told = "";
  // a worker that read a moment before the pause may begin one more key
  await sleep(heardWithinS * 1000, undefined, { signal: context.signal });
  for (;;) {
    const held = (await readPresence(3600)).filter(
      (one) => worker === "" || one.worker === worker || one.worker === "",
    );
    const all = held.flatMap((one) => one.running).filter((job) => process === "" || job.process === process);
    const late = all.filter(({ isLate }) => isLate);
    const running = all.filter(({ isLate }) => !isLate);
    if (running.length === 0) {
      for (const job of late)
        context.err.write(
          `${job.process} ${shownKey(job.key)}: its worker on ${job.host} has not been heard of; another one does it after the pause\n`,
        );
      return;
    }
    const line = running.map((job) => `${job.process} ${shownKey(job.key)} on ${job.host}`).join("; ");
    if (line !== told) context.err.write(`waiting for ${line}\n`);
    told = line;
    await sleep(lookEveryS * 1000, undefined, { signal: context.signal });
  }
}

/** What is paused, as a table. */
export function pauseLines(paused: readonly PauseRow[]): readonly string[] {
  if (paused.length === 0) return ["nothing is paused"];
  return textTable(
    ["paused", "since (UTC)", "by", "reason"],
    paused.map((row) => [shownTarget(row), row.pausedAt.slice(0, 19), row.pausedBy, row.reason]),
  );
}
