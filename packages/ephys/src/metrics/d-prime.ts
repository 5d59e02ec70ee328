/**
 * @module
 * How well a line tells a unit's spikes from the others: Fisher's discriminant, then the distance of the means over the spread
 * (pipeline contract 5.1). Source: Hill, Mehta and Kleinfeld 2011.
 */
import { choleskySolve } from "../linalg/cholesky.ts";
import { columnMean, scatterAbout } from "../linalg/covariance.ts";
import type { FeatureSpace } from "./feature-space.ts";
import { factorOf } from "./mahalanobis.ts";

/** (mean1 - mean2) / sqrt((variance1 + variance2) / 2) on the best line. @returns NaN without others, or when the spikes do not span the space */
export function dPrime(space: FeatureSpace): number {
  const { points, dimensions, ownCount, units } = space;
  const otherCount = units.length - ownCount;
  if (ownCount === 0 || otherCount === 0) return Number.NaN;
  const own = points.subarray(0, ownCount * dimensions);
  const others = points.subarray(ownCount * dimensions);
  const ownMean = columnMean(own, ownCount, dimensions);
  const otherMean = columnMean(others, otherCount, dimensions);
  const difference = new Float64Array(dimensions);
  const scatter = new Float64Array(dimensions * dimensions);
  const otherScatter = new Float64Array(dimensions * dimensions);
  scatterAbout(own, ownCount, dimensions, ownMean, difference, scatter);
  scatterAbout(others, otherCount, dimensions, otherMean, difference, otherScatter);
  for (let i = 0; i < scatter.length; i++) scatter[i] += otherScatter[i];
  const factor = factorOf(scatter, dimensions);
  if (factor === undefined) return Number.NaN;
  for (let j = 0; j < dimensions; j++) difference[j] = ownMean[j] - otherMean[j];
  const axis = choleskySolve(factor, dimensions, difference);
  const one = meanAndVariance(own, ownCount, axis);
  const two = meanAndVariance(others, otherCount, axis);
  return (one.mean - two.mean) / Math.sqrt((one.variance + two.variance) / 2);
}

function meanAndVariance(
  points: Float64Array,
  count: number,
  axis: Float64Array,
): { mean: number; variance: number } {
  const dimensions = axis.length;
  const places = new Float64Array(count);
  let sum = 0;
  for (let i = 0; i < count; i++) {
    let place = 0;
    for (let j = 0; j < dimensions; j++) place += axis[j] * points[i * dimensions + j];
    places[i] = place;
    sum += place;
  }
  const mean = sum / count;
  let squares = 0;
  for (let i = 0; i < count; i++) squares += (places[i] - mean) ** 2;
  return { mean, variance: squares / count };
}
