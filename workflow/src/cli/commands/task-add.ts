/**
 * @module
 * `tenon task add`: clustering tasks for the insertions that match.
 */
import { planTasks } from "../../ingest/paramsets.ts";
import { ClusteringTask } from "../../pipeline/ephys.ts";
import { type Command, required, UsageError, wholeNumber } from "../command.ts";
import { withPipeline } from "../with-pipeline.ts";

export const taskAdd: Command = {
  summary: "add clustering tasks: insertions x parameter set",
  usage: "--paramset N [--subject S] [--datetime TEXT] [--insertion N] [--mode load|trigger]",
  details: `
Takes every insertion that matches (all without a filter). 'trigger' runs the sorter, 'load' reads results that are in the output folder already.
A task that is there with the other mode gets the one that --mode says, unless it is done.`,
  options: {
    paramset: { type: "string", value: "N", help: "paramset_idx" },
    subject: { type: "string", value: "S", help: "only this subject" },
    datetime: { type: "string", value: "TEXT", help: "only this session" },
    insertion: { type: "string", value: "N", help: "only this insertion number" },
    mode: { type: "string", value: "MODE", help: "trigger (default) or load" },
    "dry-run": { type: "boolean", help: "show the tasks, insert nothing" },
  },
  words: [0, 0],
  run(args, context) {
    required(args, "paramset");
    const mode = args.options["mode"];
    if (mode !== undefined && mode !== "load" && mode !== "trigger")
      throw new UsageError(`--mode is load or trigger, got '${String(mode)}'.`);
    const request = {
      paramset: wholeNumber(args, "paramset")!,
      subject: args.options["subject"] as string | undefined,
      datetime: args.options["datetime"] as string | undefined,
      insertion: wholeNumber(args, "insertion"),
      mode,
    } as const;
    const work = async () => {
      const { tasks, changed, notIngested, present } = await planTasks(request);
      const dryRun = args.options["dry-run"] === true;
      if (!dryRun && tasks.length > 0) await ClusteringTask.insert(tasks);
      if (!dryRun) for (const task of changed) await ClusteringTask.update1(task);
      if (context.json)
        context.out.write(`${JSON.stringify({ tasks, changed, present, notIngested, dryRun })}\n`);
      else {
        for (const task of tasks)
          context.out.write(
            `${dryRun ? "would add" : "added"} ${task.subject} ${task.session_datetime} insertion ${task.insertion_number} -> ${task.clustering_output_dir}\n`,
          );
        for (const task of changed)
          context.out.write(
            `${dryRun ? "would change" : "changed"} ${task.subject} ${task.session_datetime} insertion ${task.insertion_number} to mode ${task.task_mode}\n`,
          );
        if (present > 0) context.out.write(`${present} had this task already\n`);
        if (notIngested > 0)
          context.out.write(
            `${notIngested} not ingested yet: run \`run_workflow standard_worker --once\`, then this again\n`,
          );
      }
      return tasks.length + changed.length === 0 && notIngested > 0 ? 1 : 0;
    };
    // a task needs a session that is registered, so there is nothing to make
    return withPipeline(context, work, { create: false });
  },
};
