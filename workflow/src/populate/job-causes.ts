/**
 * @module
 * The failed and the running jobs of the pipeline, failures grouped by cause.
 *
 * Two failures have one cause when they are of one step and their messages are the same but for numbers, quoted text and paths: 200 units of
 * one broken recording are one thing to mend.
 */
import { findQueue, freeJobs, ignoreJobs, type JobQueue, type JobRow, readJobs } from "@tenon/datajoint";
import { forgetRetry, type RetryState, readRetries } from "../operations/retries.ts";
import { jobHash } from "./job-hash.ts";
import { tableSteps } from "./open-lab.ts";

export interface ShownJob extends Pick<JobRow, "key" | "message" | "host" | "pid" | "user" | "time"> {
  readonly process: string;
}

/** A failed job, and what workers do about it by themselves. */
export interface FailedJob extends ShownJob {
  /** How often it was tried again so far. */
  readonly retries: number;
  /** When it is tried again, UTC; undefined: not by itself. */
  readonly nextRetry: string | undefined;
  /** It was tried again as often as it may be: a dead letter. */
  readonly isDead: boolean;
}

/** Failed jobs of one cause. */
export interface JobCause {
  readonly process: string;
  /** The message of the newest. */
  readonly message: string;
  /** The stack of the newest. */
  readonly stack: string;
  readonly count: number;
  /** Of these, dead letters. */
  readonly dead: number;
  readonly jobs: readonly FailedJob[];
}

export interface RunningJob extends ShownJob {
  /** Its worker has not been heard of since its lease ended. */
  readonly isLate: boolean;
}

export interface JobFilter {
  /** Only steps whose name holds this text. */
  readonly step?: string | undefined;
  /** Only failures whose message holds this text. */
  readonly match?: string | undefined;
  /** Only dead letters: tried again by workers as often as may be, in vain. */
  readonly dead?: boolean;
  /** Jobs that are ignored instead of those that failed. */
  readonly ignored?: boolean;
  /** How often a job is tried again. */
  readonly mostRetries: number;
}

/** Failed jobs by cause, the most frequent first, and jobs at work. */
export async function readCauses(filter: JobFilter): Promise<{ causes: JobCause[]; running: RunningJob[] }> {
  const groups = new Map<string, (FailedJob & { readonly stack: string })[]>();
  const running: RunningJob[] = [];
  for (const { process, failed, reserved } of await readQueues(filter)) {
    running.push(...reserved.map((job) => ({ ...shownJob(process, job), isLate: job.isLate })));
    for (const { job, fate } of failed) {
      const id = `${process}\n${causeOf(job.message)}`;
      const shown = { ...shownJob(process, job), ...fate, stack: job.stack };
      groups.set(id, [...(groups.get(id) ?? []), shown]);
    }
  }
  const causes = [...groups.values()].map((jobs): JobCause => {
    const newest = jobs.at(-1)!;
    return {
      process: newest.process,
      message: newest.message,
      stack: newest.stack,
      count: jobs.length,
      dead: jobs.filter(({ isDead }) => isDead).length,
      jobs: jobs.map(({ stack: _stack, ...job }) => job),
    };
  });
  return { causes: causes.sort((a, b) => b.count - a.count), running };
}

/** Jobs at work. */
export async function readRunning(): Promise<readonly RunningJob[]> {
  return (await readCauses({ mostRetries: 0 })).running;
}

/** Frees failed jobs, so that workers try them again, as often by themselves as new ones. @returns how many */
export async function retryJobs(filter: JobFilter): Promise<number> {
  let freed = 0;
  for (const { process, queue, failed } of await readQueues(filter)) {
    for (const { job } of failed) await forgetRetry({ process, keyHash: jobHash(queue, job.key) });
    const keys = failed.map(({ job }) => job.key);
    if (keys.length > 0) freed += await freeJobs(queue, filter.ignored === true ? "ignore" : "error", keys);
  }
  return freed;
}

/** Sets failed jobs aside: no worker tries them, and they count as ignored. @returns how many */
export async function ignoreFailedJobs(filter: JobFilter): Promise<number> {
  let ignored = 0;
  for (const { queue, failed } of await readQueues(filter))
    ignored += await ignoreJobs(
      queue,
      failed.map(({ job }) => job.key),
    );
  return ignored;
}

interface ReadQueue {
  readonly process: string;
  readonly queue: JobQueue;
  readonly failed: readonly { readonly job: JobRow; readonly fate: Fate }[];
  readonly reserved: readonly JobRow[];
}

type Fate = Pick<FailedJob, "retries" | "nextRetry" | "isDead">;

/** The queues of the steps, with those of their jobs that the filter chooses. */
async function readQueues(filter: JobFilter): Promise<readonly ReadQueue[]> {
  const { step = "", match = "", dead = false, ignored = false, mostRetries } = filter;
  const states = new Map((await readRetries()).map((state) => [`${state.process} ${state.keyHash}`, state]));
  const found: ReadQueue[] = [];
  for (const { process, table } of tableSteps()) {
    if (!process.includes(step)) continue;
    const queue = await findQueue(table);
    if (queue === undefined) continue;
    const jobs = await readJobs(queue);
    const failed = jobs
      .filter(({ status, message }) => status === (ignored ? "ignore" : "error") && message.includes(match))
      .map((job) => ({
        job,
        fate: fateOf(states.get(`${process} ${jobHash(queue, job.key)}`), ignored, mostRetries),
      }))
      .filter(({ fate }) => !dead || fate.isDead);
    found.push({ process, queue, failed, reserved: jobs.filter(({ status }) => status === "reserved") });
  }
  return found;
}

function fateOf(state: RetryState | undefined, isIgnored: boolean, mostRetries: number): Fate {
  const isDead = state !== undefined && state.count >= mostRetries;
  const isWaiting = state !== undefined && !isDead && !isIgnored;
  return {
    retries: state?.count ?? 0,
    nextRetry: isWaiting ? new Date(state.nextMs).toISOString() : undefined,
    isDead,
  };
}

function shownJob(process: string, { key, message, host, pid, user, time }: JobRow): ShownJob {
  return { process, key, message, host, pid, user, time };
}

/** A message without what differs from key to key. */
export function causeOf(message: string): string {
  return message
    .replace(/'[^']*'|"[^"]*"|`[^`]*`/g, "'…'")
    .replace(/(?:\/[\w.@~+-]+)+\/?/g, "/…")
    .replace(/\d+(?:\.\d+)?/g, "N");
}
