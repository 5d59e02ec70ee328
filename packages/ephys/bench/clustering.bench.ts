/**
 * @module
 * Times the clustering. Run: `node packages/ephys/bench/clustering.bench.ts`; prints milliseconds of the best of three runs, seed 1.
 */
import { isosplit } from "../src/clustering/isosplit.ts";
import { splitRecursive } from "../src/clustering/split-recursive.ts";
import { Random } from "../src/core/random.ts";
import { symmetricEigen } from "../src/linalg/symmetric-eigen.ts";

function mixture(clusters: number, count: number, dimensions: number): Float64Array {
  const random = new Random(1);
  const points = new Float64Array(count * dimensions);
  for (let i = 0; i < count; i++)
    for (let j = 0; j < dimensions; j++)
      points[i * dimensions + j] = random.normal() + (i % clusters === j + 1 ? 8 : 0);
  return points;
}

function time(name: string, run: () => unknown): void {
  let best = Number.POSITIVE_INFINITY;
  for (let repeat = 0; repeat < 3; repeat++) {
    const start = performance.now();
    run();
    best = Math.min(best, performance.now() - start);
  }
  console.log(`${name.padEnd(44)} ${best.toFixed(0).padStart(6)} ms`);
}

for (const clusters of [1, 2, 8]) {
  const points = mixture(clusters, 20_000, 8);
  time(`isosplit, 20 000 x 8, ${clusters} clusters`, () => isosplit(points, 20_000, 8, {}, new Random(1)));
}
const features = mixture(6, 2_000, 65);
time("splitRecursive, 2 000 x 65, 6 clusters", () => splitRecursive(features, 2_000, 65, {}, new Random(1)));
const random = new Random(1);
const matrix = Float64Array.from({ length: 384 * 384 }, () => random.normal());
time("symmetricEigen, 384 x 384", () => symmetricEigen(matrix, 384));
