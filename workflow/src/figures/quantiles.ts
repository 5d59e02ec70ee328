/**
 * @module
 * Robust ranges for colours and axes.
 */

/**
 * Finds two quantiles of the finite values (nearest rank), of at most 100 000 evenly spaced ones.
 *
 * @param low, high  in [0, 1]
 * @returns undefined when no value is finite
 */
export function quantileRange(
  values: ArrayLike<number>,
  low: number,
  high: number,
): [number, number] | undefined {
  const stride = Math.max(1, Math.floor(values.length / 100_000));
  const kept = new Float64Array(Math.ceil(values.length / stride));
  let count = 0;
  for (let i = 0; i < values.length; i += stride) {
    const value = values[i]!;
    if (Number.isFinite(value)) kept[count++] = value;
  }
  if (count === 0) return undefined;
  const sorted = kept.subarray(0, count).sort();
  const at = (quantile: number): number => sorted[Math.round(quantile * (count - 1))]!;
  return [at(low), at(high)];
}

/** Least and greatest finite value; undefined when there is none. */
export function finiteRange(values: ArrayLike<number>): [number, number] | undefined {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : undefined;
}
