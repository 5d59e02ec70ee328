/**
 * @module
 * The door of the clustering functions: points as flat arrays [count x dimensions], row-major, float32 or float64; float64 inside.
 */
import { ParameterError, ShapeError } from "../errors.ts";

/** Points as callers hold them: features are float32, projections float64. */
export type Points = Float32Array | Float64Array;

/**
 * Checks points and gives them as float64 (the same array when they are).
 *
 * @param points  [count x dimensions]
 * @param where  name of the function for messages
 * @throws ShapeError when the length is not count x dimensions, or dimensions < 1
 * @throws ParameterError when a value is NaN or infinite: one such point would silently move every mean
 */
export function checkedPoints(
  points: Points,
  count: number,
  dimensions: number,
  where: string,
): Float64Array {
  if (dimensions < 1 || points.length !== count * dimensions)
    throw new ShapeError(
      `${where}: ${count} points of ${dimensions} dimensions need ${count * dimensions} values (dimensions >= 1), got ${points.length}`,
    );
  const values = points instanceof Float64Array ? points : Float64Array.from(points);
  const bad = firstNotFinite(values, values.length);
  if (bad >= 0)
    throw new ParameterError(
      `${where}: point ${Math.floor(bad / dimensions)}, dimension ${bad % dimensions} is ${values[bad]}; every value must be finite`,
      "points",
    );
  return values;
}

/** Index of the first value that is NaN or infinite, or -1. */
export function firstNotFinite(values: Float64Array, length: number): number {
  for (let i = 0; i < length; i++) if (!(Math.abs(values[i]) <= Number.MAX_VALUE)) return i;
  return -1;
}

/** Copies the rows of some points. */
export function gather(points: Float64Array, dimensions: number, members: Int32Array): Float64Array {
  const out = new Float64Array(members.length * dimensions);
  for (let i = 0; i < members.length; i++) {
    const row = members[i] * dimensions;
    for (let j = 0; j < dimensions; j++) out[i * dimensions + j] = points[row + j];
  }
  return out;
}
