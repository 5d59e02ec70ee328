/**
 * @module
 * The sorter's jobs: what a thread does with one chunk of the recording, or with one group of events. A new job is a function and an
 * entry here. Items, stages and results are plain data, because they travel between threads.
 */

import type { PartialSums } from "../templates/waveform-sums.ts";
import type { JobTools } from "./job-tools.ts";
import { type ClusterItem, clusterEvents } from "./jobs/cluster-events.ts";
import { type DetectedChunk, type DetectItem, detectSeeds } from "./jobs/detect-seeds.ts";
import { type MatchedChunk, type MatchItem, type MatchStage, matchChunk } from "./jobs/match-chunk.ts";
import { type CleanedSumItem, type CleanedSumStage, sumCleaned } from "./jobs/sum-cleaned.ts";
import { type SeedSumItem, type SeedSumStage, type SeedSums, sumSeeds } from "./jobs/sum-seeds.ts";
import { sumUv, type UvSumItem, type UvSumStage } from "./jobs/sum-uv.ts";

interface JobTypes {
  detectSeeds: { stage: undefined; item: DetectItem; output: DetectedChunk };
  clusterEvents: { stage: undefined; item: ClusterItem; output: Int32Array };
  sumSeeds: { stage: SeedSumStage; item: SeedSumItem; output: SeedSums };
  matchChunk: { stage: MatchStage; item: MatchItem; output: MatchedChunk };
  sumCleaned: { stage: CleanedSumStage; item: CleanedSumItem; output: PartialSums };
  sumUv: { stage: UvSumStage; item: UvSumItem; output: PartialSums };
}

export type JobName = keyof JobTypes;
export type JobInput<N extends JobName> = Pick<JobTypes[N], "stage" | "item">;
export type JobOutput<N extends JobName> = JobTypes[N]["output"];

/** The jobs by name. */
export const JOBS: {
  readonly [N in JobName]: (
    tools: JobTools,
    stage: JobTypes[N]["stage"],
    item: JobTypes[N]["item"],
  ) => Promise<JobTypes[N]["output"]>;
} = { detectSeeds, clusterEvents, sumSeeds, matchChunk, sumCleaned, sumUv };
