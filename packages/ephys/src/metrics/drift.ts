/**
 * @module
 * How far a unit moves along the probe: medians of its spikes' depths over minutes (pipeline contract 5.1).
 *
 * What a newcomer would get wrong: `deviationUm`, which the column `cumulative_drift` holds, is not cumulative; it is SpikeInterface's
 * `drift_mad`, and rows that the pipeline wrote before hold the same.
 */
import { medianOf } from "./median.ts";

const INTERVAL_S = 60;
const LEAST_SPIKES = 100;
const LEAST_INTERVALS = 2;
/** Of the intervals, so many must have enough spikes. */
const LEAST_FRACTION = 0.5;

export interface Drift {
  /** Largest minus smallest of the intervals' median depths, um; NaN when too few intervals tell. */
  readonly rangeUm: number;
  /** Median distance of the intervals' median depths from their mean, um; NaN likewise. */
  readonly deviationUm: number;
}

/**
 * Measures drift over whole intervals of 60 s; one with fewer than 100 spikes tells nothing.
 *
 * @param spikeTimesS  ascending; @param depthsUm  one per spike
 * @returns NaN for recordings shorter than two intervals, and when more than half of the intervals tell nothing
 */
export function drift(spikeTimesS: Float64Array, depthsUm: Float64Array, durationS: number): Drift {
  const intervals = Math.floor(durationS / INTERVAL_S);
  const positions: number[] = [];
  let start = 0;
  for (let interval = 0; interval < intervals; interval++) {
    const until = (interval + 1) * INTERVAL_S;
    let end = start;
    while (end < spikeTimesS.length && spikeTimesS[end] < until) end++;
    if (end - start >= LEAST_SPIKES) positions.push(medianOf(depthsUm.slice(start, end)));
    start = end;
  }
  if (intervals < LEAST_INTERVALS || positions.length < LEAST_FRACTION * intervals)
    return { rangeUm: Number.NaN, deviationUm: Number.NaN };
  const mean = positions.reduce((sum, position) => sum + position, 0) / positions.length;
  return {
    rangeUm: Math.max(...positions) - Math.min(...positions),
    deviationUm: medianOf(Float64Array.from(positions, (position) => Math.abs(position - mean))),
  };
}
