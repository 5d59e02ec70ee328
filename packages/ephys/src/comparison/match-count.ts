/**
 * @module
 * How many spikes of two trains are the same spikes: the largest one-to-one matching of spikes at most `tolerance` samples apart.
 *
 * Every spike counts once. A plain "how many have a neighbour" counts bursts twice and lets agreement pass 1.
 */

/**
 * Counts matched spikes of two trains. Earliest-first matching is a largest one, since both trains are in time order.
 *
 * @param a  ascending samples; @param b  ascending samples; @param tolerance  samples, inclusive
 */
export function countMatches(a: Float64Array, b: Float64Array, tolerance: number): number {
  let i = 0;
  let j = 0;
  let count = 0;
  while (i < a.length && j < b.length) {
    const lag = b[j] - a[i];
    if (lag < -tolerance) j++;
    else if (lag > tolerance) i++;
    else {
      count++;
      i++;
      j++;
    }
  }
  return count;
}

/**
 * Agreement of two trains: matches / (spikes of a + spikes of b - matches), 0..1; 0 when both are empty.
 *
 * Source: SpikeInterface, "agreement score" of its comparison module (documentation); sorting.md 7.
 */
export function agreement(a: Float64Array, b: Float64Array, tolerance: number): number {
  const matches = countMatches(a, b, tolerance);
  const all = a.length + b.length - matches;
  return all === 0 ? 0 : matches / all;
}
