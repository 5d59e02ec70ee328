/**
 * @module
 * k-means with k-means++ seeds, a share of which is the farthest point, so that a small cluster far out gets a parcel of its own.
 */
import type { Random } from "../core/random.ts";
import { ParameterError } from "../errors.ts";
import { checkedPoints, type Points } from "./points.ts";

export interface KmeansOptions {
  /** Parcels to make, >= 1; at most as many as there are points. */
  readonly parcels: number;
  /** Sweeps of assignment at most; it ends sooner when nothing moves. Default 12. */
  readonly sweeps?: number;
  /** Share of seeds that are the farthest point instead of a draw. Default 0.3. */
  readonly farthestShare?: number;
}

/**
 * Sorts points into parcels of small spread.
 *
 * @param points  [count x dimensions]
 * @returns Int32Array [count] of parcel numbers in [0, parcels); some parcels may be empty
 * @throws ShapeError, ParameterError
 *
 * Same result for the same points and state of `random`; ties go to the lower index. Cost: count x parcels x dimensions x sweeps.
 * Source: Arthur and Vassilvitskii 2007 (k-means++); the farthest points are the sorter's study's.
 */
export function kmeans(
  points: Points,
  count: number,
  dimensions: number,
  options: KmeansOptions,
  random: Random,
): Int32Array {
  const { parcels, sweeps = 12, farthestShare = 0.3 } = options;
  if (!Number.isInteger(parcels) || parcels < 1)
    throw new ParameterError(`kmeans: parcels must be a whole number >= 1, got ${parcels}`, "parcels");
  const values = checkedPoints(points, count, dimensions, "kmeans");
  const labels = new Int32Array(count);
  if (count === 0) return labels;
  const k = Math.min(parcels, count);
  const centres = new Float64Array(k * dimensions);
  const distance = new Float64Array(count);
  seedCentres(values, count, dimensions, k, farthestShare, random, distance, centres);
  const halfNorms = new Float64Array(k);
  const members = new Int32Array(k);
  labels.fill(-1);
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const moved = assign(values, count, dimensions, k, centres, halfNorms, labels);
    // after the last assignment no centre is moved, so labels always belong to the centres that made them
    if (moved === 0 || sweep === sweeps - 1) break;
    recentre(values, count, dimensions, k, labels, members, centres);
  }
  return labels;
}

function seedCentres(
  points: Float64Array,
  count: number,
  dimensions: number,
  k: number,
  farthestShare: number,
  random: Random,
  distance: Float64Array,
  centres: Float64Array,
): void {
  let chosen = random.integer(count);
  distance.fill(Number.POSITIVE_INFINITY);
  for (let c = 0; ; c++) {
    for (let j = 0; j < dimensions; j++) centres[c * dimensions + j] = points[chosen * dimensions + j];
    if (c === k - 1) return;
    // distance of every point to its nearest centre so far
    let total = 0;
    let farthest = 0;
    for (let i = 0; i < count; i++) {
      let sum = 0;
      for (let j = 0; j < dimensions; j++) {
        const difference = points[i * dimensions + j] - centres[c * dimensions + j];
        sum += difference * difference;
      }
      if (sum < distance[i]) distance[i] = sum;
      total += distance[i];
      if (distance[i] > distance[farthest]) farthest = i;
    }
    if (random.uniform() < farthestShare) {
      chosen = farthest;
      continue;
    }
    const target = random.uniform() * total;
    let cumulated = 0;
    chosen = count - 1;
    for (let i = 0; i < count; i++) {
      cumulated += distance[i];
      if (cumulated >= target) {
        chosen = i;
        break;
      }
    }
  }
}

/** Gives each point to its nearest centre; returns how many changed. */
function assign(
  points: Float64Array,
  count: number,
  dimensions: number,
  k: number,
  centres: Float64Array,
  halfNorms: Float64Array,
  labels: Int32Array,
): number {
  for (let c = 0; c < k; c++) {
    let sum = 0;
    for (let j = 0; j < dimensions; j++) sum += centres[c * dimensions + j] * centres[c * dimensions + j];
    halfNorms[c] = 0.5 * sum;
  }
  let moved = 0;
  for (let i = 0; i < count; i++) {
    const row = i * dimensions;
    let best = 0;
    let least = Number.POSITIVE_INFINITY;
    for (let c = 0; c < k; c++) {
      // |x - c|^2 / 2 without |x|^2
      let score = halfNorms[c];
      const centre = c * dimensions;
      for (let j = 0; j < dimensions; j++) score -= points[row + j] * centres[centre + j];
      if (score < least) {
        least = score;
        best = c;
      }
    }
    if (labels[i] !== best) {
      labels[i] = best;
      moved++;
    }
  }
  return moved;
}

/** Moves each centre to the mean of its members; an empty one stays. */
function recentre(
  points: Float64Array,
  count: number,
  dimensions: number,
  k: number,
  labels: Int32Array,
  members: Int32Array,
  centres: Float64Array,
): void {
  members.fill(0);
  for (let i = 0; i < count; i++) members[labels[i]]++;
  for (let c = 0; c < k; c++)
    if (members[c] > 0) for (let j = 0; j < dimensions; j++) centres[c * dimensions + j] = 0;
  for (let i = 0; i < count; i++) {
    const centre = labels[i] * dimensions;
    const row = i * dimensions;
    for (let j = 0; j < dimensions; j++) centres[centre + j] += points[row + j];
  }
  for (let c = 0; c < k; c++)
    if (members[c] > 0) for (let j = 0; j < dimensions; j++) centres[c * dimensions + j] /= members[c];
}
