/**
 * @module
 * Gaussian mixtures of unit noise for the clustering tests, and the reference values that make-clustering-fixtures.py wrote.
 */
import { readFileSync } from "node:fs";
import type { Random } from "../../../src/core/random.ts";

export interface ClusteringFixtures {
  readonly pava: readonly { values: number[]; weights: number[]; decreasing: boolean; fit: number[] }[];
  readonly isocut: readonly { name: string; sample: number[]; dip: number; cut: number }[];
  readonly pair: readonly {
    a: number[];
    b: number[];
    countA: number;
    countB: number;
    dimensions: number;
    gap: number;
    dip: number;
    distance: number;
    axis: number[];
  }[];
  readonly pca: readonly {
    points: number[];
    count: number;
    dimensions: number;
    components: number;
    variances: number[];
    absoluteScores: number[];
  }[];
}

export function readClusteringFixtures(): ClusteringFixtures {
  return JSON.parse(readFileSync(new URL("../fixtures/clustering.json", import.meta.url), "utf8"));
}

/** Draws `sizes[k]` points of N(centres[k], I), group after group: Float64Array [sum of sizes x dimensions]. */
export function gaussianMixture(
  sizes: readonly number[],
  centres: readonly (readonly number[])[],
  dimensions: number,
  random: Random,
): Float64Array {
  const count = sizes.reduce((sum, size) => sum + size, 0);
  const points = new Float64Array(count * dimensions);
  let position = 0;
  sizes.forEach((size, k) => {
    for (let i = 0; i < size; i++)
      for (let j = 0; j < dimensions; j++) points[position++] = random.normal() + (centres[k][j] ?? 0);
  });
  return points;
}

export function clusterCount(labels: Int32Array): number {
  return new Set(labels).size;
}

/** Share of points whose label is the commonest of their true group, worst group; groups as in `gaussianMixture`. */
export function worstPurity(labels: Int32Array, sizes: readonly number[]): number {
  let start = 0;
  let worst = 1;
  for (const size of sizes) {
    const counts = new Map<number, number>();
    for (let i = start; i < start + size; i++) counts.set(labels[i], (counts.get(labels[i]) ?? 0) + 1);
    worst = Math.min(worst, Math.max(...counts.values()) / size);
    start += size;
  }
  return worst;
}

/** Whether the labels are 0 ... k - 1 without holes. */
export function hasNoHoles(labels: Int32Array): boolean {
  const seen = new Set(labels);
  for (let k = 0; k < seen.size; k++) if (!seen.has(k)) return false;
  return true;
}
