/**
 * @module
 * Which spikes a template is averaged from: a limited number of a unit's, without those farthest from its median feature, which are
 * collisions and strangers.
 */
import type { Random } from "../core/random.ts";
import { medianInPlace } from "../dsp/median.ts";

/** Units of so few spikes are not trimmed. */
const FEWEST = 5;

export interface TrimOptions {
  /** Spikes looked at, drawn at random from more. */
  readonly limit: number;
  /** Fraction of these that is dropped. */
  readonly trim: number;
  readonly random: Random;
}

/**
 * Chooses the spikes that are averaged.
 *
 * @param features  Float32Array [all spikes x dimensions]; @param members  rows of one unit
 * @returns some of `members`, ascending; at least one when there is one
 */
export function trimmedMembers(
  features: Float32Array,
  dimensions: number,
  members: Int32Array,
  options: TrimOptions,
): Int32Array {
  const { limit, trim, random } = options;
  let chosen = members;
  if (members.length > limit) {
    const shuffled = members.slice();
    random.shuffle(shuffled);
    chosen = shuffled.subarray(0, limit).sort();
  }
  if (chosen.length <= FEWEST || trim === 0) return chosen.slice();
  const distances = distancesFromMedian(features, dimensions, chosen);
  const order = Array.from(chosen.keys()).sort((i, j) => distances[i] - distances[j] || i - j);
  const kept = order.slice(0, Math.max(1, Math.ceil(chosen.length * (1 - trim))));
  return Int32Array.from(kept, (i) => chosen[i]).sort();
}

/** Squared distance of rows of `features` from their median. */
function distancesFromMedian(features: Float32Array, dimensions: number, rows: Int32Array): Float64Array {
  const count = rows.length;
  const distances = new Float64Array(count);
  const column = new Float32Array(count);
  for (let d = 0; d < dimensions; d++) {
    for (let i = 0; i < count; i++) column[i] = features[rows[i] * dimensions + d];
    const median = medianInPlace(column);
    for (let i = 0; i < count; i++) distances[i] += (features[rows[i] * dimensions + d] - median) ** 2;
  }
  return distances;
}
