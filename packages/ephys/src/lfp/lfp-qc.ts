/**
 * @module
 * The four numbers of `analysis.LFPQC` for one LFP trace: moments and median absolute deviation, as numpy and scipy.stats give them.
 *
 * What a newcomer would get wrong: the noise level is the *unscaled* median absolute deviation (not divided by 0.67449), the moments
 * are the biased ones (divided by n), and kurtosis is the excess over a Gaussian's 3.
 */
import { ParameterError } from "../errors.ts";

export interface LfpQuality {
  /** Standard deviation, uV. */
  readonly std: number;
  /** Median absolute deviation from the median, uV. */
  readonly noiseLevel: number;
  /** Third standardised moment; NaN for a constant trace. */
  readonly skewness: number;
  /** Fourth standardised moment - 3; NaN for a constant trace. */
  readonly kurtosis: number;
}

/** Measures a trace, uV. All four are NaN when a value is. @throws ParameterError when the trace is empty */
export function lfpQuality(lfp: Float32Array | Float64Array): LfpQuality {
  const count = lfp.length;
  if (count === 0) throw new ParameterError("An LFP trace must have samples, got none", "lfp");
  let sum = 0;
  for (let t = 0; t < count; t++) sum += lfp[t];
  const mean = sum / count;
  if (!Number.isFinite(mean))
    return { std: Number.NaN, noiseLevel: Number.NaN, skewness: Number.NaN, kurtosis: Number.NaN };
  let second = 0;
  let third = 0;
  let fourth = 0;
  for (let t = 0; t < count; t++) {
    const d = lfp[t] - mean;
    const square = d * d;
    second += square;
    third += square * d;
    fourth += square * square;
  }
  const variance = second / count;
  const isConstant = variance <= (Number.EPSILON * mean) ** 2;
  return {
    std: Math.sqrt(variance),
    noiseLevel: medianAbsoluteDeviation(lfp),
    skewness: isConstant ? Number.NaN : third / count / variance ** 1.5,
    kurtosis: isConstant ? Number.NaN : fourth / count / (variance * variance) - 3,
  };
}

function medianAbsoluteDeviation(values: Float32Array | Float64Array): number {
  const work = Float64Array.from(values);
  const centre = median(work);
  for (let i = 0; i < work.length; i++) work[i] = Math.abs(work[i] - centre);
  return median(work);
}

/** The median; reorders `values`. Of an even number, the mean of the two in the middle. */
function median(values: Float64Array): number {
  const upper = values.length >> 1;
  const high = select(values, upper);
  if (values.length % 2 === 1) return high;
  let low = values[0];
  for (let i = 1; i < upper; i++) low = Math.max(low, values[i]);
  return (low + high) / 2;
}

/** Puts the `rank`-th smallest at its place, smaller ones before it (Hoare's selection, middle of three as pivot). */
function select(values: Float64Array, rank: number): number {
  let left = 0;
  let right = values.length - 1;
  while (left < right) {
    const a = values[left];
    const b = values[(left + right) >> 1];
    const c = values[right];
    const pivot = Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
    let i = left;
    let j = right;
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i > j) break;
      const value = values[i];
      values[i++] = values[j];
      values[j--] = value;
    }
    if (rank <= j) right = j;
    else if (rank >= i) left = i;
    else break;
  }
  return values[rank];
}
