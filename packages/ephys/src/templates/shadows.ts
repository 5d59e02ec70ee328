/**
 * @module
 * Shadows: units made of what the subtraction of larger units left over. Most of their spikes lie at one lag from spikes of those.
 *
 * What a newcomer would get wrong: without the rule that the source is much larger, true small units that collected a few leftovers are
 * thrown away (7 of 103 in the study).
 *
 * Source: shared/prototypes/sorter, section 1 H.
 */
import type { MatchingContext } from "../matching/matching-context.ts";

export interface ShadowRules {
  readonly shadowFraction: number;
  readonly shadowRatio: number;
  readonly shadowLag: number;
  readonly shadowRadiusUm: number;
}

/** Units by their spikes. */
export interface UnitTrains {
  /** Sample of each spike, ascending. */
  readonly samples: ArrayLike<number>;
  readonly units: ArrayLike<number>;
  /** N^2 of each unit's template. */
  readonly energies: ArrayLike<number>;
  readonly mainChannels: ArrayLike<number>;
}

/** Lags that count as one: this many to both sides. */
const LAG_TOLERANCE = 3;
const WINDOW = 2 * LAG_TOLERANCE + 1;

/**
 * Tells which units are shadows: of one larger unit, or of all larger units near it together (where leftovers of several units are alike,
 * or two large spikes overlap, they make one unit). The second test takes off what chance gives: near many units some spike is always near.
 *
 * @param suspects  units that may be shadows; @param sources  units whose leftovers they may be; a unit is never its own source
 * @returns Uint8Array [suspects' units], 1 = shadow
 */
export function findShadows(
  suspects: UnitTrains,
  sources: UnitTrains,
  context: Pick<MatchingContext, "distances" | "channelCount">,
  rules: ShadowRules,
): Uint8Array {
  const isSame = suspects === sources;
  const unitCount = suspects.energies.length;
  const bins = 2 * (rules.shadowLag + LAG_TOLERANCE) + 1;
  const single = Array.from({ length: unitCount }, () => new Map<number, Int32Array>());
  const union = Array.from({ length: unitCount }, () => new Int32Array(bins));
  const totals = new Int32Array(unitCount);
  const canCast = sourceTable(suspects, sources, isSame, context, rules);
  const seen = new Int32Array(bins).fill(-1);
  for (let i = 0; i < suspects.samples.length; i++) totals[suspects.units[i]]++;
  eachPair(suspects, sources, canCast, rules.shadowLag, (i, unit, source, lag) => {
    const bin = lag + rules.shadowLag + LAG_TOLERANCE;
    let histogram = single[unit].get(source);
    if (histogram === undefined) {
      histogram = new Int32Array(bins);
      single[unit].set(source, histogram);
    }
    histogram[bin]++;
    if (seen[bin] === i) return;
    seen[bin] = i;
    union[unit][bin]++;
  });
  const windows = union.map(largestWindow);
  const hits = new Int32Array(unitCount);
  let last = -1;
  eachPair(suspects, sources, canCast, rules.shadowLag, (i, unit, _source, lag) => {
    const bin = lag + rules.shadowLag + LAG_TOLERANCE;
    const { start } = windows[unit];
    if (i === last || bin < start || bin >= start + WINDOW) return;
    last = i;
    hits[unit]++;
  });
  return Uint8Array.from(totals, (total, unit) => {
    for (const histogram of single[unit].values())
      if (largestWindow(histogram).sum > rules.shadowFraction * total) return 1;
    const all = union[unit].reduce((sum, count) => sum + count, 0);
    const byChance = ((all - windows[unit].sum) / (bins - 2 * WINDOW + 1)) * WINDOW;
    const share = hits[unit] / total;
    const chance = Math.min(byChance / total, 1);
    return share - chance > rules.shadowFraction * (1 - chance) ? 1 : 0;
  });
}

/** Calls `found` for each spike of a suspect and each spike of a possible source within the lags, in order of the suspects' spikes. */
function eachPair(
  suspects: UnitTrains,
  sources: UnitTrains,
  canCast: Uint8Array,
  shadowLag: number,
  found: (spike: number, unit: number, source: number, lag: number) => void,
): void {
  const sourceCount = sources.energies.length;
  let from = 0;
  for (let i = 0; i < suspects.samples.length; i++) {
    const sample = suspects.samples[i];
    const unit = suspects.units[i];
    while (from < sources.samples.length && sources.samples[from] < sample - shadowLag) from++;
    for (let j = from; j < sources.samples.length && sources.samples[j] <= sample + shadowLag; j++) {
      const source = sources.units[j];
      if (canCast[unit * sourceCount + source] === 1)
        found(i, unit, source, Math.round(sources.samples[j] - sample));
    }
  }
}

function sourceTable(
  suspects: UnitTrains,
  sources: UnitTrains,
  isSame: boolean,
  context: Pick<MatchingContext, "distances" | "channelCount">,
  rules: ShadowRules,
): Uint8Array {
  const sourceCount = sources.energies.length;
  const table = new Uint8Array(suspects.energies.length * sourceCount);
  for (let u = 0; u < suspects.energies.length; u++)
    for (let v = 0; v < sourceCount; v++) {
      const distance =
        context.distances[suspects.mainChannels[u] * context.channelCount + sources.mainChannels[v]];
      const isLarger = rules.shadowRatio ** 2 * sources.energies[v] > suspects.energies[u];
      if (isLarger && distance < rules.shadowRadiusUm && !(isSame && u === v)) table[u * sourceCount + v] = 1;
    }
  return table;
}

/** Where the largest sum of `WINDOW` neighbouring bins begins. */
function largestWindow(histogram: Int32Array): { start: number; sum: number } {
  let best = { start: 0, sum: 0 };
  for (let start = 0; start + WINDOW <= histogram.length; start++) {
    let sum = 0;
    for (let k = 0; k < WINDOW; k++) sum += histogram[start + k];
    if (sum > best.sum) best = { start, sum };
  }
  return best;
}
