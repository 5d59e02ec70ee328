/**
 * @module
 * Features of events on the channels of their clustering windows: what clustering gets.
 *
 * A chunk gives them event by event, each as long as its window has channels; `byWindow` sorts them into one matrix for each window.
 */
import type { Traces } from "../core/traces.ts";
import type { DetectedEvents } from "../matching/event-source.ts";
import type { MatchingContext } from "../matching/matching-context.ts";
import { centreOfMass } from "./centre-of-mass.ts";
import { type ClusteringWindows, windowOf } from "./clustering-windows.ts";
import { SnippetFeatures } from "./snippets.ts";

/** Events of a chunk, in order of time, with their features one after the other. */
export interface WindowEvents {
  /** Float64Array: sample in the recording. */
  readonly samples: Float64Array;
  readonly channels: Int32Array;
  readonly windows: Int32Array;
  /** Event i has [channels of windows[i] x R], in the order of the events. */
  readonly features: Float32Array;
}

/**
 * Computes the window and the features of events.
 *
 * @param firstSample  of the traces in the recording
 * @param locating  of `locatingNeighbours`
 */
export function windowFeatures(
  traces: Traces,
  events: DetectedEvents,
  firstSample: number,
  windows: ClusteringWindows,
  context: MatchingContext,
  locating: readonly Int32Array[],
): WindowEvents {
  const count = events.samples.length;
  const { rank } = context.basis;
  const position = { x: 0, y: 0 };
  const ofEvent = new Int32Array(count);
  let length = 0;
  for (let i = 0; i < count; i++) {
    centreOfMass(traces, events.samples[i], events.channels[i], locating, context, position);
    ofEvent[i] = windowOf(windows, context, position.x, position.y);
    length += windows.channels[ofEvent[i]].length * rank;
  }
  const features = new Float32Array(length);
  const kernel = new SnippetFeatures(context.basis);
  for (let i = 0, at = 0; i < count; i++) {
    const channels = windows.channels[ofEvent[i]];
    kernel.write(traces, events.samples[i], channels, features, at);
    at += channels.length * rank;
  }
  return {
    samples: Float64Array.from(events.samples, (sample) => sample + firstSample),
    channels: Int32Array.from(events.channels),
    windows: ofEvent,
    features,
  };
}

/** The events of one window. */
export interface WindowMembers {
  /** Index of each among all events, ascending. */
  readonly members: Int32Array;
  /** Float32Array [members x (channels of the window x R)]. */
  readonly features: Float32Array;
}

/** Sorts the events of all chunks into windows. */
export function byWindow(
  chunks: readonly WindowEvents[],
  windows: ClusteringWindows,
  rank: number,
): WindowMembers[] {
  const widths = windows.channels.map((channels) => channels.length * rank);
  const counts = new Int32Array(widths.length);
  for (const chunk of chunks) for (const window of chunk.windows) counts[window]++;
  const sorted = widths.map((width, window) => ({
    members: new Int32Array(counts[window]),
    features: new Float32Array(counts[window] * width),
  }));
  const filled = new Int32Array(widths.length);
  let event = 0;
  for (const chunk of chunks) {
    let from = 0;
    for (const window of chunk.windows) {
      const width = widths[window];
      sorted[window].members[filled[window]] = event++;
      sorted[window].features.set(chunk.features.subarray(from, from + width), filled[window] * width);
      filled[window]++;
      from += width;
    }
  }
  return sorted;
}
