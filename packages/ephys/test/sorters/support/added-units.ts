/**
 * @module
 * Adds units to traces in memory, and tells how well a sorting has each.
 */
import { countMatches } from "../../../src/comparison/match-count.ts";
import { Random } from "../../../src/core/random.ts";
import type { Sorting } from "../../../src/core/sorting.ts";

export interface AddedUnit {
  readonly channel: number;
  /** Depth of the trough on its channel; negative for a peak. */
  readonly uv: number;
  readonly rateHz: number;
  /** Standard deviation of the trough; default 3. */
  readonly widthSamples?: number;
}

/** Adds Poisson trains of a trough with a slow hump behind it, half as large on the next channels. @returns samples of each unit's spikes */
export function addUnits(data: Float32Array, channelCount: number, units: readonly AddedUnit[]): number[][] {
  const random = new Random(2);
  const samples = data.length / channelCount;
  return units.map(({ channel, uv, rateHz, widthSamples = 3 }) => {
    const train: number[] = [];
    for (let t = 200; ; ) {
      t += 60 + Math.floor((-Math.log(1 - random.uniform()) * 30_000) / rateHz);
      if (t > samples - 100) return train;
      train.push(t);
      for (let k = -10; k < 40; k++) {
        const shape = Math.exp(-((k / widthSamples) ** 2) / 2) - 0.35 * Math.exp(-(((k - 14) / 7) ** 2) / 2);
        for (let c = 0; c < channelCount; c++)
          data[(t + k) * channelCount + c] -= (uv * shape) / (1 + 0.9 * Math.abs(c - channel));
      }
    }
  });
}

/** Of each train the largest agreement with a unit. */
export function bestAgreements(trains: readonly number[][], sorting: Sorting): number[] {
  const found = Array.from(sorting.unitIds, (id) =>
    Float64Array.from(sorting.spikeSamples.filter((_, i) => sorting.spikeUnits[i] === id)),
  );
  return trains.map((train) => {
    const agreements = found.map((other) => {
      const matches = countMatches(Float64Array.from(train), other, 12);
      return matches / (train.length + other.length - matches);
    });
    return Math.max(0, ...agreements);
  });
}
