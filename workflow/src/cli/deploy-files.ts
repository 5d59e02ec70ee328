/**
 * @module
 * What the commands `tenon deploy ...` have in common: the options for files and for what a worker needs, and writing or showing the files.
 */
import { resolve } from "node:path";
import { needsOfWorkers, UnknownWorkerError, type WorkerNeeds } from "../deploy/worker-needs.ts";
import { type DeployFile, planFiles, writeFiles } from "../deploy/written-files.ts";
import { type Arguments, type Context, type OptionSpec, UsageError, wholeNumber } from "./command.ts";

/** Options of every command that writes files. */
export const fileOptions: Readonly<Record<string, OptionSpec>> = {
  out: { type: "string", value: "DIR", help: "folder for the files" },
  "dry-run": { type: "boolean", help: "print the files, write nothing" },
  force: { type: "boolean", help: "also replace files that were edited (kept as NAME.before)" },
};

/** Options of every command that starts workers. */
export const needsOptions: Readonly<Record<string, OptionSpec>> = {
  worker: { type: "string", value: "NAME", multiple: true, help: "only this worker; may be repeated" },
  cpus: { type: "string", value: "N", help: "processors of a worker (default 4, or what a step declares)" },
  memory: {
    type: "string",
    value: "GB",
    help: "memory of a worker (default: what its largest step declares, and 1)",
  },
  gpus: {
    type: "string",
    value: "N",
    help: "GPUs of spike_sorting_worker (default: what its step declares; built-in: 0)",
  },
  grace: {
    type: "string",
    value: "S",
    help: "seconds from SIGTERM until the job at hand is given back (default 60)",
  },
};

/** What the chosen workers need, by the options.
 * @throws UsageError */
export function needsFrom(args: Arguments): readonly WorkerNeeds[] {
  try {
    return needsOfWorkers(args.options["worker"] as readonly string[] | undefined, {
      cpus: wholeNumber(args, "cpus", 1),
      memoryGb: wholeNumber(args, "memory", 1),
      gpus: wholeNumber(args, "gpus"),
      graceS: wholeNumber(args, "grace", 1),
    });
  } catch (error) {
    if (error instanceof UnknownWorkerError) throw new UsageError(`--worker: ${error.message}`);
    throw error;
  }
}

/** The absolute folder of `--out`. */
export function outFolder(args: Arguments, context: Context, otherwise: string): string {
  return resolve(context.folder, (args.options["out"] as string | undefined) ?? otherwise);
}

/** Writes the files, or shows them; `next` is what to do with them, one line each. JSON: `{folder, dryRun, files: [{path, state}]}`.
 * @throws EditedFilesError */
export async function deliver(
  args: Arguments,
  context: Context,
  folder: string,
  files: readonly DeployFile[],
  next: readonly string[],
): Promise<number> {
  const dryRun = args.options["dry-run"] === true;
  const force = args.options["force"] === true;
  const states = await (dryRun ? planFiles : writeFiles)(folder, files, force);
  if (context.json) {
    const shown = dryRun ? states.map((state, i) => ({ ...state, content: files[i]!.content })) : states;
    context.out.write(`${JSON.stringify({ folder, dryRun, files: shown })}\n`);
    return 0;
  }
  if (dryRun)
    for (const { path, content } of files) context.out.write(`==> ${path} <==\n${content.trimEnd()}\n\n`);
  else {
    for (const { path, state } of states) context.out.write(`${state.padEnd(9)} ${folder}/${path}\n`);
    context.out.write(`${next.join("\n")}\n`);
  }
  return 0;
}
