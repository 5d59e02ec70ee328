/**
 * @module
 * How large each spike of a unit is, uV.
 *
 * What a newcomer would get wrong: a folder's amplitudes are in whatever unit its templates have, after whatever filter. Only their
 * proportions are used: their mean is taken to be the mean waveform's extremum.
 */
import type { LoadedSorting } from "./loaded-sorting.ts";

/**
 * @param rows  of the unit's spikes
 * @param waveformUv  the unit's mean waveform, any shape; its extremum counts
 * @returns one for each row, above 0
 */
export function spikeAmplitudesUv(
  { phy }: LoadedSorting,
  rows: Int32Array,
  waveformUv: ArrayLike<number>,
): Float64Array {
  return scaledAmplitudes(phy.sorting.spikeAmplitudes, rows, waveformUv);
}

/** The same, from amplitudes in any unit. @param spikeAmplitudes  of all spikes of the sorting */
export function scaledAmplitudes(
  spikeAmplitudes: ArrayLike<number>,
  rows: Int32Array,
  waveformUv: ArrayLike<number>,
): Float64Array {
  let [peakUv, sum] = [0, 0];
  for (let i = 0; i < waveformUv.length; i++) {
    const size = Math.abs(waveformUv[i]!);
    if (size > peakUv) peakUv = size;
  }
  for (const row of rows) sum += Math.abs(spikeAmplitudes[row]!);
  const scale = sum > 0 ? (peakUv * rows.length) / sum : 0;
  return Float64Array.from(rows, (row) => Math.abs(spikeAmplitudes[row]!) * scale);
}
