/**
 * @module
 * The axis along which two groups of points separate best (Fisher's discriminant), with the pooled covariance drawn towards the unit
 * noise, so that it is defined for few points too.
 */
import { choleskyFactor, choleskySolve } from "../linalg/cholesky.ts";
import { columnMean, scatterAbout } from "../linalg/covariance.ts";
import { checkedPoints, type Points } from "./points.ts";

/**
 * Finds the unit vector w = (S + shrinkage)^-1 (mean of a - mean of b).
 *
 * @param a  [countA x dimensions], unit-noise coordinates; @param b  [countB x dimensions]
 * @returns Float64Array [dimensions] of length 1; zeros when the means are equal
 * @throws ShapeError, ParameterError
 */
export function fisherAxis(
  a: Points,
  countA: number,
  b: Points,
  countB: number,
  dimensions: number,
): Float64Array {
  const pointsA = checkedPoints(a, countA, dimensions, "fisherAxis, first group");
  const pointsB = checkedPoints(b, countB, dimensions, "fisherAxis, second group");
  const size = dimensions * dimensions;
  const difference = new Float64Array(dimensions);
  const scatter = new Float64Array(size);
  const scatterB = new Float64Array(size);
  const meanA = columnMean(pointsA, countA, dimensions);
  const meanB = columnMean(pointsB, countB, dimensions);
  scatterAbout(pointsA, countA, dimensions, meanA, difference, scatter);
  scatterAbout(pointsB, countB, dimensions, meanB, difference, scatterB);
  for (let i = 0; i < size; i++) scatter[i] += scatterB[i];
  for (let j = 0; j < dimensions; j++) difference[j] = meanA[j] - meanB[j];
  return axisFromScatter(scatter, difference, countA + countB, dimensions, scatter, difference);
}

/**
 * The same from sums that the caller already has.
 *
 * @param scatter  Float64Array [dimensions x dimensions], summed scatter of both groups about their own means
 * @param difference  Float64Array [dimensions], mean of a - mean of b
 * @param count  points in both
 * @param factor  Float64Array [dimensions x dimensions], scratch; may be `scatter`
 * @param out  Float64Array [dimensions]; may be `difference`
 */
export function axisFromScatter(
  scatter: Float64Array,
  difference: Float64Array,
  count: number,
  dimensions: number,
  factor: Float64Array,
  out: Float64Array,
): Float64Array {
  // a prior worth 2 x dimensions points of unit noise
  const prior = 2 * dimensions;
  for (let i = 0; i < dimensions * dimensions; i++) factor[i] = scatter[i] / (count + prior);
  for (let j = 0; j < dimensions; j++) factor[j * dimensions + j] += prior / (count + prior);
  choleskyFactor(factor, dimensions, factor);
  choleskySolve(factor, dimensions, difference, out);
  let norm = 0;
  for (let j = 0; j < dimensions; j++) norm += out[j] * out[j];
  const scale = 1 / Math.max(Math.sqrt(norm), 1e-12);
  for (let j = 0; j < dimensions; j++) out[j] *= scale;
  return out;
}
