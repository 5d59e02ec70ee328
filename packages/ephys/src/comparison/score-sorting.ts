/**
 * @module
 * How good a sorting of a generated recording is: accuracy of each true unit, and what became of each found unit.
 *
 * accuracy = matches / (true + found - matches), spikes match one to one within 0.4 ms, units are paired one to one so that the sum of
 * accuracies is largest, among pairs of at least 0.5. A unit with no such partner has accuracy 0; `bestAgreement` tells how near it came.
 *
 * Source: sorting.md 7; the counts follow SpikeInterface's documented definitions (compare_sorter_to_ground_truth).
 */
import type { Sorting } from "../core/sorting.ts";
import { agreementMatrix, splitTrains } from "./agreement-matrix.ts";
import { assign } from "./assignment.ts";
import type { Truth } from "./truth.ts";

export interface ScoreOptions {
  /** Spikes this near are the same spike; 0.4 ms, floored to whole samples as SpikeInterface does. */
  readonly toleranceMs?: number;
  /** Least agreement of a pair of units; 0.5. */
  readonly matchScore?: number;
  /** Least accuracy of a well detected unit; 0.8. */
  readonly wellDetectedScore?: number;
  /** Least agreement of a found unit with a true one that it duplicates or shares; below it is a false positive; 0.2. */
  readonly redundantScore?: number;
  /** A unit counts as detectable above this SNR; 5. */
  readonly detectableSnr?: number;
}

/** A true unit's fate. Accuracy, precision and recall are 0 when nothing matched it. */
export interface UnitScore {
  readonly id: number;
  readonly snr: number;
  readonly spikeCount: number;
  readonly accuracy: number;
  readonly precision: number;
  readonly recall: number;
  readonly matchedUnit: number | undefined;
  /** Largest agreement with any found unit. */
  readonly bestAgreement: number;
}

/** A found unit's fate. */
export type FoundFate = "matched" | "redundant" | "false-positive" | "other";

export interface FoundUnitScore {
  readonly id: number;
  readonly spikeCount: number;
  /** "other": not matched, yet the best partner of a unit that went to another, or between the two scores. */
  readonly fate: FoundFate;
  readonly isOvermerged: boolean;
  readonly matchedUnit: number | undefined;
  readonly bestUnit: number | undefined;
  readonly bestAgreement: number;
}

export interface SortingScore {
  readonly trueUnits: number;
  /** Units with SNR > 5. */
  readonly detectableUnits: number;
  /** Detectable units with accuracy >= 0.8. */
  readonly wellDetected: number;
  /** All units with accuracy >= 0.8. */
  readonly wellDetectedOfAll: number;
  readonly found: number;
  /** Found units with agreement < 0.2 to every true unit. */
  readonly falsePositives: number;
  readonly redundant: number;
  readonly overmerged: number;
  /** Mean accuracy of the units with SNR >= 8; NaN when there are none. */
  readonly meanAccuracySnr8: number;
  readonly units: readonly UnitScore[];
  readonly foundUnits: readonly FoundUnitScore[];
}

/** Scores a sorting against the truth. Both are at the sampling rate of `truth`. */
export function scoreSorting(truth: Truth, sorting: Sorting, options: ScoreOptions = {}): SortingScore {
  const redundantScore = options.redundantScore ?? 0.2;
  const wellDetectedScore = options.wellDetectedScore ?? 0.8;
  const detectableSnr = options.detectableSnr ?? 5;
  const tolerance = Math.floor(((options.toleranceMs ?? 0.4) * truth.samplingRateHz) / 1000 + 1e-9);
  const ids = truth.units.map((unit) => unit.id);
  const trueTrains = splitTrains(truth.spikeSamples, truth.spikeUnits, ids);
  const foundTrains = splitTrains(sorting.spikeSamples, sorting.spikeUnits, sorting.unitIds);
  const columns = foundTrains.length;
  const { matches, agreements } = agreementMatrix(trueTrains, foundTrains, tolerance);
  const least = options.matchScore ?? 0.5;
  const partner = assign(
    agreements.map((value) => (value >= least ? value : 0)),
    ids.length,
    columns,
  );
  const partnerOfFound = new Int32Array(columns).fill(-1);
  const units = truth.units.map(({ id, snr }, row): UnitScore => {
    const column = partner[row];
    const at = row * columns + column;
    const isMatched = column >= 0 && agreements[at] >= least && agreements[at] > 0;
    if (isMatched) partnerOfFound[column] = row;
    return {
      id,
      snr,
      spikeCount: trueTrains[row].length,
      accuracy: isMatched ? agreements[at] : 0,
      precision: isMatched ? matches[at] / foundTrains[column].length : 0,
      recall: isMatched ? matches[at] / trueTrains[row].length : 0,
      matchedUnit: isMatched ? sorting.unitIds[column] : undefined,
      bestAgreement: largest(agreements, row * columns, 1, columns).value,
    };
  });
  const foundUnits = foundTrains.map((train, column): FoundUnitScore => {
    const best = largest(agreements, column, columns, ids.length);
    const row = partnerOfFound[column];
    return {
      id: sorting.unitIds[column],
      spikeCount: train.length,
      fate: fateOf(),
      isOvermerged: countAbove(agreements, column, columns, ids.length, redundantScore) > 1,
      matchedUnit: row >= 0 ? ids[row] : undefined,
      bestUnit: best.index >= 0 ? ids[best.index] : undefined,
      bestAgreement: best.value,
    };

    function fateOf(): FoundFate {
      if (row >= 0) return "matched";
      if (best.value < redundantScore) return "false-positive";
      const isBestOfIts = largest(agreements, best.index * columns, 1, columns).index === column;
      return isBestOfIts ? "other" : "redundant";
    }
  });
  const detectable = units.filter((unit) => unit.snr > detectableSnr);
  return {
    trueUnits: units.length,
    detectableUnits: detectable.length,
    wellDetected: detectable.filter((unit) => unit.accuracy >= wellDetectedScore).length,
    wellDetectedOfAll: units.filter((unit) => unit.accuracy >= wellDetectedScore).length,
    found: foundUnits.length,
    falsePositives: foundUnits.filter((unit) => unit.fate === "false-positive").length,
    redundant: foundUnits.filter((unit) => unit.fate === "redundant").length,
    overmerged: foundUnits.filter((unit) => unit.isOvermerged).length,
    meanAccuracySnr8: mean(units.filter((unit) => unit.snr >= 8).map((unit) => unit.accuracy)),
    units,
    foundUnits,
  };
}

/** Largest of `count` values from `start`, `stride` apart; index -1 when none is above 0. */
function largest(
  values: Float64Array,
  start: number,
  stride: number,
  count: number,
): { value: number; index: number } {
  let value = 0;
  let index = -1;
  for (let i = 0; i < count; i++)
    if (values[start + i * stride] > value) {
      value = values[start + i * stride];
      index = i;
    }
  return { value, index };
}

function countAbove(
  values: Float64Array,
  start: number,
  stride: number,
  count: number,
  score: number,
): number {
  let above = 0;
  for (let i = 0; i < count; i++) if (values[start + i * stride] > score) above++;
  return above;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
