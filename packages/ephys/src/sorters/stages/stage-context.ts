/**
 * @module
 * What every stage of the sorter is handed.
 */
import type { ChunkPlan } from "../chunks.ts";
import type { JobPool } from "../job-pool.ts";
import type { JobTools } from "../job-tools.ts";

export interface StageContext {
  readonly pool: JobPool;
  readonly tools: JobTools;
  readonly plan: ChunkPlan;
  readonly signal: AbortSignal | undefined;
  /** Told what is done of the stage. */
  readonly progress: (done: number, total: number) => void;
}

/** First streams of random numbers, one for each use, so that no two draws share a sequence. */
export const STREAMS = {
  seedWindows: 10_000,
  seedTrim: 20_000,
  splits: 1_000_000,
  leftWindows: 2_000_000,
  cleanedTrim: 3_000_000,
  leftTrim: 4_000_000,
};

/** Rows by group: `members[g]` are the indices i with groups[i] === g, ascending; negative groups are nobody's. */
export function groupRows(groups: ArrayLike<number>, count: number): Int32Array[] {
  const sizes = new Int32Array(count);
  for (let i = 0; i < groups.length; i++) if (groups[i] >= 0) sizes[groups[i]]++;
  const members = Array.from(sizes, (size) => new Int32Array(size));
  const filled = new Int32Array(count);
  for (let i = 0; i < groups.length; i++) {
    const group = groups[i];
    if (group >= 0) members[group][filled[group]++] = i;
  }
  return members;
}

/** Channels within the template radius of a channel, ascending. */
export function templateChannels(tools: JobTools, main: number): Int32Array {
  const { distances, channelCount, parameters } = tools.context;
  const near: number[] = [];
  for (let c = 0; c < channelCount; c++)
    if (distances[main * channelCount + c] <= parameters.templateRadiusUm) near.push(c);
  return Int32Array.from(near);
}
