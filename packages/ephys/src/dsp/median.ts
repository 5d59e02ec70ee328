/**
 * @module
 * Medians by selection: the value in the middle without sorting the rest (Hoare's quickselect, median of three as pivot).
 */

/** Moves values so that the `rank`-th smallest (from 0) is at `rank`, lesser ones before it. In place; NaN is not allowed. */
export function selectRank(values: Float32Array, rank: number, count = values.length): number {
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const pivot = middleOfThree(values[low], values[(low + high) >>> 1], values[high]);
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i > j) break;
      const value = values[i];
      values[i++] = values[j];
      values[j--] = value;
    }
    if (rank <= j) high = j;
    else if (rank >= i) low = i;
    else break;
  }
  return values[rank];
}

/** The median as numpy's: the mean of the two middle values of an even count. Reorders `values`; NaN of no values. */
export function medianInPlace(values: Float32Array, count = values.length): number {
  if (count === 0) return Number.NaN;
  const middle = count >>> 1;
  const upper = selectRank(values, middle, count);
  if (count % 2 === 1) return upper;
  let lower = values[0];
  for (let i = 1; i < middle; i++) if (values[i] > lower) lower = values[i];
  return Math.fround(lower + upper) / 2;
}

/** Noise of `values` by their median absolute value (about zero) / 0.6745. Reorders and changes `values`. */
export function noiseInPlace(values: Float32Array, count = values.length): number {
  for (let i = 0; i < count; i++) values[i] = Math.abs(values[i]);
  return medianInPlace(values, count) / 0.6745;
}

function middleOfThree(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}
