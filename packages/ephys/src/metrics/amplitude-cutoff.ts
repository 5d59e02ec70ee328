/**
 * @module
 * How many of a unit's spikes the sorter missed because they were too small: the histogram of amplitudes, taken as symmetric, is cut off at
 * its low end (pipeline contract 5.1). Source: Hill, Mehta and Kleinfeld 2011.
 */
import { gaussianSmooth } from "./gaussian-smooth.ts";

const BIN_COUNT = 100;
const SMOOTHING_BINS = 3;
/** A histogram with fewer spikes a bin says nothing. */
const LEAST_SPIKES_PER_BIN = 5;
const LARGEST = 0.5;

/**
 * Fraction of spikes missed, at most 0.5.
 *
 * @param amplitudes  of either sign; their sizes count
 * @returns NaN for fewer than 500 spikes, or when all have one size
 */
export function amplitudeCutoff(amplitudes: ArrayLike<number>): number {
  const count = amplitudes.length;
  if (count < LEAST_SPIKES_PER_BIN * BIN_COUNT) return Number.NaN;
  let low = Number.POSITIVE_INFINITY;
  let high = 0;
  for (let i = 0; i < count; i++) {
    const size = Math.abs(amplitudes[i]);
    low = Math.min(low, size);
    high = Math.max(high, size);
  }
  const width = (high - low) / BIN_COUNT;
  if (!(width > 0 && Number.isFinite(width))) return Number.NaN;
  const density = new Float64Array(BIN_COUNT);
  for (let i = 0; i < count; i++) density[binOf(Math.abs(amplitudes[i]), low, width)] += 1 / (count * width);
  const smooth = gaussianSmooth(density, SMOOTHING_BINS);
  let peak = 0;
  for (let bin = 1; bin < BIN_COUNT; bin++) if (smooth[bin] > smooth[peak]) peak = bin;
  // the bin right of the peak that is as high as the lowest one: what lies beyond it has no partner at the low end
  let cut = peak;
  for (let bin = peak + 1; bin < BIN_COUNT; bin++)
    if (Math.abs(smooth[bin] - smooth[0]) < Math.abs(smooth[cut] - smooth[0])) cut = bin;
  let missing = 0;
  for (let bin = cut; bin < BIN_COUNT; bin++) missing += smooth[bin] * width;
  return Math.min(LARGEST, missing);
}

/** The bin of a value: [low edge, high edge), the last one closed. Values at an edge go where the edge itself says, not a quotient. */
function binOf(value: number, low: number, width: number): number {
  let bin = Math.min(BIN_COUNT - 1, Math.floor((value - low) / width));
  if (bin > 0 && value < low + bin * width) bin--;
  else if (bin < BIN_COUNT - 1 && value >= low + (bin + 1) * width) bin++;
  return bin;
}
