/**
 * @module
 * The sign of the first principal component: positive for a spike that goes down, as Kilosort writes it.
 *
 * An eigenvector's sign is chance, and nothing in the sorter depends on it; but Phy (phylib's `get_depths`) takes negative first
 * components as 0 and finds no depth when all are.
 */
import type { SortingResult } from "@tenon/ephys";

/** The values of the features, all first components turned over when those of troughs are negative. @param result  from `undelayed` */
export function uprightFeatures(result: SortingResult): Float32Array {
  const { values, featuresPerChannel, channelCount, unitChannels } = result.features;
  const { sorting, templates, unitMainChannels } = result;
  const width = featuresPerChannel * channelCount;
  if (width === 0 || values.length === 0) return values;
  const columns = Int32Array.from(unitMainChannels, (channel, unit) =>
    Math.max(0, unitChannels.subarray(unit * channelCount, (unit + 1) * channelCount).indexOf(channel)),
  );
  const directions = templates.waveformsUv.map(direction);
  const indexOf = new Map(Array.from(sorting.unitIds, (unit, index) => [unit, index]));
  let sum = 0;
  for (let spike = 0; spike < sorting.spikeUnits.length; spike++) {
    const unit = indexOf.get(sorting.spikeUnits[spike]!)!;
    sum -= directions[unit]! * values[spike * width + columns[unit]!]!;
  }
  if (sum >= 0) return values;
  return values.map((value, at) => (at % width < channelCount ? -value : value));
}

/** -1 for a waveform whose largest value is a trough, 1 for a peak. */
function direction(waveform: Float32Array): -1 | 1 {
  let largest = 0;
  for (const value of waveform) if (Math.abs(value) > Math.abs(largest)) largest = value;
  return largest < 0 ? -1 : 1;
}
