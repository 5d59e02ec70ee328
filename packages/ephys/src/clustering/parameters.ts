/**
 * @module
 * Parameters of the clustering. All distances are in units of the noise: features are expected in coordinates where noise is N(0, I),
 * which makes every threshold absolute.
 *
 * The defaults are those of the sorter's study (shared/prototypes/sorter, section 1 D and F), chosen on simulated 384-channel files.
 */
import { ParameterError } from "../errors.ts";

export interface ClusteringParameters {
  /** Groups of fewer than twice this many events are not split. Default 8 events. */
  readonly minimumEvents: number;
  /** Events per k-means parcel: k = count / parcelSize, clipped to 2 and maximumParcels. Default 12 events. */
  readonly parcelSize: number;
  /** Most parcels. Default 40. */
  readonly maximumParcels: number;
  /** Sweeps of k-means. Default 12. */
  readonly kmeansSweeps: number;
  /** Share of the k-means seeds that are the farthest point instead of a draw, so that small clusters get a parcel. Default 0.3. */
  readonly farthestShare: number;
  /** Two parcels whose isocut dip is below this are one cluster. Default 1.4 (merging of units: 1.6). */
  readonly dipThreshold: number;
  /** Two parcels whose medians are nearer than this along the Fisher axis are one cluster. Default 2.5 sigma. */
  readonly minimumDistance: number;
  /** The gap rule's factor on the two groups' summed spreads (see pair-dip.ts); 0 is off. Default 0: in isosplit it split collisions off. */
  readonly gapRatio: number;
  /** The gap rule's least distance of the medians. Default 5 sigma. */
  readonly gapDistance: number;
  /** Factor on the Marchenko-Pastur edge above which a principal component counts as signal. Default 1.05. */
  readonly edgeFactor: number;
  /** Most principal components. Default 8. */
  readonly maximumComponents: number;
  /** Levels of recursion below the first split. Default 2. */
  readonly depth: number;
}

export const CLUSTERING_DEFAULTS: ClusteringParameters = {
  minimumEvents: 8,
  parcelSize: 12,
  maximumParcels: 40,
  kmeansSweeps: 12,
  farthestShare: 0.3,
  dipThreshold: 1.4,
  minimumDistance: 2.5,
  gapRatio: 0,
  gapDistance: 5,
  edgeFactor: 1.05,
  maximumComponents: 8,
  depth: 2,
};

/** Least value of each parameter; those in `WHOLE` are counts. */
const LEAST: Readonly<Record<keyof ClusteringParameters, number>> = {
  minimumEvents: 1,
  parcelSize: 1,
  maximumParcels: 2,
  kmeansSweeps: 1,
  farthestShare: 0,
  dipThreshold: 0,
  minimumDistance: 0,
  gapRatio: 0,
  gapDistance: 0,
  edgeFactor: 0,
  maximumComponents: 1,
  depth: 0,
};
const WHOLE: ReadonlySet<string> = new Set([
  "minimumEvents",
  "maximumParcels",
  "kmeansSweeps",
  "maximumComponents",
  "depth",
]);

/**
 * Fills in the defaults and checks the ranges.
 *
 * @throws ParameterError naming the parameter that is unknown or out of range
 */
export function clusteringParameters(given: Partial<ClusteringParameters> = {}): ClusteringParameters {
  for (const [name, value] of Object.entries(given)) {
    const least = (LEAST as Readonly<Record<string, number | undefined>>)[name];
    if (least === undefined)
      throw new ParameterError(
        `Clustering has no parameter '${name}'; it has ${Object.keys(LEAST).join(", ")}`,
        name,
      );
    const most = name === "farthestShare" ? 1 : Number.MAX_VALUE;
    if (typeof value !== "number" || !(value >= least && value <= most))
      throw new ParameterError(`Clustering: ${name} must be a number >= ${least}, got ${value}`, name);
    if (WHOLE.has(name) && !Number.isInteger(value))
      throw new ParameterError(`Clustering: ${name} must be a whole number, got ${value}`, name);
  }
  return { ...CLUSTERING_DEFAULTS, ...given };
}
