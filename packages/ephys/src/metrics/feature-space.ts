/**
 * @module
 * The space in which a unit is told from its neighbours: the features on the unit's own channels, of its spikes and of those of every unit
 * whose main channel is among them (as SpikeInterface's metrics of principal components do).
 *
 * What a newcomer would get wrong: a neighbour's spike has no features on channels that its own list lacks; they count as 0. And of each
 * unit at most 500 spikes take part, evenly spaced ones, so that the time for a session is bounded.
 */
import type { MetricsFeatures } from "./metrics-input.ts";

/** Spikes of a unit that take part, at most: the number that SpikeInterface keeps waveforms of. */
const SPIKES_PER_UNIT = 500;

/** Points of a unit (first) and its neighbours. */
export interface FeatureSpace {
  /** Float64Array [points x dimensions]. */
  readonly points: Float64Array;
  readonly dimensions: number;
  /** Points of the unit itself: the first ones. */
  readonly ownCount: number;
  /** Int32Array [points]: unit of each point; groups of one unit are together. */
  readonly units: Int32Array;
}

/** Chooses the spikes of each unit that take part. @returns their rows in `features`, of each unit */
export function chooseSpikes(features: MetricsFeatures, unitCount: number): Int32Array[] {
  const rows: number[][] = Array.from({ length: unitCount }, () => []);
  for (const [row, unit] of features.spikeUnits.entries()) if (unit >= 0) rows[unit].push(row);
  return rows.map((all) => {
    const count = Math.min(SPIKES_PER_UNIT, all.length);
    return Int32Array.from({ length: count }, (_, i) => all[Math.floor((i * all.length) / count)]);
  });
}

/**
 * Gathers the space of a unit.
 *
 * @param chosen  from `chooseSpikes`; @param mainChannels  of each unit; -1 for one that has none
 * @returns undefined for a unit without features
 */
export function featureSpace(
  unit: number,
  features: MetricsFeatures,
  chosen: readonly Int32Array[],
  mainChannels: Int32Array,
): FeatureSpace | undefined {
  if (chosen[unit].length === 0) return undefined;
  const { channelCount, featuresPerChannel } = features;
  const list = commonList(features, chosen[unit]);
  const columns = features.channels
    .subarray(list * channelCount, (list + 1) * channelCount)
    .filter((c) => c >= 0);
  const near = new Set(columns);
  const members = [unit];
  for (let other = 0; other < chosen.length; other++)
    if (other !== unit && chosen[other].length > 0 && near.has(mainChannels[other])) members.push(other);
  const dimensions = columns.length * featuresPerChannel;
  if (dimensions === 0) return undefined;
  const count = members.reduce((sum, member) => sum + chosen[member].length, 0);
  const points = new Float64Array(count * dimensions);
  const units = new Int32Array(count);
  let point = 0;
  for (const member of members)
    for (const row of chosen[member]) {
      copyFeatures(features, row, columns, points, point * dimensions);
      units[point++] = member;
    }
  return { points, dimensions, ownCount: chosen[unit].length, units };
}

/** The list that most of the unit's spikes follow; a unit of our sorter has one, a merged one of Phy's several. */
function commonList(features: MetricsFeatures, rows: Int32Array): number {
  const counts = new Map<number, number>();
  for (const row of rows) {
    const list = features.spikeLists[row];
    counts.set(list, (counts.get(list) ?? 0) + 1);
  }
  let best = features.spikeLists[rows[0]];
  for (const [list, count] of counts) if (count > (counts.get(best) ?? 0)) best = list;
  return best;
}

/** Copies a spike's features on `columns`, zeros where its list lacks one. Feature f of column c is at f * columns + c. */
function copyFeatures(
  features: MetricsFeatures,
  row: number,
  columns: Int32Array,
  out: Float64Array,
  at: number,
): void {
  const { values, channels, channelCount, featuresPerChannel, spikeLists } = features;
  const list = spikeLists[row] * channelCount;
  const from = row * featuresPerChannel * channelCount;
  for (let c = 0; c < columns.length; c++) {
    let column = -1;
    for (let k = 0; k < channelCount; k++) if (channels[list + k] === columns[c]) column = k;
    if (column < 0) continue;
    for (let f = 0; f < featuresPerChannel; f++)
      out[at + f * columns.length + c] = values[from + f * channelCount + column];
  }
}
