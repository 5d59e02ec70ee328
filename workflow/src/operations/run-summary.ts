/**
 * @module
 * The history in numbers: per step how many runs, how they ended, and how long they took.
 */
import type { RunRow } from "./run-history.ts";

export interface StepRuns {
  readonly process: string;
  readonly done: number;
  readonly failed: number;
  /** Lost to another worker, or given back. */
  readonly other: number;
  /** Of those done, s; undefined without any. */
  readonly medianS: number | undefined;
  readonly p95S: number | undefined;
  readonly longestS: number | undefined;
  /** Of all runs, hours. */
  readonly totalH: number;
  /** When the newest began, UTC. */
  readonly last: string;
}

/** One line for each step, in the order in which they are met in `runs` from the oldest on. */
export function summariseRuns(runs: readonly RunRow[]): readonly StepRuns[] {
  const steps = Map.groupBy(runs.toReversed(), ({ process }) => process);
  return [...steps].map(([process, rows]): StepRuns => {
    const done = rows.filter(({ outcome }) => outcome === "done");
    const failed = rows.filter(({ outcome }) => outcome === "failed").length;
    const seconds = done.map(({ durationS }) => durationS).sort((a, b) => a - b);
    return {
      process,
      done: done.length,
      failed,
      other: rows.length - done.length - failed,
      medianS: quantile(seconds, 0.5),
      p95S: quantile(seconds, 0.95),
      longestS: seconds.at(-1),
      totalH: rows.reduce((sum, { durationS }) => sum + durationS, 0) / 3600,
      last: rows.at(-1)!.started,
    };
  });
}

/** The value below which a part of the sorted values lies (nearest rank). */
function quantile(sorted: readonly number[], part: number): number | undefined {
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)];
}
