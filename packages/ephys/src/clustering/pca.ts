/**
 * @module
 * Principal components above the noise: in unit-noise coordinates random matrix theory says how large an eigenvalue of pure noise gets
 * (the Marchenko-Pastur edge), so the number of components needs no tuning.
 */
import { columnMean, covariance } from "../linalg/covariance.ts";
import { symmetricEigen } from "../linalg/symmetric-eigen.ts";
import { checkedPoints, type Points } from "./points.ts";

export interface PrincipalComponents {
  /** Float64Array [count x components], centred points on the components, the strongest first. */
  readonly scores: Float64Array;
  /** At least 1, at most `maximumComponents`. */
  readonly components: number;
  /** Float64Array [components x dimensions], unit rows. */
  readonly axes: Float64Array;
  /** Float64Array [components], variances, falling. */
  readonly variances: Float64Array;
}

/**
 * Projects points on their principal components whose variance exceeds edgeFactor x (1 + sqrt(dimensions / count))^2.
 *
 * @param points  [count x dimensions], unit-noise coordinates; not changed
 * @param options.edgeFactor  default 1.05; @param options.maximumComponents  default 8
 * @throws ShapeError, ParameterError
 *
 * Source: Marchenko and Pastur 1967; the factor is the sorter's study's.
 */
export function pcaAboveNoise(
  points: Points,
  count: number,
  dimensions: number,
  options: { readonly edgeFactor?: number; readonly maximumComponents?: number } = {},
): PrincipalComponents {
  const { edgeFactor = 1.05, maximumComponents = 8 } = options;
  const values = checkedPoints(points, count, dimensions, "pcaAboveNoise");
  const eigen = symmetricEigen(covariance(values, count, dimensions), dimensions);
  const edge = (1 + Math.sqrt(dimensions / Math.max(count, 1))) ** 2 * edgeFactor;
  let above = 0;
  for (let k = 0; k < dimensions; k++) if (eigen.values[k] > edge) above++;
  const components = Math.max(1, Math.min(above, maximumComponents, dimensions));
  const axes = new Float64Array(components * dimensions);
  const variances = new Float64Array(components);
  for (let q = 0; q < components; q++) {
    const k = dimensions - 1 - q;
    variances[q] = eigen.values[k];
    for (let j = 0; j < dimensions; j++) axes[q * dimensions + j] = eigen.vectors[k * dimensions + j];
  }
  const mean = columnMean(values, count, dimensions);
  const scores = new Float64Array(count * components);
  projectCentred(values, count, dimensions, mean, axes, components, scores);
  return { scores, components, axes, variances };
}

function projectCentred(
  points: Float64Array,
  count: number,
  dimensions: number,
  mean: Float64Array,
  axes: Float64Array,
  components: number,
  out: Float64Array,
): void {
  for (let i = 0; i < count; i++) {
    const row = i * dimensions;
    for (let q = 0; q < components; q++) {
      const axis = q * dimensions;
      let sum = 0;
      for (let j = 0; j < dimensions; j++) sum += (points[row + j] - mean[j]) * axes[axis + j];
      out[i * components + q] = sum;
    }
  }
}
