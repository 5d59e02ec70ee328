/**
 * @module
 * The failed and the running jobs of the pipeline, failures grouped by cause.
 *
 * Two failures have one cause when they are of one step and their messages are the same but for numbers, quoted text and paths: 200 units of
 * one broken recording are one thing to mend.
 */
import { findQueue, freeJobs, type JobRow, readJobs } from "@tenon/datajoint";
import { tableSteps } from "./open-lab.ts";

export interface ShownJob extends Pick<JobRow, "key" | "message" | "host" | "pid" | "user" | "time"> {
  readonly process: string;
}

/** Failed jobs of one cause. */
export interface JobCause {
  readonly process: string;
  /** The message of the newest. */
  readonly message: string;
  /** The stack of the newest. */
  readonly stack: string;
  readonly count: number;
  readonly jobs: readonly ShownJob[];
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
}

/** Failed jobs by cause, the most frequent first, and jobs at work. */
export async function readCauses(
  filter: JobFilter = {},
): Promise<{ causes: JobCause[]; running: RunningJob[] }> {
  const groups = new Map<string, (ShownJob & { readonly stack: string })[]>();
  const running: RunningJob[] = [];
  for (const { process, queue } of await queues(filter)) {
    for (const job of await readJobs(queue)) {
      const shown = shownJob(process, job);
      if (job.status === "reserved") running.push({ ...shown, isLate: job.isLate });
      if (job.status !== "error" || !isMatch(job, filter)) continue;
      const id = `${process}\n${causeOf(job.message)}`;
      groups.set(id, [...(groups.get(id) ?? []), { ...shown, stack: job.stack }]);
    }
  }
  const causes = [...groups.values()].map((jobs): JobCause => {
    const newest = jobs.at(-1)!;
    return {
      process: newest.process,
      message: newest.message,
      stack: newest.stack,
      count: jobs.length,
      jobs: jobs.map(({ stack: _stack, ...job }) => job),
    };
  });
  return { causes: causes.sort((a, b) => b.count - a.count), running };
}

/** Frees failed jobs, so that workers try them again. @returns how many */
export async function retryJobs(filter: JobFilter = {}): Promise<number> {
  let freed = 0;
  for (const { queue } of await queues(filter)) {
    const failed = (await readJobs(queue, "error")).filter((job) => isMatch(job, filter));
    if (failed.length > 0)
      freed += await freeJobs(
        queue,
        "error",
        filter.match === undefined ? undefined : failed.map((job) => job.key),
      );
  }
  return freed;
}

async function queues({ step = "" }: JobFilter) {
  const found = [];
  for (const { process, table } of tableSteps()) {
    if (!process.includes(step)) continue;
    const queue = await findQueue(table);
    if (queue !== undefined) found.push({ process, queue });
  }
  return found;
}

function isMatch(job: JobRow, { match = "" }: JobFilter): boolean {
  return job.message.includes(match);
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
