/**
 * @module
 * Parameters of the sorter `tenon`. Thresholds are in sigma of the whitened noise, so one set fits any probe and gain.
 *
 * What a newcomer would get wrong: windows and lags are in samples of 30 kHz; at a higher rate they take as long (`samplesAtRate`). The
 * defaults are those of the sorter's study (shared/prototypes/sorter, section 1).
 */
import { type ClusteringParameters, clusteringParameters } from "../clustering/parameters.ts";
import { ParameterError } from "../errors.ts";
import { defaultMatchingParameters, type MatchingParameters } from "../matching/parameters.ts";
import {
  DEFAULT_PREPROCESSING,
  type PreprocessingParameters,
  preprocessingParameters,
} from "../preprocessing/parameters.ts";

export interface SorterParameters {
  /** Seed of every random draw. */
  readonly seed: number;
  /** Length of the pieces that the recording is worked through in, s. Not a matter of speed alone: it moves results a little. */
  readonly chunkSeconds: number;
  /** Templates are learned from at most so much of the recording, evenly spread chunks, s; all of it is matched. */
  readonly learningSeconds: number;
  /** Rounds of learning from cleaned spikes between two matchings; 0 or 1. */
  readonly learningRounds: number;
  /** Score of the events that are clustered. */
  readonly seedThreshold: number;
  /** Score of the events that templates are matched to; at most `seedThreshold`. */
  readonly matchThreshold: number;
  /** Temporal features of a channel. */
  readonly rank: number;
  /** Clustering windows are at least so far apart, um. */
  readonly windowSpacingUm: number;
  /** Channels of a clustering window, um from its centre. */
  readonly windowRadiusUm: number;
  /** Clusters and units of fewer spikes are dropped. */
  readonly minimumSpikes: number;
  /** Spikes averaged for a template, at most. */
  readonly templateSpikes: number;
  /** Fraction of a cluster's events left out of its mean, the farthest from the median. */
  readonly seedTrim: number;
  /** The same for cleaned spikes. */
  readonly cleanedTrim: number;
  /** Templates of less energy (sigma squared) are dropped. */
  readonly minimumEnergy: number;
  /** Units whose main channels are farther apart are never merged, um. */
  readonly mergeRadiusUm: number;
  /** Units are compared when their templates differ by less than this (sigma) ... */
  readonly mergeDistance: number;
  /** ... or by less than this fraction of the larger one's energy. */
  readonly mergeFraction: number;
  /** Units whose spikes show a smaller dip than this between them are one. */
  readonly mergeDip: number;
  /** Units whose medians are nearer than this along the Fisher axis are one, sigma. */
  readonly mergeMedianDistance: number;
  /** Units with more than this fraction of their spikes at one lag from those of one larger unit are its shadows. */
  readonly shadowFraction: number;
  /** A shadow's template is smaller than this fraction of its source's. */
  readonly shadowRatio: number;
  /** Lags of shadows, samples. */
  readonly shadowLag: number;
  /** A shadow's main channel is no farther than this from its source's, um. */
  readonly shadowRadiusUm: number;
  /** Units whose spikes' median amplitude is less do not fit their spikes and are dropped (1 = as the template). */
  readonly leastAmplitude: number;
  /** Neighbouring channels that phy is given features of, for each unit. */
  readonly featureChannels: number;
  readonly preprocessing: PreprocessingParameters;
  readonly clustering: ClusteringParameters;
  readonly matching: MatchingParameters;
}

/** Parameters as callers give them: any subset. */
export type GivenSorterParameters = Partial<
  Omit<SorterParameters, "preprocessing" | "clustering" | "matching">
> & {
  readonly preprocessing?: Partial<PreprocessingParameters>;
  readonly clustering?: Partial<ClusteringParameters>;
  readonly matching?: Partial<MatchingParameters>;
};

type Numbers = Omit<SorterParameters, "preprocessing" | "clustering" | "matching">;

const DEFAULTS: Numbers = {
  seed: 0,
  chunkSeconds: 1,
  learningSeconds: 300,
  learningRounds: 1,
  seedThreshold: 5,
  matchThreshold: 3.6,
  rank: 5,
  windowSpacingUm: 40,
  windowRadiusUm: 75,
  minimumSpikes: 8,
  templateSpikes: 400,
  seedTrim: 0.2,
  cleanedTrim: 0.15,
  minimumEnergy: 20,
  mergeRadiusUm: 50,
  mergeDistance: 10,
  mergeFraction: 0.15,
  mergeDip: 1.6,
  mergeMedianDistance: 2.5,
  shadowFraction: 0.6,
  shadowRatio: 0.4,
  shadowLag: 120,
  shadowRadiusUm: 300,
  leastAmplitude: 0.8,
  featureChannels: 12,
};

/**
 * The study's, but for the templates' reach: on generated recordings a unit of 30 sigma is still seen 160 um away, where the study's
 * templates end, and 40 of 259 units found were such far ends.
 */
const MATCHING: MatchingParameters = { ...defaultMatchingParameters, templateRadiusUm: 220 };

/** Lowest, highest, and whether a whole number is wanted. */
const RANGES: Readonly<Record<keyof Numbers, readonly [least: number, most: number, isWhole?: boolean]>> = {
  seed: [0, 2 ** 31 - 1, true],
  chunkSeconds: [0.1, 10],
  learningSeconds: [1, 1e6],
  learningRounds: [0, 1, true],
  seedThreshold: [1, 1000],
  matchThreshold: [1, 1000],
  rank: [1, 16, true],
  windowSpacingUm: [1, 1e4],
  windowRadiusUm: [1, 1e4],
  minimumSpikes: [2, 1e6, true],
  templateSpikes: [10, 1e5, true],
  seedTrim: [0, 0.5],
  cleanedTrim: [0, 0.5],
  minimumEnergy: [0, 1e6],
  mergeRadiusUm: [0, 1e4],
  mergeDistance: [0, 1e4],
  mergeFraction: [0, 1],
  mergeDip: [0, 100],
  mergeMedianDistance: [0, 1000],
  shadowFraction: [0, 1],
  shadowRatio: [0, 1],
  shadowLag: [0, 1000, true],
  shadowRadiusUm: [0, 1e4],
  leastAmplitude: [0, 1],
  featureChannels: [1, 64, true],
};

/** All parameters at their defaults. */
export const DEFAULT_SORTER_PARAMETERS: SorterParameters = {
  ...DEFAULTS,
  preprocessing: DEFAULT_PREPROCESSING,
  clustering: clusteringParameters(),
  matching: MATCHING,
};

/**
 * Fills in the defaults and checks names, types and ranges.
 *
 * @throws ParameterError naming the parameter that is unknown, of another type or out of range
 */
export function sorterParameters(given: GivenSorterParameters = {}): SorterParameters {
  const { preprocessing, clustering, matching, ...numbers } = given;
  for (const [name, value] of Object.entries(numbers)) checkNumber(name, value);
  const preprocessingGiven = group("preprocessing", preprocessing, DEFAULT_PREPROCESSING);
  const matchingGiven = group("matching", matching, MATCHING);
  const parameters: SorterParameters = {
    ...DEFAULTS,
    ...numbers,
    preprocessing: preprocessingParameters(preprocessingGiven),
    clustering: clusteringParameters(group("clustering", clustering, DEFAULT_SORTER_PARAMETERS.clustering)),
    matching: { ...MATCHING, ...matchingGiven },
  };
  if (parameters.matchThreshold > parameters.seedThreshold)
    throw new ParameterError(
      `Sorter: matchThreshold must be at most seedThreshold (${parameters.seedThreshold}), got ${parameters.matchThreshold}`,
      "matchThreshold",
    );
  return parameters;
}

function checkNumber(name: string, value: unknown): void {
  const range = (RANGES as Readonly<Record<string, (typeof RANGES)[keyof Numbers] | undefined>>)[name];
  if (range === undefined)
    throw new ParameterError(
      `Sorter has no parameter '${name}'; it has ${Object.keys(RANGES).join(", ")}, and the groups preprocessing, clustering, matching`,
      name,
    );
  const [least, most, isWhole = false] = range;
  if (
    typeof value !== "number" ||
    !(value >= least && value <= most) ||
    (isWhole && !Number.isInteger(value))
  )
    throw new ParameterError(
      `Sorter: ${name} must be a ${isWhole ? "whole " : ""}number in ${least}..${most}, got ${JSON.stringify(value)}`,
      name,
    );
}

/** Checks that a group has known names, and of each the type of its default. */
function group<G extends object>(name: string, given: Partial<G> | undefined, defaults: G): Partial<G> {
  if (given === undefined) return {};
  if (typeof given !== "object" || given === null || Array.isArray(given))
    throw new ParameterError(
      `Sorter: ${name} must be an object of parameters, got ${JSON.stringify(given)}`,
      name,
    );
  for (const [key, value] of Object.entries(given)) {
    const example = (defaults as Readonly<Record<string, unknown>>)[key];
    if (example === undefined)
      throw new ParameterError(
        `Sorter: ${name} has no parameter '${key}'; it has ${Object.keys(defaults).join(", ")}`,
        `${name}.${key}`,
      );
    const isRight = Array.isArray(example)
      ? Array.isArray(value) &&
        value.length === example.length &&
        value.every((entry) => Number.isFinite(entry))
      : Number.isFinite(value);
    if (!isRight)
      throw new ParameterError(
        `Sorter: ${name}.${key} must be ${Array.isArray(example) ? `${example.length} numbers` : "a number"}, got ${JSON.stringify(value)}`,
        `${name}.${key}`,
      );
  }
  return given;
}
