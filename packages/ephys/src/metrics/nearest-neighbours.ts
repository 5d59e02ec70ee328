/**
 * @module
 * Whose spikes are next to a unit's spikes, and next to the others' (pipeline contract 5.1).
 *
 * Source: Chung et al. 2017 (isolation by nearest neighbours), with SpikeInterface's counting: five neighbours, the spike itself not
 * among them, of at most 10 000 spikes.
 */

import { gather } from "../clustering/points.ts";
import { columnMean, covariance } from "../linalg/covariance.ts";
import { KdTree } from "../linalg/kd-tree.ts";
import { multiplyTransposed, multiplyVector } from "../linalg/matmul.ts";
import { symmetricEigen } from "../linalg/symmetric-eigen.ts";
import type { FeatureSpace } from "./feature-space.ts";

const NEIGHBOURS = 5;
const MOST_SPIKES = 10_000;

export interface NeighbourRates {
  /** Fraction of the unit's spikes' neighbours that are the unit's. */
  readonly hitRate: number;
  /** Fraction of the other spikes' neighbours that are the unit's. */
  readonly missRate: number;
}

/** Counts neighbours. @returns 1 and 0 when there is no other unit; NaN with no more than five spikes in all */
export function neighbourRates(space: FeatureSpace): NeighbourRates {
  if (space.ownCount === space.units.length) return { hitRate: 1, missRate: 0 };
  const { points, dimensions, ownCount, units } = thinned(space);
  const count = units.length;
  if (count <= NEIGHBOURS || ownCount === 0) return { hitRate: Number.NaN, missRate: Number.NaN };
  const turned = principalAxes(points, count, dimensions);
  const tree = new KdTree(turned, dimensions, NEIGHBOURS);
  const gaps = squaredGaps({ points: turned, dimensions, ownCount, units });
  const near = new Int32Array(NEIGHBOURS);
  const inside = [0, 0];
  for (let point = 0; point < count; point++) {
    // most spikes of the others are farther from all of the unit's than from five of their own: no need to look
    if (gaps[point] > 0 && gaps[point] > tree.reach(point, NEIGHBOURS)) continue;
    tree.neighbours(point, near);
    for (let k = 0; k < NEIGHBOURS; k++) if (near[k] < ownCount) inside[point < ownCount ? 0 : 1]++;
  }
  return {
    hitRate: inside[0] / (ownCount * NEIGHBOURS),
    missRate: inside[1] / ((count - ownCount) * NEIGHBOURS),
  };
}

/** For each point, a squared distance that every point of the unit is beyond: their gap along the line between the two units' centres. */
function squaredGaps({ points, dimensions, ownCount, units }: FeatureSpace): Float64Array {
  const gaps = new Float64Array(units.length);
  const own = columnMean(points, ownCount, dimensions);
  for (let start = ownCount; start < units.length; ) {
    let end = start;
    while (end < units.length && units[end] === units[start]) end++;
    const axis = columnMean(points.subarray(start * dimensions), end - start, dimensions);
    let square = 0;
    for (let j = 0; j < dimensions; j++) {
      axis[j] -= own[j];
      square += axis[j] * axis[j];
    }
    const places = multiplyVector(points, axis, units.length, dimensions, new Float64Array(units.length));
    let farthest = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < ownCount; i++) farthest = Math.max(farthest, places[i]);
    for (let i = start; i < end; i++) {
      const gap = places[i] - farthest;
      // a billionth less, so that rounding never leaves a neighbour out
      if (gap > 0) gaps[i] = ((gap * gap) / square) * (1 - 1e-9);
    }
    start = end;
  }
  return gaps;
}

/** At most 10 000 points, evenly spaced ones, the unit's own still first. */
function thinned(space: FeatureSpace): FeatureSpace {
  const { points, dimensions, ownCount, units } = space;
  if (units.length <= MOST_SPIKES) return space;
  const kept = Int32Array.from({ length: MOST_SPIKES }, (_, i) =>
    Math.floor((i * units.length) / MOST_SPIKES),
  );
  return {
    points: gather(points, dimensions, kept),
    dimensions,
    ownCount: kept.filter((i) => i < ownCount).length,
    units: Int32Array.from(kept, (i) => units[i]),
  };
}

/** The points turned into their principal axes, the widest first: distances stay, and the first coordinates tell most of them. */
function principalAxes(points: Float64Array, count: number, dimensions: number): Float64Array {
  const { vectors } = symmetricEigen(covariance(points, count, dimensions), dimensions);
  const widestFirst = new Float64Array(vectors.length);
  for (let k = 0; k < dimensions; k++)
    widestFirst.set(
      vectors.subarray((dimensions - 1 - k) * dimensions, (dimensions - k) * dimensions),
      k * dimensions,
    );
  return multiplyTransposed(
    points,
    widestFirst,
    count,
    dimensions,
    dimensions,
    new Float64Array(points.length),
  );
}
