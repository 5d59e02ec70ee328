/**
 * @module
 * Where an event is: the centre of mass of its amplitudes on the channels around it.
 *
 * What a newcomer would get wrong: amplitudes are taken in whitened traces, less two sigma and squared; without that, noise on the far
 * channels pulls every event to the middle of its neighbourhood.
 */
import type { Traces } from "../core/traces.ts";
import { channelDistances, type MatchingContext, nearestChannels } from "../matching/matching-context.ts";

const CHANNELS = 16;
const RADIUS_UM = 60;
/** Samples around the event's own, to both sides. */
const REACH = 3;
const NOISE_SIGMA = 2;

/** The channels that an event on each channel is located with. */
export function locatingNeighbours(context: Pick<MatchingContext, "x" | "y" | "channelCount">): Int32Array[] {
  return nearestChannels(channelDistances(context.x, context.y), context.channelCount, CHANNELS, RADIUS_UM);
}

/**
 * Locates an event.
 *
 * @param traces  whitened; @param sample  of the event, at least 3 from both ends
 * @param out  gets x and y, um; the channel's own position when nothing stands out
 */
export function centreOfMass(
  traces: Traces,
  sample: number,
  channel: number,
  neighbours: readonly Int32Array[],
  context: Pick<MatchingContext, "x" | "y">,
  out: { x: number; y: number },
): void {
  const { data, channelCount } = traces;
  let [sum, x, y] = [0, 0, 0];
  for (const near of neighbours[channel]) {
    let largest = 0;
    for (let t = sample - REACH; t <= sample + REACH; t++)
      largest = Math.max(largest, Math.abs(data[t * channelCount + near]));
    const weight = Math.max(largest - NOISE_SIGMA, 0) ** 2;
    sum += weight;
    x += weight * context.x[near];
    y += weight * context.y[near];
  }
  out.x = sum > 0 ? x / sum : context.x[channel];
  out.y = sum > 0 ? y / sum : context.y[channel];
}
