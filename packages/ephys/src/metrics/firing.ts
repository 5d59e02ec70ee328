/**
 * @module
 * How much and how steadily a unit fires (pipeline contract 5.1).
 */

/** Length of a bin of the presence ratio, s. */
const PRESENCE_BIN_S = 60;

/** Spikes per second. */
export function firingRate(spikeTimesS: Float64Array, durationS: number): number {
  return spikeTimesS.length / durationS;
}

/**
 * Fraction of the whole 60 s bins with at least one spike; what is left after the last whole bin does not count.
 *
 * @param spikeTimesS  ascending
 * @returns NaN for a recording shorter than a bin
 */
export function presenceRatio(spikeTimesS: Float64Array, durationS: number): number {
  const binCount = Math.floor(durationS / PRESENCE_BIN_S);
  let present = 0;
  let last = -1;
  for (const time of spikeTimesS) {
    const bin = Math.floor(time / PRESENCE_BIN_S);
    if (bin >= binCount) break;
    if (bin !== last) present++;
    last = bin;
  }
  return binCount === 0 ? Number.NaN : present / binCount;
}
