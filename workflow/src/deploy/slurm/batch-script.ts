/**
 * @module
 * The sbatch script of one worker: an array of jobs, each of which drains the queue (`run_workflow X --once`) and ends when nothing waits.
 *
 * A job that is preempted, or whose time ends, gets SIGTERM first and gives its key back or finishes it; one that is killed at once, or whose
 * node dies, loses its lease after 40 s. Either way the key is done by another job, and `--requeue` lets Slurm start this one again.
 *
 * What a newcomer would get wrong: sbatch hands all variables of the shell to the job and keeps them in its spool. These scripts take only
 * those that name no secret; the password is in the configuration file (mode 600) or in the file that it names.
 */
import { type Installation, workerProgram } from "../installation.ts";
import { dashed, leaveS, type WorkerNeeds } from "../worker-needs.ts";
import type { DeployFile } from "../written-files.ts";

export interface SlurmOptions {
  readonly partition?: string | undefined;
  readonly account?: string | undefined;
  readonly qos?: string | undefined;
  /** Slurm's own notation: minutes, `H:M:S`, `D-H`. */
  readonly time: string;
  /** Jobs of an array that is submitted by hand; `--submit` asks for as many as there is work for. */
  readonly copies: number;
  /** More options of sbatch, whole: `--constraint=a100`. */
  readonly more: readonly string[];
  /** Begins the names of jobs, so that labs do not count each other's: the prefix of the schemas. */
  readonly prefix: string;
  /** Absolute folder of the scripts and their logs. */
  readonly folder: string;
}

/** Thrown for what a line of a batch script cannot hold. */
export class SlurmError extends Error {
  override readonly name = "SlurmError";
}

/** Variables that jobs get from the shell that submits them; none may hold a secret. */
const passedOn = "PATH,HOME,USER,LOGNAME,LANG,LC_ALL,TZ,TMPDIR,NODE_COMPILE_CACHE";

/** The name of a worker's jobs, by which `--submit` counts them. */
export function jobName(prefix: string, worker: string): string {
  return `tenon-${prefix}${worker}`;
}

export function scriptPath(worker: string): string {
  return `${dashed(worker)}.sbatch`;
}

/** @throws SlurmError for a path or an option that would need quoting */
export function batchScript(
  needs: WorkerNeeds,
  installation: Installation,
  options: SlurmOptions,
): DeployFile {
  const { worker, cpus, memoryGb, gpus, graceS } = needs;
  const lines: readonly (string | undefined)[] = [
    `--job-name=${jobName(options.prefix, worker)}`,
    `--array=1-${options.copies}`,
    `--chdir=${installation.labFolder}`,
    `--output=${options.folder}/logs/%x-%A_%a.log`,
    "--open-mode=append",
    "--nodes=1",
    "--ntasks=1",
    `--cpus-per-task=${cpus}`,
    `--mem=${Math.round(memoryGb * 1024)}M`,
    gpus > 0 ? `--gres=gpu:${gpus}` : undefined,
    `--time=${options.time}`,
    options.partition === undefined ? undefined : `--partition=${options.partition}`,
    options.account === undefined ? undefined : `--account=${options.account}`,
    options.qos === undefined ? undefined : `--qos=${options.qos}`,
    "--requeue",
    `--signal=B:TERM@${graceS + leaveS}`,
    `--export=${passedOn}`,
    ...options.more,
  ];
  const given = lines.filter((line) => line !== undefined);
  const program = `${installation.program}/${workerProgram}`;
  for (const word of [...given, installation.node, program, installation.configuration])
    if (!/^[\w./@:+,=%\-[\]|&*]+$/.test(word))
      throw new SlurmError(
        `A batch script cannot hold '${word}': expected letters, digits and . _ / @ : + , = % - without blanks. Use a path or an option without others.`,
      );
  return {
    path: scriptPath(worker),
    mode: 0o755,
    content: `#!/bin/bash
# ${worker}: jobs that do what waits and end. Written by \`tenon deploy slurm\`; submit by hand with: sbatch ${scriptPath(worker)}
# The time limit is that of the longest single key; when it ends, the key at hand is given back ${graceS} s after SIGTERM.
${given.map((line) => `#SBATCH ${line}`).join("\n")}

set -u
# threads of computing steps: what Slurm gave, whatever the configuration says
export TENON_THREADS="\${SLURM_CPUS_PER_TASK:-${cpus}}"
# what the submitting program compiled is of no use to a worker, whose compilers rest at first
[ -z "\${NODE_COMPILE_CACHE:-}" ] || export NODE_COMPILE_CACHE="$NODE_COMPILE_CACHE/run-workflow"
# the job's own process is the worker, so that Slurm's signals reach it
exec ${installation.node} ${program} ${worker} --once --grace ${graceS} --config ${installation.configuration}
`,
  };
}

/** The line of a crontab that submits as many jobs as there is work for. */
export function cronLine(installation: Installation, folder: string): DeployFile {
  const command = `${installation.node} ${installation.program}/workflow/src/cli/tenon.ts deploy slurm --submit --out ${folder} --config ${installation.configuration}`;
  return {
    path: "submit.cron",
    content: `# Every five minutes: as many jobs as there is work for, less those that are queued already. Install with: crontab submit.cron (or add the line
# to the table that \`crontab -l\` shows). On clusters without cron: scrontab submit.cron
*/5 * * * * ${command} >>${folder}/logs/submit.log 2>&1
`,
  };
}
