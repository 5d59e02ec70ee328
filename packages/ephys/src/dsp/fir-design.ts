/**
 * @module
 * Finite impulse responses by the window method, as `scipy.signal.firwin(taps, cutoff)` gives (Hamming window, gain 1 at 0 Hz).
 */
import { ParameterError } from "../errors.ts";

/**
 * Designs a linear-phase low pass.
 *
 * @param tapCount  odd, so that the delay is a whole number of samples
 * @param cutoff  the -6 dB point as a fraction of half the sampling rate
 * @returns Float64Array [tapCount], symmetric, with sum 1
 * @throws ParameterError when a number is out of range
 */
export function hammingLowPass(tapCount: number, cutoff: number): Float64Array {
  if (!Number.isInteger(tapCount) || tapCount < 3 || tapCount % 2 === 0)
    throw new ParameterError(
      `tapCount must be an odd whole number of at least 3, got ${tapCount}`,
      "tapCount",
    );
  if (!(cutoff > 0 && cutoff < 1))
    throw new ParameterError(`cutoff must lie between 0 and 1, got ${cutoff}`, "cutoff");
  const half = (tapCount - 1) / 2;
  const taps = new Float64Array(tapCount);
  let sum = 0;
  for (let i = 0; i < tapCount; i++) {
    const x = cutoff * (i - half);
    const sinc = x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
    taps[i] = cutoff * sinc * (0.54 - 0.46 * Math.cos((2 * Math.PI * i) / (tapCount - 1)));
    sum += taps[i];
  }
  for (let i = 0; i < tapCount; i++) taps[i] /= sum;
  return taps;
}

/** The low pass that `scipy.signal.decimate(ftype="fir")` uses to keep one of `factor` samples: 20 factor + 1 taps. */
export function decimationTaps(factor: number): Float64Array {
  if (!Number.isInteger(factor) || factor < 2)
    throw new ParameterError(`factor must be a whole number of at least 2, got ${factor}`, "factor");
  return hammingLowPass(20 * factor + 1, 1 / factor);
}
