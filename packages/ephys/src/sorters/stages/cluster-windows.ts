/**
 * @module
 * Stage: clusters events window by window, and chooses which events each cluster's template is averaged from.
 */
import { Random } from "../../core/random.ts";
import { byWindow, type WindowEvents } from "../../features/window-features.ts";
import { trimmedMembers } from "../../templates/trimmed-members.ts";
import { groupRows, type StageContext } from "./stage-context.ts";

/** Events that were clustered, in order of time. */
export interface ClusteredEvents {
  readonly samples: Float64Array;
  /** Cluster of each event, -1 none. */
  readonly clusters: Int32Array;
  /** 1 for the events that templates are averaged from. */
  readonly isAveraged: Uint8Array;
  readonly clusterCount: number;
  /** Channel on which most of a cluster's events were found. */
  readonly mainChannels: Int32Array;
}

/** @param streams  first random streams of the windows and of the trimming */
export async function clusterWindows(
  stage: StageContext,
  chunks: readonly WindowEvents[],
  streams: { readonly windows: number; readonly trim: number },
): Promise<ClusteredEvents> {
  const { tools, pool, signal, progress } = stage;
  const { parameters, windows, context } = tools;
  const { rank } = context.basis;
  const { minimumSpikes, templateSpikes, seedTrim, seed } = parameters;
  const samples = Float64Array.from(chunks.flatMap((chunk) => Array.from(chunk.samples)));
  const channels = Int32Array.from(chunks.flatMap((chunk) => Array.from(chunk.channels)));
  const clusters = new Int32Array(samples.length).fill(-1);
  const isAveraged = new Uint8Array(samples.length);
  const grouped = byWindow(chunks, windows, rank);
  const busy = Array.from(grouped.keys()).filter((window) => grouped[window].members.length >= minimumSpikes);
  let clusterCount = 0;
  const items = busy.map((window) => ({
    features: grouped[window].features,
    count: grouped[window].members.length,
    dimensions: windows.channels[window].length * rank,
    stream: streams.windows + window,
  }));
  await pool.run("clusterEvents", undefined, items, {
    signal,
    take: (labels, index) => {
      const { members, features } = grouped[busy[index]];
      let largest = -1;
      for (const label of labels) largest = Math.max(largest, label);
      for (const rows of groupRows(labels, largest + 1)) {
        if (rows.length < minimumSpikes) continue;
        for (const row of rows) clusters[members[row]] = clusterCount;
        const random = new Random(seed, streams.trim + clusterCount);
        const kept = trimmedMembers(features, items[index].dimensions, rows, {
          limit: templateSpikes,
          trim: seedTrim,
          random,
        });
        for (const row of kept) isAveraged[members[row]] = 1;
        clusterCount++;
      }
      progress(index + 1, items.length);
    },
  });
  const mainChannels = Int32Array.from(groupRows(clusters, clusterCount), (rows) => mode(rows, channels));
  return { samples, clusters, isAveraged, clusterCount, mainChannels };
}

/** The most frequent of `values` at `rows`, of equal ones the lowest. */
function mode(rows: Int32Array, values: Int32Array): number {
  const counts = new Map<number, number>();
  for (const row of rows) counts.set(values[row], (counts.get(values[row]) ?? 0) + 1);
  return Array.from(counts).sort((a, b) => b[1] - a[1] || a[0] - b[0])[0][0];
}
