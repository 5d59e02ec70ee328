/**
 * @module
 * Spikes that follow each other too soon to be of one neuron, and what share of a unit they say is another's (pipeline contract 5.1).
 *
 * What a newcomer would get wrong: times in seconds are sample / rate, rounded, so that two spikes 45 samples apart at 30 kHz may be a
 * hair less than 1.5 ms apart. Intervals within a nanosecond of a limit count as the limit itself.
 *
 * Sources: Hill, Mehta and Kleinfeld 2011 (ratio of violations); Llobet, Wyngaard and Barbour 2022 (contamination).
 */

const ISI_THRESHOLD_S = 1.5e-3;
const REFRACTORY_S = 1e-3;
/** Far below a sample at any rate, far above what rounding does to a time of a day. */
const ROUNDING_S = 1e-9;

export interface IsiViolations {
  /** Intervals below 1.5 ms. */
  readonly count: number;
  /** Their rate over that of the unit's spikes: 0 is clean, may exceed 1; NaN for a unit without spikes. */
  readonly ratio: number;
}

/** Counts inter-spike intervals below 1.5 ms. @param spikeTimesS  ascending */
export function isiViolations(spikeTimesS: Float64Array, durationS: number): IsiViolations {
  const spikes = spikeTimesS.length;
  let count = 0;
  for (let i = 1; i < spikes; i++)
    if (spikeTimesS[i] - spikeTimesS[i - 1] < ISI_THRESHOLD_S - ROUNDING_S) count++;
  const violationRateHz = count / (2 * spikes * ISI_THRESHOLD_S);
  return { count, ratio: violationRateHz / (spikes / durationS) };
}

/**
 * Fraction of a unit's spikes that are another's, from the pairs of spikes at most 1 ms apart.
 *
 * @param spikeTimesS  ascending
 * @returns 1 when there are more such pairs than any contamination explains; NaN for a unit without spikes
 */
export function contaminationRate(spikeTimesS: Float64Array, durationS: number): number {
  const spikes = spikeTimesS.length;
  let pairs = 0;
  for (let i = 0; i < spikes; i++)
    for (let j = i + 1; j < spikes && spikeTimesS[j] - spikeTimesS[i] <= REFRACTORY_S + ROUNDING_S; j++)
      pairs++;
  const left = 1 - (pairs * durationS) / (spikes * spikes * REFRACTORY_S);
  return left < 0 ? 1 : 1 - Math.sqrt(left);
}
