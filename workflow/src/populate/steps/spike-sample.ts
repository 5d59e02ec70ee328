/**
 * @module
 * Which spikes of each unit to look at, and the stretches of the recording to read for them.
 *
 * Whole chunks are chosen in random order, so that a long recording is read in few places and all its parts are likely; chunks in which
 * only units with enough spikes fire are passed over.
 */
import type { Random } from "@tenon/ephys";

/** A stretch of the recording with the windows of some spikes in it. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
  /** Samples of the spikes, ascending. */
  readonly samples: Float64Array;
  /** Index of each spike's unit. */
  readonly units: Int32Array;
}

export interface SampleOptions {
  readonly sampleCount: number;
  readonly chunkSamples: number;
  /** Samples of the window before a spike and from it on; spikes whose window leaves the recording are left out. */
  readonly before: number;
  readonly after: number;
  /** Windows nearer than this are read in one piece. */
  readonly gap: number;
  /** Spikes of a unit, at most. */
  readonly most: number;
  /** Spikes of a unit after which no further chunk is looked for. */
  readonly enough: number;
  readonly random: Random;
}

/** No stretch is longer than this many chunks, so that memory is bounded when spikes are everywhere. */
const LONGEST_CHUNKS = 2;

/** Chooses spikes and groups them. @param trains  samples of each unit's spikes, ascending */
export function stretchesOf(trains: readonly Float64Array[], options: SampleOptions): Stretch[] {
  const chosen = chooseSpikes(trains, options);
  const { before, after, gap, chunkSamples } = options;
  const order = Uint32Array.from(chosen.samples.keys()).sort(
    (a, b) => chosen.samples[a]! - chosen.samples[b]! || chosen.units[a]! - chosen.units[b]!,
  );
  const stretches: Stretch[] = [];
  let from = 0;
  for (let i = 1; i <= order.length; i++) {
    const first = chosen.samples[order[from]!]! - before;
    const end = chosen.samples[order[i - 1]!]! + after;
    const next = i < order.length ? chosen.samples[order[i]!]! : Number.POSITIVE_INFINITY;
    if (next - before - end < gap && next + after - first <= LONGEST_CHUNKS * chunkSamples) continue;
    const rows = order.subarray(from, i);
    stretches.push({
      start: first,
      end,
      samples: Float64Array.from(rows, (row) => chosen.samples[row]!),
      units: Int32Array.from(rows, (row) => chosen.units[row]!),
    });
    from = i;
  }
  return stretches;
}

function chooseSpikes(trains: readonly Float64Array[], options: SampleOptions) {
  const { sampleCount, chunkSamples, before, after, most, enough, random } = options;
  const chunkCount = Math.max(1, Math.ceil(sampleCount / chunkSamples));
  const usable = trains.map((train) =>
    train.map(Math.round).filter((sample) => sample - before >= 0 && sample + after <= sampleCount),
  );
  const wanted = usable.map((train) => Math.min(enough, train.length));
  const had = new Int32Array(trains.length);
  const chunks = Int32Array.from({ length: chunkCount }, (_, chunk) => chunk);
  random.shuffle(chunks);
  const samples: number[] = [];
  const units: number[] = [];
  let lacking = wanted.filter((count) => count > 0).length;
  for (const chunk of chunks) {
    if (lacking === 0) break;
    const [start, end] = [chunk * chunkSamples, (chunk + 1) * chunkSamples];
    for (const [unit, train] of usable.entries()) {
      const wasLacking = had[unit]! < wanted[unit]!;
      // a unit with enough takes no part in reading further chunks
      if (!wasLacking) continue;
      for (
        let i = firstAtLeast(train, start);
        i < train.length && train[i]! < end && had[unit]! < most;
        i++
      ) {
        samples.push(train[i]!);
        units.push(unit);
        had[unit]!++;
      }
      if (had[unit]! >= wanted[unit]!) lacking--;
    }
  }
  return { samples: Float64Array.from(samples), units: Int32Array.from(units) };
}

function firstAtLeast(train: Float64Array, sample: number): number {
  let [low, high] = [0, train.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (train[middle]! < sample) low = middle + 1;
    else high = middle;
  }
  return low;
}
