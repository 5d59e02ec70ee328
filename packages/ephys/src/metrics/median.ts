/**
 * @module
 * The median as numpy's: the mean of the two middle values of an even count.
 */

/** The median; NaN of no values. Sorts `values`. */
export function medianOf(values: Float64Array): number {
  values.sort();
  const middle = values.length >> 1;
  return values.length % 2 === 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}
