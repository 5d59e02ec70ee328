/**
 * @module
 * Mean and covariance of points, row-major [count x dimensions].
 */
import { ShapeError } from "../errors.ts";

/**
 * Averages points. A kernel: checks nothing.
 *
 * @param points  Float64Array [count x dimensions]
 * @param out  Float64Array [dimensions]; zeros when there are no points
 */
export function columnMean(
  points: Float64Array,
  count: number,
  dimensions: number,
  out: Float64Array = new Float64Array(dimensions),
): Float64Array {
  out.fill(0, 0, dimensions);
  for (let i = 0; i < count; i++) {
    const row = i * dimensions;
    for (let j = 0; j < dimensions; j++) out[j] += points[row + j];
  }
  if (count > 0) for (let j = 0; j < dimensions; j++) out[j] /= count;
  return out;
}

/**
 * Sums the outer products of points' distances from a centre: out = sum (x - centre)(x - centre)'. A kernel: checks nothing.
 *
 * @param points  Float64Array [count x dimensions]
 * @param centre  Float64Array [dimensions]
 * @param difference  Float64Array [dimensions], scratch
 * @param out  Float64Array [dimensions x dimensions], both triangles; overwritten
 */
export function scatterAbout(
  points: Float64Array,
  count: number,
  dimensions: number,
  centre: Float64Array,
  difference: Float64Array,
  out: Float64Array,
): Float64Array {
  out.fill(0, 0, dimensions * dimensions);
  for (let n = 0; n < count; n++) {
    const row = n * dimensions;
    for (let j = 0; j < dimensions; j++) difference[j] = points[row + j] - centre[j];
    for (let i = 0; i < dimensions; i++) {
      const factor = difference[i];
      const outRow = i * dimensions;
      for (let j = i; j < dimensions; j++) out[outRow + j] += factor * difference[j];
    }
  }
  for (let i = 1; i < dimensions; i++)
    for (let j = 0; j < i; j++) out[i * dimensions + j] = out[j * dimensions + i];
  return out;
}

/**
 * Estimates the covariance of points about their mean, divided by count - 1 (by 1 when there is one point: zeros).
 *
 * @param points  Float64Array [count x dimensions]
 * @param out  Float64Array [dimensions x dimensions]; a new one when absent
 * @throws ShapeError when `points` is not count x dimensions
 *
 * Two passes (mean first), so a large common offset does not cancel digits. Cost: count x dimensions^2 / 2 multiply-adds.
 */
export function covariance(
  points: Float64Array,
  count: number,
  dimensions: number,
  out: Float64Array = new Float64Array(dimensions * dimensions),
): Float64Array {
  if (points.length !== count * dimensions || out.length !== dimensions * dimensions)
    throw new ShapeError(
      `covariance: ${count} points of ${dimensions} dimensions need ${count * dimensions} values and an out of ` +
        `${dimensions * dimensions}, got ${points.length} and ${out.length}`,
    );
  const mean = columnMean(points, count, dimensions);
  scatterAbout(points, count, dimensions, mean, new Float64Array(dimensions), out);
  const divisor = Math.max(count - 1, 1);
  for (let i = 0; i < dimensions * dimensions; i++) out[i] /= divisor;
  return out;
}
