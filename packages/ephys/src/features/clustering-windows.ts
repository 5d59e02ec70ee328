/**
 * @module
 * Clustering windows: places along the probe, each with the channels around it. An event belongs to the window nearest to its centre of
 * mass, so that all of a unit's events are compared on the same channels.
 */
import type { MatchingContext } from "../matching/matching-context.ts";

export interface ClusteringWindows {
  /** Channel at the centre of each window. */
  readonly centres: Int32Array;
  /** Channels of each window, ascending. */
  readonly channels: readonly Int32Array[];
}

/**
 * Lays windows: a greedy subset of the channels, each as far as possible from those before it.
 *
 * @param spacingUm  no two centres are nearer than this; @param radiusUm  channels of a window
 */
export function layWindows(
  context: Pick<MatchingContext, "distances" | "channelCount">,
  spacingUm: number,
  radiusUm: number,
): ClusteringWindows {
  const { distances, channelCount } = context;
  const centres: number[] = channelCount === 0 ? [] : [0];
  const nearest = Float64Array.from(distances.subarray(0, channelCount));
  while (centres.length < channelCount) {
    let farthest = 0;
    for (let c = 1; c < channelCount; c++) if (nearest[c] > nearest[farthest]) farthest = c;
    if (nearest[farthest] < spacingUm) break;
    centres.push(farthest);
    for (let c = 0; c < channelCount; c++)
      nearest[c] = Math.min(nearest[c], distances[farthest * channelCount + c]);
  }
  const channels = centres.map((centre) => {
    const near: number[] = [];
    for (let c = 0; c < channelCount; c++) if (distances[centre * channelCount + c] <= radiusUm) near.push(c);
    return Int32Array.from(near);
  });
  return { centres: Int32Array.from(centres), channels };
}

/** The window whose centre is nearest to a position, um; of equal ones the first. */
export function windowOf(
  windows: ClusteringWindows,
  context: Pick<MatchingContext, "x" | "y">,
  x: number,
  y: number,
): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < windows.centres.length; i++) {
    const centre = windows.centres[i];
    const distance = (context.x[centre] - x) ** 2 + (context.y[centre] - y) ** 2;
    if (distance < least) {
      least = distance;
      best = i;
    }
  }
  return best;
}
