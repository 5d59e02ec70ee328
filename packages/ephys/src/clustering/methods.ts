/**
 * @module
 * The clustering methods by name. A new one is a file of this folder and an entry here; a test loops over the entries.
 */
import type { Random } from "../core/random.ts";
import { ParameterError } from "../errors.ts";
import { isosplit } from "./isosplit.ts";
import type { ClusteringParameters } from "./parameters.ts";
import type { Points } from "./points.ts";
import { splitRecursive } from "./split-recursive.ts";

export interface ClusteringMethod {
  /** One line for lists of methods. */
  readonly summary: string;
  /**
   * Sorts points [count x dimensions], in unit-noise coordinates, into clusters: labels from 0 without holes.
   *
   * @throws ShapeError, ParameterError
   */
  readonly cluster: (
    points: Points,
    count: number,
    dimensions: number,
    parameters: Partial<ClusteringParameters>,
    random: Random,
  ) => Int32Array;
}

export const CLUSTERING_METHODS: Readonly<Record<string, ClusteringMethod>> = {
  isosplit: {
    summary: "isosplit on the points as they are; for up to some 10 dimensions",
    cluster: isosplit,
  },
  "recursive-isosplit": {
    summary: "principal components above the noise, isosplit, and again inside each cluster",
    cluster: splitRecursive,
  },
};

/** Finds a method. @throws ParameterError listing the known names */
export function clusteringMethod(name: string): ClusteringMethod {
  const method = Object.hasOwn(CLUSTERING_METHODS, name) ? CLUSTERING_METHODS[name] : undefined;
  if (method === undefined)
    throw new ParameterError(
      `There is no clustering method '${name}'; the methods are ${Object.keys(CLUSTERING_METHODS).join(", ")}`,
      "method",
    );
  return method;
}
