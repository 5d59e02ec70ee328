/**
 * @module
 * Refinement of overlapping spikes: each is put back, scored anew with everything else taken out, and kept, replaced or deleted.
 *
 * One sweep of coordinate descent. Greedy matching gives the first of two overlapping spikes part of the other's signal; this takes
 * it back.
 */
import type { Traces } from "../core/traces.ts";
import type { EventScorer } from "./event-scorer.ts";
import type { MatchingContext } from "./matching-context.ts";
import { addWaveform, type SpikeList } from "./spike-list.ts";
import type { TemplateBank } from "./template-bank.ts";

/** What decides whether two spikes overlap. */
export interface Overlap {
  readonly bank: TemplateBank;
  readonly context: MatchingContext;
}

/** Calls `found` with each pair of spikes less than a window apart whose units are near; the earlier in `order` first. */
export function overlappingSpikes(
  spikes: SpikeList,
  order: Uint32Array,
  overlap: Overlap,
  found: (earlier: number, later: number) => void,
): void {
  const { samples, units } = spikes;
  const { mainChannels, windowSamples } = overlap.bank;
  const { distances, channelCount, parameters } = overlap.context;
  for (let a = 0; a < order.length; a++) {
    const i = order[a];
    const row = mainChannels[units[i]] * channelCount;
    const end = samples[i] + windowSamples;
    for (let b = a + 1; b < order.length && samples[order[b]] <= end; b++) {
      const j = order[b];
      if (distances[row + mainChannels[units[j]]] <= parameters.conflictRadiusUm) found(i, j);
    }
  }
}

/**
 * Refines the spikes of `order` in place, `y` with them.
 *
 * @param counts  `refined` is raised by the spikes scored anew
 * @returns indices of the spikes left, in order of sample, then unit
 */
export function refine(
  y: Traces,
  spikes: SpikeList,
  order: Uint32Array,
  overlap: Overlap,
  scorer: EventScorer,
  counts: { refined: number },
): Uint32Array {
  const { bank, context } = overlap;
  const { basis, parameters } = context;
  const isOverlapping = new Uint8Array(spikes.length);
  overlappingSpikes(spikes, order, overlap, (i, j) => {
    isOverlapping[i] = 1;
    isOverlapping[j] = 1;
  });
  const first = basis.samplesBefore + parameters.lags;
  const last = y.sampleCount - (basis.windowSamples - basis.samplesBefore) - parameters.lags;
  const isDeleted = new Uint8Array(spikes.length);
  for (const i of order) {
    const sample = spikes.samples[i];
    if (isOverlapping[i] === 0 || sample < first || sample > last) continue;
    counts.refined++;
    const { units, amplitudes, shifts } = spikes;
    addWaveform(y, bank, units[i], sample - basis.samplesBefore, amplitudes[i], shifts[i]);
    scorer.score(y, sample, bank.mainChannels[units[i]]);
    if (!(scorer.gain > 0)) {
      isDeleted[i] = 1;
      continue;
    }
    spikes.set(i, scorer.sample, scorer.unit, scorer.amplitude, scorer.gain, scorer.shift);
    // read back: the list holds 32-bit floats, and what is put back later must be what is taken out now
    addWaveform(y, bank, units[i], spikes.samples[i] - basis.samplesBefore, -amplitudes[i], shifts[i]);
  }
  const { samples, units } = spikes;
  return order
    .filter((i) => isDeleted[i] === 0)
    .sort((i, j) => samples[i] - samples[j] || units[i] - units[j] || i - j);
}
