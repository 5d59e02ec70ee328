/**
 * @module
 * What can be set of the preprocessing chain, and its defaults (those of the sorter that the accuracy figures were measured with).
 */
import { ParameterError } from "../errors.ts";

export interface PreprocessingParameters {
  /** Edges of the Butterworth band pass, Hz; -3 dB points. */
  readonly bandHz: readonly [number, number];
  /** Order of the band pass; the filter has twice as many poles, as in scipy. */
  readonly filterOrder: number;
  /** A common median is subtracted from groups of at least so many used channels. */
  readonly minimumMedianChannels: number;
  /** Neighbours that whiten a channel, itself included; at most so many. */
  readonly whiteningNeighbours: number;
  /** Neighbours are no farther than this, um. */
  readonly whiteningRadiusUm: number;
  /** Shrinkage of the whitening: this fraction of the largest eigenvalue is added to each. */
  readonly whiteningShrinkage: number;
  /** Stretches that noise is learned from, spread evenly. */
  readonly noiseStretches: number;
  /** Seconds of each stretch. */
  readonly noiseStretchSeconds: number;
}

export const DEFAULT_PREPROCESSING: PreprocessingParameters = {
  bandHz: [300, 6000],
  filterOrder: 2,
  minimumMedianChannels: 16,
  whiteningNeighbours: 32,
  whiteningRadiusUm: 120,
  whiteningShrinkage: 1e-3,
  noiseStretches: 20,
  noiseStretchSeconds: 0.5,
};

/** Fills in the defaults and checks ranges (the band's edges are checked by the filter's design).
 * @throws ParameterError naming the parameter that is out of range */
export function preprocessingParameters(
  given: Partial<PreprocessingParameters> = {},
): PreprocessingParameters {
  const parameters = { ...DEFAULT_PREPROCESSING, ...given };
  for (const name of [
    "filterOrder",
    "minimumMedianChannels",
    "whiteningNeighbours",
    "noiseStretches",
  ] as const)
    if (!Number.isInteger(parameters[name]) || parameters[name] < 1)
      throw new ParameterError(
        `Parameter ${name} must be a whole number of at least 1, got ${parameters[name]}`,
        name,
      );
  for (const name of ["whiteningRadiusUm", "whiteningShrinkage", "noiseStretchSeconds"] as const)
    if (!(parameters[name] > 0 && Number.isFinite(parameters[name])))
      throw new ParameterError(`Parameter ${name} must be a number above 0, got ${parameters[name]}`, name);
  return parameters;
}
