/**
 * @module
 * Gaussian smoothing of a short row of numbers, mirrored at its ends (d c b a | a b c d | d c b a), cut at four standard deviations: what
 * scipy.ndimage.gaussian_filter1d does by default.
 */

/**
 * Smooths `values`.
 *
 * @param sigma  standard deviation in steps of the row, above 0
 * @returns Float64Array of the same length
 */
export function gaussianSmooth(values: Float64Array, sigma: number): Float64Array {
  const radius = Math.floor(4 * sigma + 0.5);
  const weights = new Float64Array(radius + 1);
  let sum = 0;
  for (let k = 0; k <= radius; k++) {
    weights[k] = Math.exp((-0.5 * k * k) / (sigma * sigma));
    sum += k === 0 ? weights[k] : 2 * weights[k];
  }
  const out = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    let total = weights[0] * values[i];
    for (let k = 1; k <= radius; k++)
      total += weights[k] * (values[mirrored(i - k, values.length)] + values[mirrored(i + k, values.length)]);
    out[i] = total / sum;
  }
  return out;
}

function mirrored(index: number, length: number): number {
  const period = 2 * length;
  const place = ((index % period) + period) % period;
  return place < length ? place : period - 1 - place;
}
