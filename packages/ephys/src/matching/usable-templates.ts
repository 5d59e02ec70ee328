/**
 * @module
 * Which templates are worth matching with: not the weak ones, nor copies of a more numerous template at another lag.
 *
 * Two clusters of one unit whose events were placed on different extrema have the same waveform, shifted. Copies at a lag of 0 to 2 are
 * *not* dropped here: two units of alike waveforms may be aligned a sample apart, and whether they are one is decided by their spikes
 * (merging, which moves them).
 */
import type { MatchingContext } from "./matching-context.ts";
import { supportOf, type TemplateBank, waveformOf } from "./template-bank.ts";

const SAME_LAG = 2;

export interface UsableTemplateOptions {
  /** Least N^2; 20. */
  readonly minEnergy?: number;
  /** Largest |difference|^2 of a copy, relative to the mean energy of the two; 0.25. */
  readonly copyDifference?: number;
  /** Lags searched, samples; 12. */
  readonly lags?: number;
  /** Main channels of copies are at most this far apart, um; 50. */
  readonly radiusUm?: number;
}

/** Tells usable templates. @returns Uint8Array [units], 1 = usable */
export function usableTemplates(
  bank: TemplateBank,
  context: MatchingContext,
  options: UsableTemplateOptions = {},
): Uint8Array {
  const { minEnergy = 20, copyDifference = 0.25, lags = 12, radiusUm = 50 } = options;
  const { unitCount, counts, mainChannels } = bank;
  const isUsable = Uint8Array.from(bank.energies, (energy) => (energy >= minEnergy ? 1 : 0));
  const order = Array.from({ length: unitCount }, (_, k) => k).sort((a, b) => counts[b] - counts[a] || a - b);
  const energies = order.map(() => 0);
  for (const k of order) for (const value of waveformOf(bank, k)) energies[k] += value * value;
  for (const [a, k] of order.entries())
    for (const l of order.slice(a + 1)) {
      if (isUsable[k] === 0 || isUsable[l] === 0) continue;
      if (context.distances[mainChannels[k] * context.channelCount + mainChannels[l]] > radiusUm) continue;
      const { product, lag } = largestProduct(bank, k, l, lags);
      const difference = energies[k] + energies[l] - 2 * product;
      if (Math.abs(lag) > SAME_LAG && difference < (copyDifference * (energies[k] + energies[l])) / 2)
        isUsable[l] = 0;
    }
  return isUsable;
}

/** The lag of the largest inner product sum_t k[t] l[t - lag], over the channels that both have. */
function largestProduct(
  bank: TemplateBank,
  k: number,
  l: number,
  lags: number,
): { product: number; lag: number } {
  const { windowSamples } = bank;
  const [a, b] = [waveformOf(bank, k), waveformOf(bank, l)];
  const [aChannels, bChannels] = [supportOf(bank, k), supportOf(bank, l)];
  const pairs: { i: number; j: number }[] = [];
  for (const [i, channel] of aChannels.entries()) {
    const j = bChannels.indexOf(channel);
    if (j >= 0) pairs.push({ i, j });
  }
  let best = { product: Number.NEGATIVE_INFINITY, lag: 0 };
  for (let lag = -lags; lag <= lags; lag++) {
    let product = 0;
    for (let t = Math.max(0, lag); t < windowSamples + Math.min(0, lag); t++)
      for (const { i, j } of pairs)
        product += a[t * aChannels.length + i] * b[(t - lag) * bChannels.length + j];
    if (product > best.product) best = { product, lag };
  }
  return best;
}
