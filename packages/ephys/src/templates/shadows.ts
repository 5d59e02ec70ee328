/**
 * @module
 * Shadows: units made of what the subtraction of a larger unit left over. Most of their spikes lie at one lag from its spikes.
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

/**
 * Tells which units are shadows.
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
  const sourceCount = sources.energies.length;
  const bins = 2 * (rules.shadowLag + LAG_TOLERANCE) + 1;
  const histograms = Array.from({ length: unitCount }, () => new Map<number, Int32Array>());
  const totals = new Int32Array(unitCount);
  const canCast = sourceTable(suspects, sources, isSame, context, rules);
  let from = 0;
  for (let i = 0; i < suspects.samples.length; i++) {
    const sample = suspects.samples[i];
    const unit = suspects.units[i];
    totals[unit]++;
    while (from < sources.samples.length && sources.samples[from] < sample - rules.shadowLag) from++;
    for (let j = from; j < sources.samples.length && sources.samples[j] <= sample + rules.shadowLag; j++) {
      const source = sources.units[j];
      if (canCast[unit * sourceCount + source] === 0) continue;
      let histogram = histograms[unit].get(source);
      if (histogram === undefined) {
        histogram = new Int32Array(bins);
        histograms[unit].set(source, histogram);
      }
      histogram[Math.round(sources.samples[j] - sample) + rules.shadowLag + LAG_TOLERANCE]++;
    }
  }
  return Uint8Array.from(histograms, (of, unit) => {
    for (const histogram of of.values())
      if (largestSum(histogram) > rules.shadowFraction * totals[unit]) return 1;
    return 0;
  });
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

/** The largest sum of neighbouring bins. */
function largestSum(histogram: Int32Array): number {
  let largest = 0;
  for (let at = 0; at + 2 * LAG_TOLERANCE < histogram.length; at++) {
    let sum = 0;
    for (let k = 0; k <= 2 * LAG_TOLERANCE; k++) sum += histogram[at + k];
    largest = Math.max(largest, sum);
  }
  return largest;
}
