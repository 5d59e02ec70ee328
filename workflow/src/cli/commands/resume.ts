/**
 * @module
 * `tenon resume`: ends pauses.
 */
import { readPauses, resumeTarget, shownTarget } from "../../operations/pauses.ts";
import { type Command, UsageError } from "../command.ts";
import { oneStepOf, workerOf } from "../step-option.ts";
import { withPipeline } from "../with-pipeline.ts";
import { pauseLines } from "./pause.ts";

export const resume: Command = {
  summary: "ends what `tenon pause` began",
  usage: "[--worker NAME] [--step NAME] [--all]",
  details: `
With the options that the pause was given; --all ends every pause (with --worker or --step: every one of these).
Exit 1 when there is no such pause. JSON: {resumed: [...], paused: [...]}, as \`tenon pause\` writes them.`,
  options: {
    worker: { type: "string", value: "NAME", help: "this worker, e.g. spike_sorting_worker" },
    step: { type: "string", value: "NAME", help: "this step, e.g. SIClustering" },
    all: { type: "boolean", help: "every pause" },
  },
  words: [0, 0],
  run(args, context) {
    const [worker, process] = [workerOf(args), oneStepOf(args)];
    const all = args.options["all"] === true;
    if (!all && worker === undefined && process === undefined)
      throw new UsageError(
        "tenon resume needs --worker, --step or --all. `tenon pause` lists what is paused.",
      );
    return withPipeline(
      context,
      async () => {
        const target = { worker: worker ?? "", process: process ?? "" };
        const resumed = await resumeTarget(target, all);
        const paused = await readPauses();
        for (const row of resumed) context.err.write(`${shownTarget(row)}: resumed\n`);
        if (resumed.length === 0) context.err.write(`${shownTarget(target)} was not paused\n`);
        context.out.write(
          context.json ? `${JSON.stringify({ resumed, paused })}\n` : `${pauseLines(paused).join("\n")}\n`,
        );
        return resumed.length > 0 || (all && paused.length === 0) ? 0 : 1;
      },
      { create: false },
    );
  },
};
