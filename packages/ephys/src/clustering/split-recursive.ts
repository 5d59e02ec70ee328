/**
 * @module
 * Recursive splitting: principal components, isosplit, and the same again inside each cluster, whose own components show what the
 * components of all did not.
 */
import type { Random } from "../core/random.ts";
import { isosplit } from "./isosplit.ts";
import { type ClusteringParameters, clusteringParameters } from "./parameters.ts";
import { pcaAboveNoise } from "./pca.ts";
import { checkedPoints, gather, type Points } from "./points.ts";

/**
 * Sorts features of many dimensions into clusters.
 *
 * @param features  [count x dimensions], unit-noise coordinates (e.g. 13 channels x 5 temporal features); not changed
 * @param given  parameters; defaults in parameters.ts
 * @returns Int32Array [count] of labels from 0, without holes; clusters may be smaller than minimumEvents, the caller drops those
 * @throws ShapeError, ParameterError
 *
 * Same labels for the same features, parameters and state of `random`.
 */
export function splitRecursive(
  features: Points,
  count: number,
  dimensions: number,
  given: Partial<ClusteringParameters>,
  random: Random,
): Int32Array {
  const parameters = clusteringParameters(given);
  const values = checkedPoints(features, count, dimensions, "splitRecursive");
  return splitLevel(values, count, dimensions, parameters, random, 0);
}

function splitLevel(
  features: Float64Array,
  count: number,
  dimensions: number,
  parameters: ClusteringParameters,
  random: Random,
  level: number,
): Int32Array {
  if (count < 2 * parameters.minimumEvents || level > parameters.depth) return new Int32Array(count);
  const { scores, components } = pcaAboveNoise(features, count, dimensions, parameters);
  const labels = isosplit(scores, count, components, parameters, random);
  let clusters = 0;
  for (let i = 0; i < count; i++) if (labels[i] >= clusters) clusters = labels[i] + 1;
  if (clusters <= 1) return labels;
  const out = new Int32Array(count);
  let next = 0;
  for (let cluster = 0; cluster < clusters; cluster++) {
    const members = membersOf(labels, cluster);
    const own = gather(features, dimensions, members);
    const split = splitLevel(own, members.length, dimensions, parameters, random, level + 1);
    let parts = 0;
    for (let i = 0; i < members.length; i++) {
      out[members[i]] = next + split[i];
      if (split[i] >= parts) parts = split[i] + 1;
    }
    next += parts;
  }
  return out;
}

function membersOf(labels: Int32Array, cluster: number): Int32Array {
  let size = 0;
  for (let i = 0; i < labels.length; i++) if (labels[i] === cluster) size++;
  const members = new Int32Array(size);
  let position = 0;
  for (let i = 0; i < labels.length; i++) if (labels[i] === cluster) members[position++] = i;
  return members;
}
