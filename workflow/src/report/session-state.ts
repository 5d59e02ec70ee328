/**
 * @module
 * What is there of each session, as one short text that changes when its report page would: counts of the rows that the page shows, and
 * the times of its sortings.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
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

/** Name of the meta element of a page that holds the state. */
export const stateName = "tenon-state";
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

/** The state of every session that has a recording and a directory, in one query: a worker that waits asks it all the time. */
export async function sessionStates(): Promise<SessionState[]> {
  const names = Session.heading.primaryKey;
  const sortings = Session.aggr(Clustering, { n_clustering: "count(*)", last: "max(clustering_time)" });
  const all = counted.reduce(
    (query, [name, table]) =>
      query.join(Session.aggr(table, { [countOf(name)]: "count(*)" }), { left: true }),
    SessionDirectory.proj("session_dir")
      .join(Session.aggr(EphysRecording, { n_recording: "count(*)" }))
      .join(sortings, { left: true }),
  );
  const rows: Readonly<Record<string, unknown>>[] = await all.fetch();
  return rows.map((row) => {
    const { n_recording, n_clustering, last } = row;
    const parts = [
      `EphysRecording ${n_recording}`,
      ...(n_clustering === null ? [] : [`Clustering ${n_clustering} ${last}`]),
      ...counted.flatMap(([name]) => {
        const n = row[countOf(name)];
        return n === null ? [] : [`${name} ${n}`];
      }),
    ];
    const text = [`page ${pageVersion}`, ...parts].join("\n");
    const state = createHash("sha256").update(text).digest("hex").slice(0, 16);
    const key = Object.fromEntries(names.map((name) => [name, row[name]]));
    return { key, sessionDir: String(row["session_dir"]), state };
  });
}

/** The attribute that counts the rows of a table. */
function countOf(name: string): string {
  return `n_${name.toLowerCase()}`;
}

/** Where a session's page is. */
export function pagePath(sessionFolder: string): string {
  return join(sessionFolder, "report.html");
}
