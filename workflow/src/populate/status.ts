/**
 * @module
 * How far the pipeline is: per step, and per session.
 */
import { findQueue, type HasNode, type QueueStatus, queueStatus, readJobs } from "@tenon/datajoint";
import * as ephys from "../pipeline/ephys.ts";
import { Session } from "../pipeline/session.ts";
import { tableSteps } from "./open-lab.ts";

export interface StepStatus extends QueueStatus {
  /** `ephys.EphysRecording`. */
  readonly process: string;
}

/** Counts of every step of the workers, in their order. */
export async function pipelineStatus(): Promise<StepStatus[]> {
  const status: StepStatus[] = [];
  for (const { process, table } of tableSteps()) status.push({ process, ...(await queueStatus(table)) });
  return status;
}

/** The columns of the matrix: what is counted for a session. */
export const sessionCounts = {
  insertions: ephys.ProbeInsertion,
  recordings: ephys.EphysRecording,
  lfp: ephys.LFP,
  tasks: ephys.ClusteringTask,
  clusterings: ephys.Clustering,
  curated: ephys.CuratedClustering,
  waveforms: ephys.WaveformSet,
  metrics: ephys.QualityMetrics,
} as const;

export type SessionCount = keyof typeof sessionCounts;

export interface SessionStatus {
  /** The session's key, as the database has it. */
  readonly key: Readonly<Record<string, unknown>>;
  readonly counts: Readonly<Record<SessionCount, number>>;
  /** Failed jobs. */
  readonly errors: number;
  /** Something was recorded, and every task has its waveforms (pipeline contract 2.10). */
  readonly isComplete: boolean;
}

/** One row for each session, by key. */
export async function sessionMatrix(): Promise<SessionStatus[]> {
  const names = Session.heading.primaryKey;
  const id = (key: Readonly<Record<string, unknown>>) =>
    JSON.stringify(names.map((name) => String(key[name])));
  const counted = new Map<SessionCount, Map<string, number>>();
  for (const [column, table] of Object.entries(sessionCounts) as [SessionCount, Countable][])
    counted.set(column, tally(await table.keys(), id));
  const errors = tally(await failedKeys(), id);
  const sessions = (await Session.keys({ orderBy: "KEY" })) as Readonly<Record<string, unknown>>[];
  return sessions.map((key) => {
    const counts = Object.fromEntries(
      [...counted].map(([column, tallies]) => [column, tallies.get(id(key)) ?? 0]),
    ) as Record<SessionCount, number>;
    return {
      key,
      counts,
      errors: errors.get(id(key)) ?? 0,
      isComplete: counts.insertions > 0 && counts.tasks > 0 && counts.waveforms === counts.tasks,
    };
  });
}

/** What all tables of the matrix have in common; their row types do not matter here. */
interface Countable extends HasNode {
  keys(): Promise<Readonly<Record<string, unknown>>[]>;
}

function tally(
  keys: readonly Readonly<Record<string, unknown>>[],
  id: (key: Readonly<Record<string, unknown>>) => string,
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(id(key), (counts.get(id(key)) ?? 0) + 1);
  return counts;
}

async function failedKeys(): Promise<Readonly<Record<string, unknown>>[]> {
  const keys: Readonly<Record<string, unknown>>[] = [];
  for (const { table } of tableSteps()) {
    const queue = await findQueue(table);
    if (queue !== undefined) keys.push(...(await readJobs(queue, "error")).map((job) => job.key));
  }
  return keys;
}
