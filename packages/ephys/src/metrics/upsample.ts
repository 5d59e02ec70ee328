/**
 * @module
 * Upsampling of a mean waveform by a whole factor: zeros between the samples, then a low-pass of 20 factor + 1 taps (windowed sinc, Kaiser
 * window with beta 5), without delay: what scipy.signal.resample_poly does by default.
 *
 * What a newcomer would get wrong: beyond its ends the waveform counts as 0.
 */

const HALF_LENGTH = 10;
const KAISER_BETA = 5;

/**
 * Upsamples a waveform.
 *
 * @returns Float64Array [factor x samples]; sample i is at i / factor of the waveform's samples
 */
export function upsample(waveform: Float64Array, factor: number): Float64Array {
  const taps = lowPass(factor);
  const half = HALF_LENGTH * factor;
  const out = new Float64Array(waveform.length * factor);
  for (let i = 0; i < out.length; i++) {
    // samples whose distance from i is at most half the filter
    const first = Math.max(0, Math.ceil((i - half) / factor));
    const last = Math.min(waveform.length - 1, Math.floor((i + half) / factor));
    let sum = 0;
    for (let k = first; k <= last; k++) sum += waveform[k] * taps[i - k * factor + half];
    out[i] = sum;
  }
  return out;
}

/** Taps with a gain of `factor` at 0 Hz, which makes up for the zeros. */
function lowPass(factor: number): Float64Array {
  const half = HALF_LENGTH * factor;
  const taps = new Float64Array(2 * half + 1);
  let sum = 0;
  for (let i = 0; i < taps.length; i++) {
    const t = (i - half) / factor;
    const sinc = t === 0 ? 1 : Math.sin(Math.PI * t) / (Math.PI * t);
    const place = (i - half) / half;
    taps[i] = sinc * (besselI0(KAISER_BETA * Math.sqrt(1 - place * place)) / besselI0(KAISER_BETA));
    sum += taps[i];
  }
  for (let i = 0; i < taps.length; i++) taps[i] *= factor / sum;
  return taps;
}

/** The modified Bessel function of order 0, by its power series. */
function besselI0(x: number): number {
  const square = (x * x) / 4;
  let term = 1;
  let sum = 1;
  for (let k = 1; term > 1e-17 * sum; k++) {
    term *= square / (k * k);
    sum += term;
  }
  return sum;
}
