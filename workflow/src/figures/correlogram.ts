/**
 * @module
 * Counts of a spike train's autocorrelogram.
 */

export interface CorrelogramOptions {
  /** Default 1 ms. */
  readonly binMs?: number;
  /** Longest lag, ms; a whole number of bins. Default 50 ms. */
  readonly windowMs?: number;
}

/**
 * Counts the pairs of spikes by lag. A spike with itself is not a pair.
 *
 * @param timesS  s, ascending [spikes]
 * @returns Float64Array [2 x windowMs / binMs], symmetric: bin i holds lags from -windowMs + i x binMs, to be read as [low, high) right of
 *   zero and (low, high] left of it; two spikes at the same time count in both bins beside zero
 * @throws RangeError when the times descend or the window is not a whole number of bins
 *
 * Lags are compared in whole nanoseconds, so that spikes exactly 1 ms apart do not fall to either side by rounding.
 */
export function autocorrelogramCounts(
  timesS: ArrayLike<number>,
  options: CorrelogramOptions = {},
): Float64Array {
  const { binMs = 1, windowMs = 50 } = options;
  const half = Math.round(windowMs / binMs);
  if (!(binMs > 0) || half < 1 || Math.abs(half * binMs - windowMs) > 1e-9 * windowMs)
    throw new RangeError(
      `autocorrelogramCounts: windowMs must be a whole number of bins, got ${windowMs} ms in bins of ${binMs} ms`,
    );
  const counts = new Float64Array(2 * half);
  const windowNs = Math.round(windowMs * 1e6);
  const binNs = windowNs / half;
  const count = timesS.length;
  for (let i = 0; i < count; i++) {
    const start = timesS[i]!;
    if (i > 0 && !(start >= timesS[i - 1]!))
      throw new RangeError(
        `autocorrelogramCounts: spike ${i} at ${start} s is before the one at ${timesS[i - 1]} s`,
      );
    for (let j = i + 1; j < count; j++) {
      const lag = Math.round((timesS[j]! - start) * 1e9);
      if (lag >= windowNs) break;
      const bin = Math.floor(lag / binNs);
      counts[half + bin]!++;
      counts[half - 1 - bin]!++;
    }
  }
  return counts;
}
