/**
 * @module
 * The columns of `ephys.QualityMetrics.Cluster`: how complete, how pure and how steady each unit is (pipeline contract 5.1).
 *
 * Definitions are SpikeInterface's (0.101, the version whose rows the pipeline has). What a newcomer would get wrong: `cumulative_drift` is
 * the deviation of positions, not a sum (drift.ts), and the metrics of the feature space depend on which spikes were kept for it.
 */
import { amplitudeCutoff } from "./amplitude-cutoff.ts";
import { dPrime } from "./d-prime.ts";
import { drift } from "./drift.ts";
import { chooseSpikes, type FeatureSpace, featureSpace } from "./feature-space.ts";
import { firingRate, presenceRatio } from "./firing.ts";
import { isolation } from "./mahalanobis.ts";
import { mainChannel, signalToNoise } from "./main-channel.ts";
import { checkMetricsInput, finiteOrNull, type MetricsInput } from "./metrics-input.ts";
import { neighbourRates } from "./nearest-neighbours.ts";
import { contaminationRate, isiViolations } from "./refractory.ts";
import { silhouette } from "./silhouette.ts";

/** Names are the columns'. null where a metric is not defined. */
export interface ClusterMetrics {
  /** Hz. */
  readonly firing_rate: number | null;
  readonly snr: number | null;
  /** Fraction of the minutes with a spike. */
  readonly presence_ratio: number | null;
  /** Rate of intervals below 1.5 ms over that of the spikes; may exceed 1. */
  readonly isi_violation: number | null;
  /** Intervals below 1.5 ms. */
  readonly number_violation: number | null;
  /** Fraction of spikes missed, at most 0.5. */
  readonly amplitude_cutoff: number | null;
  readonly isolation_distance: number | null;
  readonly l_ratio: number | null;
  readonly d_prime: number | null;
  readonly nn_hit_rate: number | null;
  readonly nn_miss_rate: number | null;
  readonly silhouette_score: number | null;
  /** um. */
  readonly max_drift: number | null;
  /** um. */
  readonly cumulative_drift: number | null;
  /** Fraction of spikes of other neurons. */
  readonly contamination_rate: number | null;
}

/**
 * Measures all units, in their order. Pure; some 10 ms a unit without features, 50 to 500 ms with.
 *
 * @throws ShapeError, ParameterError as `checkMetricsInput`; the signal's reason
 */
export function unitMetrics(input: MetricsInput): ClusterMetrics[] {
  input.signal?.throwIfAborted();
  checkMetricsInput(input);
  const { units, features, durationS, noiseUv } = input;
  const channelCount = input.probe.x.length;
  const chosen = features === undefined ? [] : chooseSpikes(features, units.length);
  const mains = Int32Array.from(units, (unit) => mainChannel(unit.waveformUv, channelCount));
  return units.map((unit, index) => {
    const { spikeTimesS, depthsUm } = unit;
    const violations = isiViolations(spikeTimesS, durationS);
    const moved = depthsUm && drift(spikeTimesS, Float64Array.from(depthsUm), durationS);
    const space = features && featureSpace(index, features, chosen, mains);
    return {
      firing_rate: finiteOrNull(firingRate(spikeTimesS, durationS)),
      snr: finiteOrNull(signalToNoise(unit.waveformUv, noiseUv)),
      presence_ratio: finiteOrNull(presenceRatio(spikeTimesS, durationS)),
      isi_violation: finiteOrNull(violations.ratio),
      number_violation: violations.count,
      amplitude_cutoff: finiteOrNull(amplitudeCutoff(unit.amplitudesUv)),
      ...spaceMetrics(space),
      max_drift: finiteOrNull(moved?.rangeUm ?? Number.NaN),
      cumulative_drift: finiteOrNull(moved?.deviationUm ?? Number.NaN),
      contamination_rate: finiteOrNull(contaminationRate(spikeTimesS, durationS)),
    };
  });
}

type SpaceMetrics = Pick<
  ClusterMetrics,
  "isolation_distance" | "l_ratio" | "d_prime" | "nn_hit_rate" | "nn_miss_rate" | "silhouette_score"
>;

function spaceMetrics(space: FeatureSpace | undefined): SpaceMetrics {
  if (space === undefined)
    return {
      isolation_distance: null,
      l_ratio: null,
      d_prime: null,
      nn_hit_rate: null,
      nn_miss_rate: null,
      silhouette_score: null,
    };
  const apart = isolation(space);
  const neighbours = neighbourRates(space);
  return {
    isolation_distance: finiteOrNull(apart.isolationDistance),
    l_ratio: finiteOrNull(apart.lRatio),
    d_prime: finiteOrNull(dPrime(space)),
    nn_hit_rate: finiteOrNull(neighbours.hitRate),
    nn_miss_rate: finiteOrNull(neighbours.missRate),
    silhouette_score: finiteOrNull(silhouette(space)),
  };
}
