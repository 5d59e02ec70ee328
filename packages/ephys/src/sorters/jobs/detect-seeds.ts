/**
 * @module
 * Job: finds the events of a chunk. One detection serves twice: the large events are clustered, all of them are matched later.
 */
import { type WindowEvents, windowFeatures } from "../../features/window-features.ts";
import type { Chunk, JobTools } from "../job-tools.ts";

export type DetectItem = Chunk;

export interface DetectedChunk {
  /** Float64Array: sample of each event in the recording, above the matching threshold. */
  readonly samples: Float64Array;
  readonly channels: Int32Array;
  /** The events above the seed threshold. */
  readonly seeds: WindowEvents;
}

export async function detectSeeds(
  tools: JobTools,
  _stage: undefined,
  chunk: DetectItem,
): Promise<DetectedChunk> {
  const { parameters, detector, windows, context, locating } = tools;
  const { traces, first } = await tools.whiten(chunk, true);
  const events = detector.events(traces, parameters.matchThreshold);
  const own = Array.from(events.samples.keys()).filter((i) => {
    const sample = events.samples[i] + first;
    return sample >= chunk.start && sample < chunk.end && tools.isInside(sample);
  });
  const large = own.filter((i) => events.scores[i] > parameters.seedThreshold);
  const seeds = {
    samples: Int32Array.from(large, (i) => events.samples[i]),
    channels: Int32Array.from(large, (i) => events.channels[i]),
  };
  return {
    samples: Float64Array.from(own, (i) => events.samples[i] + first),
    channels: Int32Array.from(own, (i) => events.channels[i]),
    seeds: windowFeatures(traces, seeds, first, windows, context, locating),
  };
}
