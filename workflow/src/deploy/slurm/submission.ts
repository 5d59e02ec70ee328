/**
 * @module
 * How many jobs to submit from what waits: enough for the keys that are free, less the jobs that are queued already, and no more than a cap.
 *
 * It can be run as often as one likes (cron): without new work a second run submits nothing. A job drains the queue, so it does more than one
 * key when there are more keys than jobs.
 */
import { connect } from "@tenon/datajoint";
import { pipelineStatus, type StepStatus } from "../../populate/status.ts";
import { workers } from "../../populate/worker.ts";
import type { Settings } from "../../settings/settings.ts";
import { jobName, scriptPath } from "./batch-script.ts";
import type { SlurmClient } from "./slurm-client.ts";

export interface SubmissionLimits {
  /** Jobs of one worker that may be queued at once. */
  readonly most: number;
  /** Keys that one more job is worth. */
  readonly keysPerJob: number;
}

export interface Submission {
  readonly worker: string;
  /** Keys that are free to be taken, those of dead workers included. */
  readonly waiting: number;
  /** Jobs that wait or run. */
  readonly queued: number;
  readonly submit: number;
  /** Slurm's number; absent when nothing was submitted. */
  readonly job?: string;
}

/** Keys that a worker could take now: free ones, and late ones, whose worker has died. */
export function waitingOf(worker: string, steps: readonly StepStatus[]): number {
  const own = new Set(workers[worker]!.steps.map(({ process }) => process));
  return steps
    .filter(({ process }) => own.has(process))
    .reduce((sum, { remaining, late }) => sum + remaining + late, 0);
}

/** How many to submit. Jobs that run are counted too: they take the next key when they are done with theirs. */
export function jobsToSubmit(waiting: number, queued: number, limits: SubmissionLimits): number {
  const wanted = Math.min(limits.most, Math.ceil(waiting / limits.keysPerJob));
  return Math.max(0, wanted - queued);
}

/** Counts, and submits unless it is a dry run. Two at a time wait for each other, so that they do not submit the same twice.
 * @param folder  absolute folder of the scripts
 * @throws SlurmError */
export async function submitWaiting(
  settings: Settings,
  client: SlurmClient,
  folder: string,
  names: readonly string[],
  limits: SubmissionLimits,
  isDry: boolean,
): Promise<readonly Submission[]> {
  await using connection = await connect(settings.database);
  // the lock is its session's; the pipeline is read on others
  // awaited here: the connection is closed at the end
  return await connection.transaction(async () => {
    const lock = `tenon-submit-${settings.prefix}`.slice(0, 64);
    await connection.run({ text: "SELECT GET_LOCK(?, 300) AS got", parameters: [lock] });
    try {
      const steps = await pipelineStatus();
      const queued = await client.queued(names.map((worker) => jobName(settings.prefix, worker)));
      const done: Submission[] = [];
      for (const worker of names) {
        const waiting = waitingOf(worker, steps);
        const there = queued.get(jobName(settings.prefix, worker)) ?? 0;
        const submit = jobsToSubmit(waiting, there, limits);
        const plan = { worker, waiting, queued: there, submit };
        const isSubmitted = submit > 0 && !isDry;
        done.push(
          isSubmitted
            ? { ...plan, job: await client.submit(`${folder}/${scriptPath(worker)}`, submit) }
            : plan,
        );
      }
      return done;
    } finally {
      await connection.run({ text: "SELECT RELEASE_LOCK(?) AS released", parameters: [lock] });
    }
  });
}
