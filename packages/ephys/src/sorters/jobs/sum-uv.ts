/**
 * @module
 * Job: sums band-passed waveforms in uV, for the templates that people look at.
 */
import { cutSnippet } from "../../features/snippets.ts";
import { ChunkSums, type PartialSums } from "../../templates/waveform-sums.ts";
import type { Chunk, JobTools } from "../job-tools.ts";

export interface UvSumStage {
  /** Channels of each unit's waveform. */
  readonly channels: readonly Int32Array[];
}

export interface UvSumItem extends Chunk {
  readonly samples: Float64Array;
  readonly units: Int32Array;
}

export async function sumUv(tools: JobTools, stage: UvSumStage, item: UvSumItem): Promise<PartialSums> {
  const { windowSamples, samplesBefore } = tools.context.basis;
  const { traces, first } = await tools.filter(item);
  const sums = new ChunkSums();
  const widest = Math.max(0, ...stage.channels.map((channels) => channels.length));
  const snippet = new Float32Array(windowSamples * widest);
  for (let i = 0; i < item.samples.length; i++) {
    const channels = stage.channels[item.units[i]];
    cutSnippet(traces, item.samples[i] - first - samplesBefore, windowSamples, channels, snippet);
    sums.add(item.units[i], snippet, windowSamples * channels.length);
  }
  return sums.finish();
}
