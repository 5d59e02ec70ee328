/**
 * @module
 * What a sorter gives: the sorting, and what quality control, phy and the tables need of it. Rows of units are in the order of
 * `sorting.unitIds`, rows of spikes in the order of `sorting.spikeSamples`.
 */
import type { Sorting } from "../core/sorting.ts";
import type { PreprocessingPlan } from "../preprocessing/preprocessing-plan.ts";
import type { SorterParameters } from "./parameters.ts";

/** Mean band-passed waveforms in uV, each on its unit's own channels. */
export interface UnitTemplates {
  readonly windowSamples: number;
  /** Samples before the one that the window is aligned on: the spike's, with the band-pass's delay. */
  readonly samplesBefore: number;
  /** Channels of each unit, the main channel first, then by distance. */
  readonly channels: readonly Int32Array[];
  /** Float32Array [windowSamples x channels] of each unit, uV. */
  readonly waveformsUv: readonly Float32Array[];
  /** Spikes averaged. */
  readonly counts: Int32Array;
}

/** Features of spikes for phy: of each, the first temporal features on the first channels of its unit's template. */
export interface SpikeFeatures {
  /** Float32Array [spikes x featuresPerChannel x channels]. */
  readonly values: Float32Array;
  readonly featuresPerChannel: number;
  readonly channelCount: number;
  /** Int32Array [units x channels]: channel of each column; -1 where a unit has fewer. */
  readonly unitChannels: Int32Array;
}

export interface StageTiming {
  readonly stage: string;
  readonly seconds: number;
}

export interface SortingResult {
  readonly sorting: Sorting;
  readonly templates: UnitTemplates;
  /** Channel of the largest peak-to-peak of each unit's template. */
  readonly unitMainChannels: Int32Array;
  /** Float64Array [units x 2]: x and y, um, centre of mass of the template's squared amplitudes. */
  readonly unitPositions: Float64Array;
  /** y of each unit, um. */
  readonly unitDepthsUm: Float64Array;
  /** Float32Array: size of each spike's extremum on its unit's main channel, uV, positive. */
  readonly spikeAmplitudesUv: Float32Array;
  /** Float32Array [spikes x 2]: x and y, um. */
  readonly spikePositions: Float32Array;
  readonly features: SpikeFeatures;
  readonly parameters: SorterParameters;
  /** How the recording was preprocessed; undefined when there was nothing to learn from. */
  readonly plan: PreprocessingPlan | undefined;
  readonly timings: readonly StageTiming[];
  /** A sentence that says why there is no unit; undefined when there are units. */
  readonly emptyReason: string | undefined;
  /** Of the sorter's algorithm: another version may find other spikes. */
  readonly version: string;
}
