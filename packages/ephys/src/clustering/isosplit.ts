/**
 * @module
 * isosplit: clusters without a number of clusters and without a density scale. k-means cuts the points into many small parcels; then the
 * two nearest parcels not yet compared are tested with isocut along their Fisher axis, and merged unless they are two humps.
 *
 * What a newcomer would get wrong: points must be in unit-noise coordinates, because the least distance and the shrinkage are in sigma.
 */
import type { Random } from "../core/random.ts";
import { columnMean, scatterAbout } from "../linalg/covariance.ts";
import { axisFromScatter } from "./fisher-axis.ts";
import { kmeans } from "./kmeans.ts";
import { makePairDipWork, type PairDip, type PairDipWork, projectedPairDip } from "./pair-dip.ts";
import { type ClusteringParameters, clusteringParameters } from "./parameters.ts";
import { checkedPoints, gather, type Points } from "./points.ts";

/** A parcel with the sums that the Fisher axis needs, so that a merge costs dimensions^2 and not a pass over the points. */
interface Parcel {
  readonly members: Int32Array;
  readonly mean: Float64Array;
  readonly scatter: Float64Array;
}

/**
 * Sorts points into clusters.
 *
 * @param points  [count x dimensions], unit-noise coordinates (noise N(0, I)); dimensions up to some 10
 * @param given  parameters; defaults in parameters.ts
 * @returns Int32Array [count] of labels from 0, numbered in the order of each cluster's first point
 * @throws ShapeError, ParameterError
 *
 * Same labels for the same points, parameters and state of `random`. Fewer than 2 x minimumEvents points are one cluster.
 * Cost: k-means plus about as many sorts as there are parcels; 20 000 x 8 in 0.2 s (bench/clustering.bench.ts).
 * Source: Magland and Barnett 2015 (arXiv:1508.04841), with the changes of the sorter's study (shared/prototypes/sorter, 1 D).
 */
export function isosplit(
  points: Points,
  count: number,
  dimensions: number,
  given: Partial<ClusteringParameters>,
  random: Random,
): Int32Array {
  const parameters = clusteringParameters(given);
  const values = checkedPoints(points, count, dimensions, "isosplit");
  const labels = new Int32Array(count);
  if (count < 2 * parameters.minimumEvents) return labels;
  const wanted = Math.floor(count / parameters.parcelSize);
  const parcelLabels = kmeans(
    values,
    count,
    dimensions,
    {
      parcels: Math.min(Math.max(wanted, 2), parameters.maximumParcels),
      sweeps: parameters.kmeansSweeps,
      farthestShare: parameters.farthestShare,
    },
    random,
  );
  const parcels = makeParcels(values, dimensions, parcelLabels);
  mergeParcels(values, dimensions, parcels, parameters, makePairDipWork(count));
  const owner = new Int32Array(count);
  parcels.forEach((parcel, index) => {
    for (const member of parcel?.members ?? []) owner[member] = index;
  });
  return numberByFirstPoint(owner, parcels.length, labels);
}

function makeParcels(
  points: Float64Array,
  dimensions: number,
  parcelLabels: Int32Array,
): (Parcel | undefined)[] {
  const groups: number[][] = [];
  for (let i = 0; i < parcelLabels.length; i++) {
    const label = parcelLabels[i];
    while (groups.length <= label) groups.push([]);
    groups[label].push(i);
  }
  return groups
    .filter((group) => group.length > 0)
    .map((group) => {
      const members = Int32Array.from(group);
      const own = gather(points, dimensions, members);
      const mean = columnMean(own, members.length, dimensions);
      const scatter = new Float64Array(dimensions * dimensions);
      scatterAbout(own, members.length, dimensions, mean, new Float64Array(dimensions), scatter);
      return { members, mean, scatter };
    });
}

/** Merges parcels until every pair has been found to be two; a parcel merged away becomes undefined. */
function mergeParcels(
  points: Float64Array,
  dimensions: number,
  parcels: (Parcel | undefined)[],
  parameters: ClusteringParameters,
  work: PairDipWork,
): void {
  const size = parcels.length;
  // squared distance of the means of pairs still to test; Infinity for tested and dead ones
  const open = new Float64Array(size * size).fill(Number.POSITIVE_INFINITY);
  for (let i = 0; i < size; i++) for (let j = i + 1; j < size; j++) openPair(open, parcels, i, j);
  for (;;) {
    let nearest = -1;
    let least = Number.POSITIVE_INFINITY;
    for (let pair = 0; pair < size * size; pair++) {
      if (open[pair] >= least) continue;
      least = open[pair];
      nearest = pair;
    }
    if (nearest < 0) return;
    const i = Math.floor(nearest / size);
    const j = nearest % size;
    const a = parcels[i];
    const b = parcels[j];
    if (a === undefined || b === undefined) return;
    const { dip, distance } = testPair(points, dimensions, a, b, parameters, work);
    if (dip >= parameters.dipThreshold && distance >= parameters.minimumDistance) {
      open[nearest] = Number.POSITIVE_INFINITY;
      continue;
    }
    // the merged parcel is a new one: it is compared with all others again
    parcels[i] = mergePair(a, b, dimensions);
    parcels[j] = undefined;
    for (let other = 0; other < size; other++) {
      open[Math.min(j, other) * size + Math.max(j, other)] = Number.POSITIVE_INFINITY;
      if (other !== i) openPair(open, parcels, Math.min(i, other), Math.max(i, other));
    }
  }
}

function openPair(open: Float64Array, parcels: readonly (Parcel | undefined)[], i: number, j: number): void {
  const a = parcels[i];
  const b = parcels[j];
  if (a === undefined || b === undefined) return;
  let sum = 0;
  for (let d = 0; d < a.mean.length; d++) sum += (a.mean[d] - b.mean[d]) * (a.mean[d] - b.mean[d]);
  open[i * parcels.length + j] = sum;
}

function testPair(
  points: Float64Array,
  dimensions: number,
  a: Parcel,
  b: Parcel,
  parameters: ClusteringParameters,
  work: PairDipWork,
): PairDip {
  const scatter = new Float64Array(dimensions * dimensions);
  const axis = new Float64Array(dimensions);
  for (let i = 0; i < scatter.length; i++) scatter[i] = a.scatter[i] + b.scatter[i];
  for (let d = 0; d < dimensions; d++) axis[d] = a.mean[d] - b.mean[d];
  axisFromScatter(scatter, axis, a.members.length + b.members.length, dimensions, scatter, axis);
  projectMembers(points, dimensions, a.members, axis, work.a);
  projectMembers(points, dimensions, b.members, axis, work.b);
  return projectedPairDip(a.members.length, b.members.length, parameters, work);
}

function projectMembers(
  points: Float64Array,
  dimensions: number,
  members: Int32Array,
  axis: Float64Array,
  out: Float64Array,
): void {
  for (let i = 0; i < members.length; i++) {
    const row = members[i] * dimensions;
    let sum = 0;
    for (let d = 0; d < dimensions; d++) sum += points[row + d] * axis[d];
    out[i] = sum;
  }
}

/** Joins two parcels; mean and scatter by the parallel-axis formula (Chan, Golub and LeVeque 1983). */
function mergePair(a: Parcel, b: Parcel, dimensions: number): Parcel {
  const countA = a.members.length;
  const countB = b.members.length;
  const members = new Int32Array(countA + countB);
  members.set(a.members);
  members.set(b.members, countA);
  const mean = new Float64Array(dimensions);
  const scatter = new Float64Array(dimensions * dimensions);
  const share = (countA * countB) / (countA + countB);
  for (let i = 0; i < dimensions; i++) {
    mean[i] = (a.mean[i] * countA + b.mean[i] * countB) / (countA + countB);
    for (let j = 0; j < dimensions; j++) {
      const at = i * dimensions + j;
      scatter[at] = a.scatter[at] + b.scatter[at] + share * (a.mean[i] - b.mean[i]) * (a.mean[j] - b.mean[j]);
    }
  }
  return { members, mean, scatter };
}

function numberByFirstPoint(owner: Int32Array, owners: number, out: Int32Array): Int32Array {
  const number = new Int32Array(owners).fill(-1);
  let next = 0;
  for (let i = 0; i < owner.length; i++) {
    if (number[owner[i]] < 0) number[owner[i]] = next++;
    out[i] = number[owner[i]];
  }
  return out;
}
