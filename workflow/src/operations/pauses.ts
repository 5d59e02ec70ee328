/**
 * @module
 * Pauses: a worker, a step, or both begin no further key until someone resumes them. Keys at work are finished.
 *
 * What a newcomer would get wrong: a pause binds Tenon's workers only; datajoint-python's `populate` knows nothing of it.
 */
import { deleteFrom } from "@tenon/datajoint";
import { Pause } from "../pipeline/operation.ts";
import { again, isThere, whoami } from "./operation-tables.ts";
import { utcNow } from "./utc.ts";

/** What is paused: "" for every worker, "" for every step. */
export interface PauseTarget {
  readonly worker: string;
  readonly process: string;
}

export interface PauseRow extends PauseTarget {
  /** UTC. */
  readonly pausedAt: string;
  readonly pausedBy: string;
  readonly reason: string;
}

/** Everything that is paused, the oldest first. */
export async function readPauses(): Promise<readonly PauseRow[]> {
  if (!isThere(Pause)) return [];
  const rows = await again(() => Pause.query.fetch({ orderBy: ["paused_at"] }));
  return rows.map((row) => ({
    worker: String(row.worker_name),
    process: String(row.process),
    pausedAt: String(row.paused_at),
    pausedBy: String(row.paused_by),
    reason: String(row.reason),
  }));
}

/** Pauses a target; a pause that is there already is kept as it is.
 * @returns whether it is new */
export async function pauseTarget({ worker, process }: PauseTarget, reason: string): Promise<boolean> {
  const key = { worker_name: worker, process };
  if (await Pause.restrict(key).exists()) return false;
  const row = { ...key, paused_at: utcNow(), paused_by: whoami(), reason };
  await again(() => Pause.insert([row], { skipDuplicates: true }));
  return true;
}

/** Ends pauses: those of exactly this target, or with `all` every one that touches it.
 * @returns those that were ended */
export async function resumeTarget(target: PauseTarget, all: boolean): Promise<readonly PauseRow[]> {
  const ended = (await readPauses()).filter((pause) =>
    all ? touches(pause, target) : pause.worker === target.worker && pause.process === target.process,
  );
  for (const { worker, process } of ended)
    await again(() => deleteFrom(Pause.restrict({ worker_name: worker, process })));
  return ended;
}

/** Whether a pause holds up a worker's step. */
export function isPausedBy(pause: PauseTarget, { worker, process }: PauseTarget): boolean {
  return (
    (pause.worker === "" || pause.worker === worker) && (pause.process === "" || pause.process === process)
  );
}

/** Whether a pause is within what a person means: "" means all. */
function touches(pause: PauseTarget, { worker, process }: PauseTarget): boolean {
  return (worker === "" || pause.worker === worker) && (process === "" || pause.process === process);
}

/** `worker standard_worker`, `step ephys.LFP of every worker`, `every worker`. */
export function shownTarget({ worker, process }: PauseTarget): string {
  if (process === "") return worker === "" ? "every worker" : `worker ${worker}`;
  return worker === "" ? `step ${process}` : `step ${process} of worker ${worker}`;
}
