/**
 * @module
 * Units that are the later, smaller spikes of another unit's bursts. Their amplitudes have a gap between them, so spikes' shapes alone say
 * two; their times say one: nearly each small spike follows a large one within some milliseconds, and never within the refractory time.
 *
 * What a newcomer would get wrong: both halves are needed. Two neighbours that fire together follow each other too, but they also meet.
 */
import type { MatchingContext } from "../matching/matching-context.ts";
import { NO_SHIFT, shiftedBases, shiftedFeatures, type TemplateWaveform } from "./shifted-templates.ts";

export interface BurstInput {
  /** Samples of each unit's spikes, ascending. */
  readonly trains: readonly ArrayLike<number>[];
  readonly templates: readonly TemplateWaveform[];
  readonly mainChannels: Int32Array;
  readonly samplingRateHz: number;
  readonly sampleCount: number;
}

/** Main channels of the two are at most so far apart, um. */
const RADIUS_UM = 30;
/** Cosine of the two templates, at the best shift, is at least this. */
const LIKENESS = 0.9;
/** Norm of the small one over that of the large one. */
const LEAST_RATIO = 0.4;
/** A burst's next spike comes within this, ms. */
const BURST_MS = 25;
const REFRACTORY_MS = 1.2;
/** Fraction of the small one's spikes that follow a spike of either, at least; and at least so many times the fraction by chance. */
const FOLLOWING = 0.5;
const ABOVE_CHANCE = 2;
/** Pairs within the refractory time over those by chance, at most. */
const MEETING = 0.3;
/** Spikes of the small one, at least. */
const FEWEST = 8;

/** Finds units that are one by their bursts. @returns for each unit the unit that it belongs to */
export function mergeBursts(input: BurstInput, context: MatchingContext): Int32Array {
  const { trains, mainChannels } = input;
  const owner = Int32Array.from(trains.keys());
  const bases = shiftedBases(context);
  const norms = input.templates.map(({ data }) => Math.hypot(...data));
  const order = Array.from(trains.keys()).sort((a, b) => norms[b] - norms[a] || a - b);
  for (const small of order.toReversed()) {
    if (trains[small].length < FEWEST) continue;
    let best = { unit: -1, likeness: LIKENESS };
    for (const large of order) {
      if (
        norms[large] <= norms[small] ||
        norms[small] < LEAST_RATIO * norms[large] ||
        trains[large].length === 0
      )
        continue;
      if (context.distances[mainChannels[small] * context.channelCount + mainChannels[large]] > RADIUS_UM)
        continue;
      if (!isBurstTail(input, trains[large], trains[small])) continue;
      const likeness = likenessOf(input, small, large, bases, context);
      if (likeness > best.likeness) best = { unit: large, likeness };
    }
    if (best.unit >= 0) owner[small] = best.unit;
  }
  return owner.map((unit) => {
    let root = unit;
    while (owner[root] !== root) root = owner[root];
    return root;
  });
}

function isBurstTail(input: BurstInput, large: ArrayLike<number>, small: ArrayLike<number>): boolean {
  const perMs = input.samplingRateHz / 1000;
  const [burst, refractory] = [BURST_MS * perMs, REFRACTORY_MS * perMs];
  const perSample = large.length / input.sampleCount;
  let [following, meeting, next] = [0, 0, 0];
  for (let i = 0; i < small.length; i++) {
    const sample = small[i];
    while (next < large.length && large[next] < sample - refractory) next++;
    for (let j = next; j < large.length && large[j] <= sample + refractory; j++) meeting++;
    const last = Math.max(
      next > 0 ? large[next - 1] : Number.NEGATIVE_INFINITY,
      i > 0 ? small[i - 1] : Number.NEGATIVE_INFINITY,
    );
    if (sample - last <= burst) following++;
  }
  const expectedMeeting = small.length * perSample * 2 * refractory;
  const expectedFollowing = 1 - Math.exp(-(perSample + small.length / input.sampleCount) * burst);
  const fraction = following / small.length;
  // one meeting may be a wrongly matched spike
  return (
    fraction >= FOLLOWING &&
    fraction >= ABOVE_CHANCE * expectedFollowing &&
    meeting <= Math.max(1, MEETING * expectedMeeting)
  );
}

function likenessOf(
  input: BurstInput,
  a: number,
  b: number,
  bases: readonly Float32Array[],
  context: MatchingContext,
): number {
  const channels = context.neighbours[input.mainChannels[b]];
  const still = shiftedFeatures(input.templates[b], channels, [bases[NO_SHIFT]], context)[0];
  let best = 0;
  for (const moved of shiftedFeatures(input.templates[a], channels, bases, context)) {
    let [product, movedEnergy, stillEnergy] = [0, 0, 0];
    for (let d = 0; d < still.length; d++) {
      product += moved[d] * still[d];
      movedEnergy += moved[d] ** 2;
      stillEnergy += still[d] ** 2;
    }
    best = Math.max(best, product / Math.max(Math.sqrt(movedEnergy * stillEnergy), 1e-9));
  }
  return best;
}
