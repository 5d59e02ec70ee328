/**
 * @module
 * Lengths in samples that were chosen at 30 kHz, at another sampling rate.
 *
 * What a newcomer would get wrong: below 30 kHz they are left alone. A window that lasts longer does no harm; one that ends before the
 * waveform does (as 76 samples do at 40 kHz) leaves tails in the residual, which are then found as units.
 */

const CHOSEN_AT_HZ = 30_000;

/** `samples` of 30 kHz at a sampling rate: the same time at a higher one, the same number at a lower one. */
export function samplesAtRate(samples: number, samplingRateHz: number): number {
  return Math.round(samples * Math.max(1, samplingRateHz / CHOSEN_AT_HZ));
}
