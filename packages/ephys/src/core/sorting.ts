/**
 * @module
 * A sorting: which unit fired when. Spikes are in time order; unit ids are the sorter's own, ascending in `unitIds`.
 */

export interface Sorting {
  readonly samplingRateHz: number;
  /** Samples in the recording that was sorted. */
  readonly sampleCount: number;
  /** Ids of the units, ascending. */
  readonly unitIds: Int32Array;
  /** Sample of each spike (of its unit's trough on the main channel, before any filter's delay), ascending. */
  readonly spikeSamples: Float64Array;
  /** Unit id of each spike. */
  readonly spikeUnits: Int32Array;
  /** Template scaling of each spike, 1 = as the unit's mean. */
  readonly spikeAmplitudes: Float32Array;
}
