/**
 * @module
 * Job: sorts the events of one clustering window, or the cleaned spikes of one unit, into clusters.
 */
import { splitRecursive } from "../../clustering/split-recursive.ts";
import { Random } from "../../core/random.ts";
import type { JobTools } from "../job-tools.ts";

export interface ClusterItem {
  /** Float32Array [count x dimensions], noise coordinates. */
  readonly features: Float32Array;
  readonly count: number;
  readonly dimensions: number;
  /** Its own random numbers: the same whichever thread does it. */
  readonly stream: number;
}

export async function clusterEvents(
  tools: JobTools,
  _stage: undefined,
  item: ClusterItem,
): Promise<Int32Array> {
  const { clustering, seed } = tools.parameters;
  return splitRecursive(
    item.features,
    item.count,
    item.dimensions,
    clustering,
    new Random(seed, item.stream),
  );
}
