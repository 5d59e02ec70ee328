/**
 * @module
 * The channel that a unit's mean waveform is largest on, and its ratio of signal to noise there (pipeline contract 5.1).
 */

/** Channel of the value that is farthest from 0; -1 when none is finite. @param waveform  [samples x channels] */
export function mainChannel(waveform: Float32Array, channelCount: number): number {
  let largest = -1;
  let at = -1;
  for (let i = 0; i < waveform.length; i++) {
    const size = Math.abs(waveform[i]);
    if (size > largest) {
      largest = size;
      at = i;
    }
  }
  return at < 0 ? -1 : at % channelCount;
}

/** Size of the extremum on the main channel over that channel's noise; NaN when there is neither. @param waveform  [samples x channels], uV */
export function signalToNoise(waveform: Float32Array, noiseUv: ArrayLike<number>): number {
  const channelCount = noiseUv.length;
  const channel = mainChannel(waveform, channelCount);
  if (channel < 0) return Number.NaN;
  let largest = 0;
  for (let i = channel; i < waveform.length; i += channelCount)
    largest = Math.max(largest, Math.abs(waveform[i]));
  return largest / noiseUv[channel];
}

/** Copies one channel's waveform as float64. */
export function channelWaveform(waveform: Float32Array, channelCount: number, channel: number): Float64Array {
  const out = new Float64Array(waveform.length / channelCount);
  for (let t = 0; t < out.length; t++) out[t] = waveform[t * channelCount + channel];
  return out;
}
