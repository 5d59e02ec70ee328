/**
 * @module
 * Agreement of every true unit with every found unit.
 *
 * Pairs that could not reach `CHANCE_AGREEMENT` are left at 0: counting them exactly would cost units x units passes over the spikes.
 */
import { countMatches } from "./match-count.ts";

/** Agreements below this are written as 0. */
export const CHANCE_AGREEMENT = 0.02;

/** Splits spikes in time order into one train for each of `unitIds`. Spikes of other units are left out. */
export function splitTrains(
  spikeSamples: Float64Array,
  spikeUnits: Int32Array,
  unitIds: ArrayLike<number>,
): Float64Array[] {
  const indexOf = new Map(Array.from(unitIds, (id, index) => [id, index]));
  const counts = new Int32Array(unitIds.length);
  for (const unit of spikeUnits) {
    const index = indexOf.get(unit);
    if (index !== undefined) counts[index]++;
  }
  const trains = Array.from(counts, (count) => new Float64Array(count));
  counts.fill(0);
  for (let i = 0; i < spikeUnits.length; i++) {
    const index = indexOf.get(spikeUnits[i]);
    if (index !== undefined) trains[index][counts[index]++] = spikeSamples[i];
  }
  for (const train of trains) train.sort();
  return trains;
}

/** Matches and agreements. @returns two matrices [a x b]; `matches` is exact wherever `agreements` is not 0 */
export function agreementMatrix(
  a: readonly Float64Array[],
  b: readonly Float64Array[],
  tolerance: number,
): { readonly matches: Int32Array; readonly agreements: Float64Array } {
  const bound = coarseCounts(a, b, tolerance);
  const matches = new Int32Array(a.length * b.length);
  const agreements = new Float64Array(a.length * b.length);
  for (let i = 0; i < a.length; i++)
    for (let j = 0; j < b.length; j++) {
      const at = i * b.length + j;
      const most = Math.min(bound[at], a[i].length, b[j].length);
      if (most === 0 || most < CHANCE_AGREEMENT * (a[i].length + b[j].length - most)) continue;
      const count = countMatches(a[i], b[j], tolerance);
      const value = count / (a[i].length + b[j].length - count);
      if (value < CHANCE_AGREEMENT) continue;
      matches[at] = count;
      agreements[at] = value;
    }
  return { matches, agreements };
}

/** Pairs of spikes within tolerance for each pair of units: never fewer than the one-to-one matches. */
function coarseCounts(a: readonly Float64Array[], b: readonly Float64Array[], tolerance: number): Int32Array {
  const all = mergeTrains(b);
  const counts = new Int32Array(a.length * b.length);
  for (let i = 0; i < a.length; i++) {
    let from = 0;
    for (const sample of a[i]) {
      while (from < all.samples.length && all.samples[from] < sample - tolerance) from++;
      for (let j = from; j < all.samples.length && all.samples[j] <= sample + tolerance; j++)
        counts[i * b.length + all.units[j]]++;
    }
  }
  return counts;
}

function mergeTrains(trains: readonly Float64Array[]): { samples: Float64Array; units: Int32Array } {
  let count = 0;
  for (const train of trains) count += train.length;
  const samples = new Float64Array(count);
  const units = new Int32Array(count);
  let at = 0;
  for (let unit = 0; unit < trains.length; unit++)
    for (const sample of trains[unit]) {
      samples[at] = sample;
      units[at++] = unit;
    }
  const order = Uint32Array.from(samples, (_, i) => i).sort((i, j) => samples[i] - samples[j]);
  return { samples: samples.slice().sort(), units: Int32Array.from(order, (i) => units[i]) };
}
