/**
 * @module
 * Parameters of the template bank and of matching. Everything is in whitened traces, where noise is N(0, 1): thresholds are absolute.
 */

export interface MatchingParameters {
  /** Templates reach this far from their main channel, um. */
  readonly templateRadiusUm: number;
  /** Templates whose main channel is this near to an event's channel are tried on it, um. */
  readonly candidateRadiusUm: number;
  /** Two spikes whose units' main channels are this near compete when they overlap, um. */
  readonly conflictRadiusUm: number;
  /** Channels of an event's neighbourhood: at most this many ... */
  readonly neighbourCount: number;
  /** ... within this distance, um. */
  readonly neighbourRadiusUm: number;
  /** A template keeps a channel whose energy is above `supportNoise` x rank / spikes averaged + `supportFloor`. */
  readonly supportNoise: number;
  readonly supportFloor: number;
  /** Strength of the shrinkage of what the basis does not carry (1 = James and Stein's). */
  readonly shrinkage: number;
  /** Subtraction waveforms exist at shifts in steps of 1 / `shiftSteps` sample; even. */
  readonly shiftSteps: number;
  /** Lags tried around an event, -lags..+lags samples. */
  readonly lags: number;
  /** Standard deviation of a spike's amplitude around 1, and the range it is clipped to. */
  readonly amplitudeSpread: number;
  readonly amplitudeMin: number;
  readonly amplitudeMax: number;
  /** Rounds of accepting winners and rescoring losers, for each detection. */
  readonly rounds: number;
  /** Detections: 1 on the traces, the others on the residual near subtractions. */
  readonly passes: number;
  /** Sweeps of refinement over overlapping spikes. */
  readonly sweeps: number;
  /** Gain that a spike must exceed while no rate is known. */
  readonly initialCost: number;
}

/** Values of the sorter study (shared/prototypes/sorter, section 1). */
export const defaultMatchingParameters: MatchingParameters = {
  templateRadiusUm: 160,
  candidateRadiusUm: 60,
  conflictRadiusUm: 180,
  neighbourCount: 24,
  neighbourRadiusUm: 100,
  supportNoise: 2,
  supportFloor: 0.3,
  shrinkage: 1.5,
  shiftSteps: 8,
  lags: 3,
  amplitudeSpread: 0.15,
  amplitudeMin: 0.6,
  amplitudeMax: 1.5,
  rounds: 5,
  passes: 2,
  sweeps: 1,
  initialCost: 20,
};

/**
 * Costs of a spike of each unit: 2 ln((1 - p) / p) with p = rate / sampling rate, moved so that it fits `initialCost`.
 *
 * @param ratesHz  one per unit, taken as at least 0.3
 */
export function spikeCosts(
  ratesHz: ArrayLike<number>,
  samplingRateHz: number,
  initialCost = 20,
): Float32Array {
  return Float32Array.from(ratesHz, (rate) => {
    const p = Math.max(rate, 0.3) / samplingRateHz;
    return 2 * Math.log((1 - p) / p) + initialCost - 20.6;
  });
}
