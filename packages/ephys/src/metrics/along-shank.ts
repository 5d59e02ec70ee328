/**
 * @module
 * How far a unit's waveform reaches along its shank, and how fast it travels (pipeline contract 5.2).
 *
 * What a newcomer would get wrong: velocity is *inverse*, s/m, as the columns say: the time that a trough needs for a distance. Above means
 * towards larger y.
 */

import { gaussianSmooth } from "./gaussian-smooth.ts";
import { channelWaveform } from "./main-channel.ts";
import { medianOf } from "./median.ts";

/** Channels of one shank in order of their depth. */
export interface ShankColumns {
  /** Channel of each. */
  readonly channels: Int32Array;
  readonly x: Float64Array;
  readonly y: Float64Array;
}

const SPREAD_THRESHOLD = 0.2;
const SPREAD_SMOOTHING_UM = 20;
/** Channels where the waveform is smaller than this part of its largest have troughs of noise: left out of velocities (ecephys' spread). */
const VELOCITY_THRESHOLD = 0.12;
const LEAST_CHANNELS = 5;
const LEAST_R2 = 0.5;

/** The channels on the shank of `channel`, by depth; at one depth in the order of their numbers. */
export function shankColumns(
  probe: { readonly x: Float64Array; readonly y: Float64Array; readonly shank: Int32Array },
  channel: number,
): ShankColumns {
  const onShank = Int32Array.from(probe.x.keys()).filter((c) => probe.shank[c] === probe.shank[channel]);
  const channels = onShank.sort((a, b) => probe.y[a] - probe.y[b] || a - b);
  return {
    channels,
    x: Float64Array.from(channels, (c) => probe.x[c]),
    y: Float64Array.from(channels, (c) => probe.y[c]),
  };
}

/** Peak-to-peak of each column. @param waveform  [samples x channelCount] */
export function peakToPeaks(
  waveform: Float32Array,
  channelCount: number,
  columns: ShankColumns,
): Float64Array {
  return Float64Array.from(columns.channels, (channel) => {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const value of channelWaveform(waveform, channelCount, channel)) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    return high - low;
  });
}

/**
 * Extent in depth of the channels above a fifth of the largest peak-to-peak, um, after smoothing over 20 um.
 *
 * The smoothing counts in columns, as SpikeInterface's does: 20 um over the median distance of neighbouring depths.
 * @param sizes  peak-to-peak of each column
 */
export function spread(sizes: Float64Array, columns: ShankColumns): number {
  const depths = Float64Array.from(new Set(columns.y));
  const steps = depths.subarray(1).map((depth, i) => depth - depths[i]);
  const smooth = steps.length === 0 ? sizes : gaussianSmooth(sizes, SPREAD_SMOOTHING_UM / medianOf(steps));
  const threshold = SPREAD_THRESHOLD * smooth.reduce((most, size) => Math.max(most, size), 0);
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < smooth.length; i++) {
    if (!(smooth[i] > threshold)) continue;
    low = Math.min(low, columns.y[i]);
    high = Math.max(high, columns.y[i]);
  }
  return high - low;
}

export interface Velocities {
  /** Inverse velocity towards larger y, s/m; NaN with fewer than 5 channels or a line that explains less than half. */
  readonly above: number;
  readonly below: number;
}

/**
 * Fits trough times to distances from the channel with the deepest trough, on each side of it.
 *
 * @param sizes  peak-to-peak of each column; @param troughS  time of each column's lowest sample, s; @param deepest  column of the deepest
 * Source: Theil 1950, Sen 1968 (median of the pairs' slopes).
 */
export function inverseVelocities(
  sizes: Float64Array,
  troughS: Float64Array,
  deepest: number,
  columns: ShankColumns,
): Velocities {
  const least = VELOCITY_THRESHOLD * sizes.reduce((most, size) => Math.max(most, size), 0);
  const side = (sign: number): number => {
    const metres: number[] = [];
    const seconds: number[] = [];
    for (let i = 0; i < sizes.length; i++) {
      if (sizes[i] < least || sign * (columns.y[i] - columns.y[deepest]) < 0) continue;
      const dx = columns.x[i] - columns.x[deepest];
      const dy = columns.y[i] - columns.y[deepest];
      metres.push(Math.sqrt(dx * dx + dy * dy) * 1e-6);
      seconds.push(troughS[i] - troughS[deepest]);
    }
    return metres.length < LEAST_CHANNELS ? Number.NaN : robustSlope(metres, seconds);
  };
  return { above: side(1), below: side(-1) };
}

/** Theil-Sen slope of y on x; NaN when the line explains less than half of the variance, or there is none. */
function robustSlope(x: readonly number[], y: readonly number[]): number {
  const slopes: number[] = [];
  for (let i = 0; i < x.length; i++)
    for (let j = i + 1; j < x.length; j++)
      if (Math.abs(x[j] - x[i]) > 1e-12) slopes.push((y[j] - y[i]) / (x[j] - x[i]));
  const slope = medianOf(Float64Array.from(slopes));
  const intercept = medianOf(Float64Array.from(x, (value, i) => y[i] - slope * value));
  const mean = y.reduce((sum, value) => sum + value, 0) / y.length;
  let left = 0;
  let all = 0;
  for (let i = 0; i < x.length; i++) {
    left += (y[i] - intercept - slope * x[i]) ** 2;
    all += (y[i] - mean) ** 2;
  }
  return 1 - left / all >= LEAST_R2 ? slope : Number.NaN;
}
