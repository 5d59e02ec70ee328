/**
 * @module
 * What templates and matching need to know of a recording: the temporal basis, and which channels are near which.
 *
 * Neighbours are in order of distance, the channel itself first; the list of a channel on the edge is shorter than the others'.
 */
import { ParameterError, ShapeError } from "../errors.ts";
import { defaultMatchingParameters, type MatchingParameters } from "./parameters.ts";

/** A temporal basis in noise coordinates: features of pure noise are N(0, I). */
export interface MatchingBasis {
  /** Waveforms of the basis, R. */
  readonly rank: number;
  /** Samples of the window, W. */
  readonly windowSamples: number;
  /** Samples of the window before the spike's own. */
  readonly samplesBefore: number;
  /** B_w, Float32Array [R x W]: features = B_w snippet. */
  readonly features: Float32Array;
  /** B_i, Float32Array [R x W]: snippet ~ features' B_i. */
  readonly waveforms: Float32Array;
}

export interface MatchingContext {
  readonly basis: MatchingBasis;
  readonly parameters: MatchingParameters;
  readonly channelCount: number;
  /** Positions, um. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Float64Array [channels x channels], um. */
  readonly distances: Float64Array;
  /** Neighbourhood of each channel, nearest first. */
  readonly neighbours: readonly Int32Array[];
}

/**
 * Makes a context.
 *
 * @param positions  x and y of each channel, um (a `Probe` fits; shanks are told apart by their x)
 * @throws ShapeError when the basis is not [rank x windowSamples]
 * @throws ParameterError when `shiftSteps` is odd
 */
export function makeMatchingContext(
  basis: MatchingBasis,
  positions: { readonly x: Float64Array; readonly y: Float64Array },
  parameters: Partial<MatchingParameters> = {},
): MatchingContext {
  const all = { ...defaultMatchingParameters, ...parameters };
  const length = basis.rank * basis.windowSamples;
  if (basis.features.length !== length || basis.waveforms.length !== length)
    throw new ShapeError(
      `A basis of rank ${basis.rank} over ${basis.windowSamples} samples needs ${length} values, ` +
        `got ${basis.features.length} features and ${basis.waveforms.length} waveforms`,
    );
  if (all.shiftSteps % 2 !== 0 || all.shiftSteps < 2)
    throw new ParameterError(`shiftSteps must be even and at least 2, got ${all.shiftSteps}`, "shiftSteps");
  const { x, y } = positions;
  const channelCount = x.length;
  const distances = channelDistances(x, y);
  return {
    basis,
    parameters: all,
    channelCount,
    x,
    y,
    distances,
    neighbours: nearestChannels(distances, channelCount, all.neighbourCount, all.neighbourRadiusUm),
  };
}

/** Distances between all channels. @returns Float64Array [channels x channels], um */
export function channelDistances(x: Float64Array, y: Float64Array): Float64Array {
  const count = x.length;
  const distances = new Float64Array(count * count);
  for (let i = 0; i < count; i++)
    for (let j = 0; j < count; j++) distances[i * count + j] = Math.hypot(x[i] - x[j], y[i] - y[j]);
  return distances;
}

/** The at most `limit` channels within `radiusUm` of each channel, nearest first; equal distances in the order of channels. */
export function nearestChannels(
  distances: Float64Array,
  channelCount: number,
  limit: number,
  radiusUm: number,
): Int32Array[] {
  return Array.from({ length: channelCount }, (_, channel) => {
    const of = (other: number): number => distances[channel * channelCount + other];
    const near = Array.from({ length: channelCount }, (_, other) => other).filter(
      (other) => of(other) <= radiusUm,
    );
    near.sort((a, b) => of(a) - of(b) || a - b);
    return Int32Array.from(near.slice(0, limit));
  });
}
