/**
 * @module
 * Matching pursuit by events: finds spikes of known templates in whitened traces and takes them out, overlapping ones too.
 *
 * Only events are scored, never every sample. Of candidates that overlap in time and space the one of the largest gain is taken out first;
 * the others are scored again on what is left. Then one more detection near what was taken out, and a sweep that puts each overlapping
 * spike back and scores it anew.
 *
 * What a newcomer would get wrong: the traces are changed in place to the residual, and spikes near their ends are not to be trusted:
 * hand in `edgeSamples` more on both sides and drop the spikes found there.
 *
 * Source: shared/prototypes/sorter, section 1 G.
 */
import type { Traces } from "../core/traces.ts";
import { ShapeError } from "../errors.ts";
import { EventScorer, type KernelMaker } from "./event-scorer.ts";
import type { EventSource, SubtractionSites } from "./event-source.ts";
import type { MatchingContext } from "./matching-context.ts";
import { type Overlap, overlappingSpikes, refine } from "./refinement.ts";
import { addWaveform, type MatchedSpikes, SpikeList } from "./spike-list.ts";
import type { TemplateBank } from "./template-bank.ts";

export interface MatcherOptions {
  /** Cost of a spike of each unit (`spikeCosts`); `initialCost` for all when absent. */
  readonly costs?: ArrayLike<number>;
  readonly makeKernel?: KernelMaker;
}

/** What the last `match` did. */
export interface MatchingCounts {
  events: number;
  scored: number;
  refined: number;
}

export class Matcher {
  readonly bank: TemplateBank;
  readonly context: MatchingContext;
  /** Samples at both ends of the traces where spikes are not to be trusted. */
  readonly edgeSamples: number;
  readonly counts: MatchingCounts = { events: 0, scored: 0, refined: 0 };
  readonly #scorer: EventScorer;
  readonly #overlap: Overlap;
  readonly #spikes = new SpikeList();
  readonly #candidates = new SpikeList();

  /** Makes a matcher. @throws ShapeError when there is not one cost for each unit */
  static create(bank: TemplateBank, context: MatchingContext, options: MatcherOptions = {}): Matcher {
    return new Matcher(bank, context, options);
  }

  private constructor(bank: TemplateBank, context: MatchingContext, options: MatcherOptions) {
    const costs = options.costs ?? new Float32Array(bank.unitCount).fill(context.parameters.initialCost);
    this.bank = bank;
    this.context = context;
    this.edgeSamples = 2 * bank.windowSamples;
    this.#scorer = new EventScorer(bank, context, costs, options.makeKernel);
    this.#overlap = { bank, context };
  }

  /**
   * Finds the spikes of `y` and changes it to the residual.
   *
   * @param y  whitened traces; @param source  detector; @param threshold  of events, sigma
   * @throws ShapeError when `y` has other channels than the context
   */
  match(y: Traces, source: EventSource, threshold: number): MatchedSpikes {
    const { parameters, channelCount } = this.context;
    if (y.channelCount !== channelCount)
      throw new ShapeError(
        `Traces must have the ${channelCount} channels of the context, got ${y.channelCount}`,
      );
    this.counts.events = 0;
    this.counts.scored = 0;
    this.counts.refined = 0;
    this.#spikes.clear();
    let pending = this.#usable(source.events(y, threshold), y.sampleCount, undefined);
    for (let pass = 1; pending.samples.length > 0; pass++) {
      const before = this.#spikes.length;
      for (let round = 0; round < parameters.rounds && pending.samples.length > 0; round++)
        pending = this.#acceptWinners(y, pending);
      if (pass === parameters.passes || this.#spikes.length === before) break;
      const sites = this.#sites(before);
      const again = source.eventsNear?.(y, threshold, sites) ?? source.events(y, threshold);
      pending = this.#usable(again, y.sampleCount, sites);
    }
    let order = this.#spikes.order();
    for (let sweep = 0; sweep < parameters.sweeps; sweep++)
      order = refine(y, this.#spikes, order, this.#overlap, this.#scorer, this.counts);
    return this.#spikes.take(order);
  }

  /** Scores events, takes the winners out of `y`. @returns the losers */
  #acceptWinners(y: Traces, events: SubtractionSites): SubtractionSites {
    const { samples, channels } = events;
    const scorer = this.#scorer;
    const candidates = this.#candidates;
    const eventOf = new Uint32Array(samples.length);
    candidates.clear();
    this.counts.scored += samples.length;
    for (let i = 0; i < samples.length; i++) {
      scorer.score(y, samples[i], channels[i]);
      if (!(scorer.gain > 0)) continue;
      eventOf[candidates.length] = i;
      candidates.push(scorer.sample, scorer.unit, scorer.amplitude, scorer.gain, scorer.shift);
    }
    const order = candidates.order();
    const isLoser = new Uint8Array(candidates.length);
    overlappingSpikes(candidates, order, this.#overlap, (i, j) => {
      isLoser[candidates.gains[j] <= candidates.gains[i] ? j : i] = 1;
    });
    const losers: number[] = [];
    for (let i = 0; i < candidates.length; i++) {
      if (isLoser[i] === 1) losers.push(eventOf[i]);
      else this.#takeOut(y, i);
    }
    return {
      samples: Int32Array.from(losers, (event) => samples[event]),
      channels: Int32Array.from(losers, (event) => channels[event]),
    };
  }

  #takeOut(y: Traces, i: number): void {
    const { samples, units, amplitudes, gains, shifts } = this.#candidates;
    const first = samples[i] - this.context.basis.samplesBefore;
    addWaveform(y, this.bank, units[i], first, -amplitudes[i], shifts[i]);
    this.#spikes.push(samples[i], units[i], amplitudes[i], gains[i], shifts[i]);
  }

  /** Events whose window with all lags lies inside; with `sites`, only those near one. */
  #usable(
    events: { readonly samples: ArrayLike<number>; readonly channels: ArrayLike<number> },
    sampleCount: number,
    sites: SubtractionSites | undefined,
  ): SubtractionSites {
    const { basis, parameters } = this.context;
    const first = basis.samplesBefore + parameters.lags + 1;
    const last = sampleCount - (basis.windowSamples - basis.samplesBefore) - parameters.lags - 2;
    const chosen: number[] = [];
    let from = 0;
    for (let i = 0; i < events.samples.length; i++) {
      const sample = events.samples[i];
      if (sample <= first || sample >= last) continue;
      if (sites !== undefined) {
        while (from < sites.samples.length && sites.samples[from] < sample - basis.windowSamples) from++;
        if (!this.#isNear(sites, from, sample, events.channels[i])) continue;
      }
      chosen.push(i);
    }
    this.counts.events += chosen.length;
    return {
      samples: Int32Array.from(chosen, (i) => events.samples[i]),
      channels: Int32Array.from(chosen, (i) => events.channels[i]),
    };
  }

  #isNear(sites: SubtractionSites, from: number, sample: number, channel: number): boolean {
    const { basis, parameters, distances, channelCount } = this.context;
    for (let i = from; i < sites.samples.length && sites.samples[i] <= sample + basis.windowSamples; i++)
      if (distances[sites.channels[i] * channelCount + channel] <= parameters.conflictRadiusUm) return true;
    return false;
  }

  /** Sample and main channel of the spikes from the `from`th on, in order of sample. */
  #sites(from: number): SubtractionSites {
    const { samples, units, length } = this.#spikes;
    const order = Uint32Array.from({ length: length - from }, (_, i) => from + i).sort(
      (i, j) => samples[i] - samples[j] || i - j,
    );
    return {
      samples: Int32Array.from(order, (i) => samples[i]),
      channels: Int32Array.from(order, (i) => this.bank.mainChannels[units[i]]),
    };
  }
}
