/**
 * @module
 * Mean waveforms of units, summed chunk by chunk: each chunk gives the sums of the units that it has spikes of, and these are added in
 * the order of the chunks, so that the same spikes give the same bits however many threads worked.
 */
import type { UnitMeans } from "../matching/template-bank.ts";

/** Sums of one chunk. */
export interface PartialSums {
  readonly units: Int32Array;
  readonly counts: Int32Array;
  /** Of each of `units`: Float64Array [W x channels of it]. */
  readonly sums: readonly Float64Array[];
}

/** Collects the sums of a chunk. */
export class ChunkSums {
  readonly #sums = new Map<number, { count: number; readonly sum: Float64Array }>();

  /** Adds a snippet, Float32Array [W x channels of the unit] (more values behind are ignored). */
  add(unit: number, snippet: Float32Array, length: number): void {
    let entry = this.#sums.get(unit);
    if (entry === undefined) {
      entry = { count: 0, sum: new Float64Array(length) };
      this.#sums.set(unit, entry);
    }
    const { sum } = entry;
    for (let i = 0; i < length; i++) sum[i] += snippet[i];
    entry.count++;
  }

  /** What was added, by ascending unit. */
  finish(): PartialSums {
    const units = Int32Array.from(this.#sums.keys()).sort();
    const entries = Array.from(units, (unit) => this.#sums.get(unit) as { count: number; sum: Float64Array });
    return {
      units,
      counts: Int32Array.from(entries, ({ count }) => count),
      sums: entries.map(({ sum }) => sum),
    };
  }
}

/** Adds up the chunks' sums. */
export class WaveformSums {
  readonly channels: readonly Int32Array[];
  readonly counts: Int32Array;
  readonly #sums: Float64Array[];

  /** @param channels  of each unit's waveform */
  constructor(channels: readonly Int32Array[], windowSamples: number) {
    this.channels = channels;
    this.counts = new Int32Array(channels.length);
    this.#sums = channels.map((list) => new Float64Array(windowSamples * list.length));
  }

  add(partial: PartialSums): void {
    for (const [i, unit] of partial.units.entries()) {
      const [from, to] = [partial.sums[i], this.#sums[unit]];
      for (let j = 0; j < to.length; j++) to[j] += from[j];
      this.counts[unit] += partial.counts[i];
    }
  }

  /** The means; zeros for a unit without spikes. */
  means(): UnitMeans & { readonly counts: Int32Array } {
    return {
      channels: this.channels,
      waveforms: this.#sums.map((sum, unit) =>
        Float32Array.from(sum, (value) => value / Math.max(1, this.counts[unit])),
      ),
      counts: this.counts.slice(),
    };
  }
}

/**
 * Joins the means of units that were merged, channel by channel, weighted by the spikes averaged; on the channels of the most numerous.
 *
 * @param groups  units that are one now
 */
export function joinMeans(
  means: UnitMeans,
  groups: readonly (readonly number[])[],
  windowSamples: number,
): UnitMeans & { readonly counts: Int32Array } {
  const channels: Int32Array[] = [];
  const waveforms: Float32Array[] = [];
  for (const group of groups) {
    const leader = group.reduce((best, unit) => (means.counts[unit] > means.counts[best] ? unit : best));
    const list = means.channels[leader];
    const out = new Float32Array(windowSamples * list.length);
    for (const [c, channel] of list.entries()) {
      const sharers = group
        .map((unit) => ({ unit, column: means.channels[unit].indexOf(channel) }))
        .filter(({ column }) => column >= 0);
      const total = sharers.reduce((sum, { unit }) => sum + means.counts[unit], 0);
      for (const { unit, column } of sharers) {
        const weight = means.counts[unit] / Math.max(1, total);
        const width = means.channels[unit].length;
        for (let w = 0; w < windowSamples; w++)
          out[w * list.length + c] += weight * means.waveforms[unit][w * width + column];
      }
    }
    channels.push(list);
    waveforms.push(out);
  }
  const counts = Int32Array.from(groups, (group) => group.reduce((sum, unit) => sum + means.counts[unit], 0));
  return { channels, waveforms, counts };
}
