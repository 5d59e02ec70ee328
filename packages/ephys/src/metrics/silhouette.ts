/**
 * @module
 * The simplified silhouette: are a unit's spikes nearer to their own centre than to the nearest other unit's (pipeline contract 5.1).
 *
 * Source: Hruschka, de Castro and Campello 2004. The other unit is the one whose centre is nearest to the unit's spikes on the mean.
 */
import { columnMean } from "../linalg/covariance.ts";
import type { FeatureSpace } from "./feature-space.ts";

/** Mean over the unit's spikes of (b - a) / max(a, b), in [-1, 1]. @returns NaN when there is no other unit */
export function silhouette(space: FeatureSpace): number {
  const { points, dimensions, ownCount, units } = space;
  const own = distances(points, ownCount, space);
  let nearest: Float64Array | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (let start = ownCount; start < units.length; ) {
    let end = start;
    while (end < units.length && units[end] === units[start]) end++;
    const other = distances(points.subarray(start * dimensions), end - start, space);
    let sum = 0;
    for (let i = 0; i < ownCount; i++) sum += other[i];
    if (sum < least) {
      least = sum;
      nearest = other;
    }
    start = end;
  }
  if (nearest === undefined) return Number.NaN;
  let total = 0;
  for (let i = 0; i < ownCount; i++) total += (nearest[i] - own[i]) / Math.max(nearest[i], own[i]);
  return total / ownCount;
}

/** Distance of each of the unit's spikes from the mean of the group. */
function distances(group: Float64Array, count: number, space: FeatureSpace): Float64Array {
  const { points, dimensions, ownCount } = space;
  const centre = columnMean(group, count, dimensions);
  const out = new Float64Array(ownCount);
  for (let i = 0; i < ownCount; i++) {
    let square = 0;
    for (let j = 0; j < dimensions; j++) {
      const d = points[i * dimensions + j] - centre[j];
      square += d * d;
    }
    out[i] = Math.sqrt(square);
  }
  return out;
}
