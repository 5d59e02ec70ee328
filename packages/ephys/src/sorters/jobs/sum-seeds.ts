/**
 * @module
 * Job: sums the waveforms of the clustered events of a chunk, and computes each one's features around its cluster's main channel.
 */
import { cutSnippet, SnippetFeatures } from "../../features/snippets.ts";
import { ChunkSums, type PartialSums } from "../../templates/waveform-sums.ts";
import type { Chunk, JobTools } from "../job-tools.ts";

export interface SeedSumStage {
  readonly mainChannels: Int32Array;
  /** Channels of each cluster's waveform. */
  readonly channels: readonly Int32Array[];
}

export interface SeedSumItem extends Chunk {
  readonly samples: Float64Array;
  readonly clusters: Int32Array;
  /** 1 for events that are averaged. */
  readonly isAveraged: Uint8Array;
}

export interface SeedSums extends PartialSums {
  /** Float32Array [events x neighbourCount x R], zeros behind a shorter neighbourhood. */
  readonly features: Float32Array;
}

export async function sumSeeds(tools: JobTools, stage: SeedSumStage, item: SeedSumItem): Promise<SeedSums> {
  const { context } = tools;
  const { windowSamples, samplesBefore, rank } = context.basis;
  const { traces, first } = await tools.whiten(item);
  const width = Math.min(context.parameters.neighbourCount, context.channelCount) * rank;
  const features = new Float32Array(item.samples.length * width);
  const kernel = new SnippetFeatures(context.basis);
  const sums = new ChunkSums();
  const snippet = new Float32Array(
    windowSamples * Math.max(0, ...stage.channels.map((channels) => channels.length)),
  );
  for (let i = 0; i < item.samples.length; i++) {
    const sample = item.samples[i] - first;
    const cluster = item.clusters[i];
    kernel.write(traces, sample, context.neighbours[stage.mainChannels[cluster]], features, i * width);
    if (item.isAveraged[i] === 0) continue;
    const channels = stage.channels[cluster];
    cutSnippet(traces, sample - samplesBefore, windowSamples, channels, snippet);
    sums.add(cluster, snippet, windowSamples * channels.length);
  }
  return { ...sums.finish(), features };
}
