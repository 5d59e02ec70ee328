/**
 * @module
 * How far other units' spikes are from a unit's centre, measured in the unit's own spread (pipeline contract 5.1).
 *
 * Source: Schmitzer-Torbert et al. 2005 (isolation distance and L-ratio).
 */
import { NotPositiveDefiniteError } from "../errors.ts";
import { choleskyFactor } from "../linalg/cholesky.ts";
import { columnMean, covariance } from "../linalg/covariance.ts";
import { chiSquareTail } from "./chi-square.ts";
import type { FeatureSpace } from "./feature-space.ts";

export interface Isolation {
  /** Squared distance of the other spike that is as far out as the unit has spikes (or there are others); NaN when not defined. */
  readonly isolationDistance: number;
  /** Chances that other spikes are the unit's, summed, over the unit's spikes; NaN when not defined. */
  readonly lRatio: number;
}

const UNDEFINED: Isolation = { isolationDistance: Number.NaN, lRatio: Number.NaN };

/** Measures isolation. @returns NaN with fewer than two spikes on a side, and when the unit's spikes do not span the space */
export function isolation(space: FeatureSpace): Isolation {
  const { points, dimensions, ownCount, units } = space;
  const otherCount = units.length - ownCount;
  const nearest = Math.min(ownCount, otherCount);
  if (nearest < 2) return UNDEFINED;
  const own = points.subarray(0, ownCount * dimensions);
  const factor = factorOf(covariance(own, ownCount, dimensions), dimensions);
  if (factor === undefined) return UNDEFINED;
  const centre = columnMean(own, ownCount, dimensions);
  const others = points.subarray(ownCount * dimensions);
  const squares = new Float64Array(otherCount);
  squaredDistances(others, otherCount, dimensions, centre, factor, new Float64Array(dimensions), squares);
  let sum = 0;
  for (let i = 0; i < otherCount; i++) sum += chiSquareTail(squares[i], dimensions);
  squares.sort();
  return { isolationDistance: squares[nearest - 1], lRatio: sum / ownCount };
}

/** The Cholesky factor; undefined for a matrix that has none, or only by rounding. */
export function factorOf(matrix: Float64Array, size: number): Float64Array | undefined {
  try {
    const factor = choleskyFactor(matrix, size);
    for (let i = 0; i < size; i++) {
      // what is left of a variance after the others have explained it: below this it is rounding noise
      if (factor[i * size + i] ** 2 <= 1e-12 * matrix[i * size + i]) return undefined;
    }
    return factor;
  } catch (error) {
    if (error instanceof NotPositiveDefiniteError) return undefined;
    throw error;
  }
}

/** (x - centre)' (l l')^-1 (x - centre) of each point. A kernel. */
function squaredDistances(
  points: Float64Array,
  count: number,
  n: number,
  centre: Float64Array,
  l: Float64Array,
  work: Float64Array,
  out: Float64Array,
): void {
  for (let p = 0; p < count; p++) {
    let total = 0;
    for (let i = 0; i < n; i++) {
      let sum = points[p * n + i] - centre[i];
      for (let k = 0; k < i; k++) sum -= l[i * n + k] * work[k];
      const solved = sum / l[i * n + i];
      work[i] = solved;
      total += solved * solved;
    }
    out[p] = total;
  }
}
