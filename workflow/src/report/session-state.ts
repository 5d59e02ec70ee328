/**
 * @module
 * What is there of each session, as one short text that changes when its report page would: counts of the rows that the page shows, and
 * the times of its sortings.
 */
import { createHash } from "node:crypto";
import type { HasNode } from "@tenon/datajoint";
import { LFPSpectrogram } from "../pipeline/analysis.ts";
import {
  Clustering,
  ClusteringTask,
  CuratedClusteringUnit,
  EphysRecording,
  LFP,
  QualityMetricsCluster,
  WaveformSet,
} from "../pipeline/ephys.ts";
import { ProbeLevelReport, UnitLevelReport } from "../pipeline/ephys-report.ts";
import { Session, SessionDirectory } from "../pipeline/session.ts";

/** Raise it when pages are to be written anew though nothing they show has changed. */
const pageVersion = 1;

export interface SessionState {
  readonly key: Readonly<Record<string, unknown>>;
  readonly sessionDir: string;
  /** 16 hexadecimal digits. */
  readonly state: string;
}

const counted: readonly (readonly [name: string, table: HasNode])[] = [
  ["LFP", LFP],
  ["LFPSpectrogram", LFPSpectrogram],
  ["ClusteringTask", ClusteringTask],
  ["Unit", CuratedClusteringUnit],
  ["WaveformSet", WaveformSet],
  ["QualityMetrics", QualityMetricsCluster],
  ["ProbeLevelReport", ProbeLevelReport],
  ["UnitLevelReport", UnitLevelReport],
];

/** The state of every session that has a recording and a directory. One query a table, for all sessions. */
export async function sessionStates(): Promise<SessionState[]> {
  const names = Session.heading.primaryKey;
  const identity = (row: Readonly<Record<string, unknown>>) => JSON.stringify(names.map((name) => row[name]));
  const parts = new Map<string, string[]>();
  for (const { n, ...key } of await Session.aggr(EphysRecording, { n: "count(*)" }).fetch())
    parts.set(identity(key), [`EphysRecording ${n}`]);
  for (const { n, last, ...key } of await Session.aggr(Clustering, {
    n: "count(*)",
    last: "max(clustering_time)",
  }).fetch())
    parts.get(identity(key))?.push(`Clustering ${n} ${last}`);
  for (const [name, table] of counted)
    for (const { n, ...key } of await Session.aggr(table, { n: "count(*)" }).fetch())
      parts.get(identity(key))?.push(`${name} ${n}`);
  const sessions = await SessionDirectory.proj("session_dir").fetch();
  return sessions.flatMap(({ session_dir, ...key }) => {
    const part = parts.get(identity(key));
    if (part === undefined) return [];
    const text = [`page ${pageVersion}`, ...part].join("\n");
    const state = createHash("sha256").update(text).digest("hex").slice(0, 16);
    return [{ key, sessionDir: session_dir, state }];
  });
}
