/**
 * @module
 * `tenon deploy slurm`: batch scripts of the workers, and, with `--submit`, as many jobs as there is work for.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { installationOf } from "../../deploy/installation.ts";
import { batchScript, cronLine, SlurmError, scriptPath } from "../../deploy/slurm/batch-script.ts";
import { slurmClient } from "../../deploy/slurm/slurm-client.ts";
import { submitWaiting } from "../../deploy/slurm/submission.ts";
import { type Arguments, type Command, type Context, UsageError, wholeNumber } from "../command.ts";
import { deliver, fileOptions, needsFrom, needsOptions, outFolder } from "../deploy-files.ts";
import { textTable } from "../text-table.ts";
import { withPipeline } from "../with-pipeline.ts";

export const deploySlurm: Command = {
  summary: "batch scripts for Slurm: job arrays that drain the queue; --submit",
  usage: "[--out DIR] [--worker NAME ...] [--partition P] [--account A] [--time T] | --submit",
  details: `
Writes NAME.sbatch for each worker and submit.cron into DIR (default ./slurm). A job runs \`run_workflow NAME --once\`: it does what waits and
ends. Program, configuration and data are on a file system that all nodes have; the database is MySQL or MariaDB; the scripts hold no password.
--submit asks the database what waits and squeue what is queued, and submits the difference: run it as often as you like.
JSON of --submit: {workers: [{worker, waiting, queued, submit, job}]}.`,
  options: {
    ...fileOptions,
    ...needsOptions,
    partition: { type: "string", value: "P", help: "Slurm's partition" },
    account: { type: "string", value: "A", help: "account to charge" },
    qos: { type: "string", value: "Q", help: "quality of service" },
    time: { type: "string", value: "T", help: "limit of a job, e.g. 8:00:00 (default 1-0: one day)" },
    copies: { type: "string", value: "N", help: "jobs of an array that is submitted by hand (default 4)" },
    sbatch: {
      type: "string",
      value: "OPTION",
      multiple: true,
      help: "one more option of sbatch: --sbatch=--constraint=a100",
    },
    submit: { type: "boolean", help: "submit as many jobs as there is work for (scripts of DIR)" },
    most: {
      type: "string",
      value: "N",
      help: "with --submit: at most so many jobs of a worker (default 20)",
    },
    "keys-per-job": {
      type: "string",
      value: "N",
      help: "with --submit: one job per N waiting keys (default 1)",
    },
  },
  words: [0, 0],
  async run(args, context) {
    if (args.options["submit"] === true) return submit(args, context);
    for (const name of ["most", "keys-per-job"])
      if (args.options[name] !== undefined) throw new UsageError(`--${name} goes with --submit.`);
    const settings = context.settings();
    const installation = installationOf(settings, "Slurm jobs");
    const folder = outFolder(args, context, "slurm");
    const text = (name: string) => args.options[name] as string | undefined;
    const options = {
      partition: text("partition"),
      account: text("account"),
      qos: text("qos"),
      time: text("time") ?? "1-0",
      copies: wholeNumber(args, "copies", 1) ?? 4,
      more: (args.options["sbatch"] as readonly string[] | undefined) ?? [],
      prefix: settings.prefix,
      folder,
    };
    const needs = needsFrom(args);
    const files = [
      ...needs.map((need) => batchScript(need, installation, options)),
      cronLine(installation, folder),
      // Slurm does not make the folder of its logs
      { path: "logs/.keep", content: "" },
    ];
    return deliver(args, context, folder, files, [
      `submit what there is work for: tenon deploy slurm --submit --out ${folder}   (submit.cron does it every five minutes)`,
    ]);
  },
};

async function submit(args: Arguments, context: Context): Promise<number> {
  const folder = outFolder(args, context, "slurm");
  const isDry = args.options["dry-run"] === true;
  const names = needsFrom(args)
    .map(({ worker }) => worker)
    // without --worker those that have a script
    .filter((worker) => args.options["worker"] !== undefined || existsSync(join(folder, scriptPath(worker))));
  const missing = names.filter((worker) => !existsSync(join(folder, scriptPath(worker))));
  if (names.length === 0 || missing.length > 0)
    throw new SlurmError(
      `There is no ${missing.length > 0 ? scriptPath(missing[0]!) : "batch script"} in ${folder}. Write it first: tenon deploy slurm --out ${folder}`,
    );
  const limits = {
    most: wholeNumber(args, "most", 1) ?? 20,
    keysPerJob: wholeNumber(args, "keys-per-job", 1) ?? 1,
  };
  installationOf(context.settings(), "Slurm jobs");
  return withPipeline(
    context,
    async ({ settings }) => {
      const done = await submitWaiting(
        settings,
        slurmClient(clean(context.env)),
        folder,
        names,
        limits,
        isDry,
      );
      if (context.json) context.out.write(`${JSON.stringify({ dryRun: isDry, workers: done })}\n`);
      else
        context.out.write(
          `${textTable(
            ["worker", "waiting", "queued", isDry ? "would submit" : "submitted", "job"],
            done.map(({ worker, waiting, queued, submit: jobs, job }) => [
              worker,
              waiting,
              queued,
              jobs,
              job ?? "",
            ]),
          ).join("\n")}\n`,
        );
      return 0;
    },
    { create: false },
  );
}

/** The variables without any that configure a database or hold a secret: sbatch would keep them. */
function clean(env: Context["env"]): Context["env"] {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^DJ_|PASS|SECRET|TOKEN|ACCESS_KEY/i.test(name)),
  );
}
