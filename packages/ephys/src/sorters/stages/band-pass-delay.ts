/**
 * @module
 * By how much the causal band-pass moves a unit's trough. A mean waveform is filtered once more, backwards in time: that is the
 * zero-phase filter's waveform, whose extremum is where the signal's own is.
 */
import type { Sections } from "../../dsp/filter-design.ts";
import { samplesAtRate } from "../../preprocessing/time-scale.ts";

/** Extrema are looked for so many samples around the spike's own sample, at 30 kHz. */
const BEFORE = 14;
const AFTER = 6;

/**
 * Finds the extremum of a band-passed mean waveform, undelayed.
 *
 * @param waveform  one channel; @param sample  of the spike in it; @param samplingRateHz  of both
 * @returns samples after `sample` (negative: before)
 */
export function extremumOffset(
  waveform: Float64Array,
  sections: Sections,
  sample: number,
  samplingRateHz: number,
): number {
  const undelayed = filterBackwards(waveform, sections);
  let best = sample;
  const last = Math.min(undelayed.length - 1, sample + samplesAtRate(AFTER, samplingRateHz));
  for (let t = Math.max(0, sample - samplesAtRate(BEFORE, samplingRateHz)); t <= last; t++)
    if (Math.abs(undelayed[t]) > Math.abs(undelayed[best])) best = t;
  return best - sample;
}

/** Runs the sections from the last sample to the first, from rest. */
function filterBackwards(waveform: Float64Array, sections: Sections): Float64Array {
  const out = Float64Array.from(waveform);
  for (let at = 0; at < sections.length; at += 6) {
    const [b0, b1, b2, , a1, a2] = sections.subarray(at, at + 6);
    let [first, second] = [0, 0];
    for (let t = out.length - 1; t >= 0; t--) {
      const x = out[t];
      const y = b0 * x + first;
      first = b1 * x - a1 * y + second;
      second = b2 * x - a2 * y;
      out[t] = y;
    }
  }
  return out;
}
