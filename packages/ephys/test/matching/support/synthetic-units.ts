/** @module Whitened traces made of known units: a basis, templates, spikes, unit noise; and a plain threshold detector as event source. */
import { Random } from "../../../src/core/random.ts";
import { makeTraces, type Traces } from "../../../src/core/traces.ts";
import type { DetectedEvents, EventSource } from "../../../src/matching/event-source.ts";
import {
  type MatchingBasis,
  type MatchingContext,
  makeMatchingContext,
} from "../../../src/matching/matching-context.ts";
import type { UnitMeans } from "../../../src/matching/template-bank.ts";

export const WINDOW = 76;
export const BEFORE = 22;

/** An orthonormal basis of smooth waveforms around the trough: a Gaussian times powers of time (white noise keeps B_w = B_i). */
export function smoothBasis(rank = 5): MatchingBasis {
  const features = new Float32Array(rank * WINDOW);
  for (let r = 0; r < rank; r++) {
    const row = Float64Array.from({ length: WINDOW }, (_, w) => {
      const time = (w - BEFORE - 2) / 7;
      return time ** r * Math.exp(-0.5 * time * time);
    });
    for (let q = 0; q < r; q++) {
      let product = 0;
      for (let w = 0; w < WINDOW; w++) product += row[w] * features[q * WINDOW + w];
      for (let w = 0; w < WINDOW; w++) row[w] -= product * features[q * WINDOW + w];
    }
    const norm = Math.hypot(...row);
    for (let w = 0; w < WINDOW; w++) features[r * WINDOW + w] = row[w] / norm;
  }
  return { rank, windowSamples: WINDOW, samplesBefore: BEFORE, features, waveforms: features };
}

/** Two columns of channels 20 um apart, `count` channels. */
export function columnContext(count: number, basis = smoothBasis()): MatchingContext {
  const x = Float64Array.from({ length: count }, (_, c) => (c % 2) * 32);
  const y = Float64Array.from({ length: count }, (_, c) => Math.floor(c / 2) * 20);
  return makeMatchingContext(basis, { x, y });
}

/** Waveform of a unit between samples: a trough of width `width` and a later hump. @param time  samples after the spike */
export function unitWaveform(time: number, width: number): number {
  const trough = Math.exp(-0.5 * (time / width) ** 2);
  const hump = 0.35 * Math.exp(-0.5 * ((time - 4 * width) / (2 * width)) ** 2);
  return hump - trough;
}

export interface SyntheticUnit {
  readonly x: number;
  readonly y: number;
  readonly peak: number;
  readonly width: number;
}

/** Amplitude of a unit on a channel; 0 beyond 100 um. */
export function footprint(unit: SyntheticUnit, context: MatchingContext, channel: number): number {
  const distance = Math.hypot(context.x[channel] - unit.x, context.y[channel] - unit.y);
  return distance > 100 ? 0 : unit.peak * Math.exp(-distance / 30);
}

/** Units spread over the probe, each different in place, size and width. */
export function someUnits(count: number, context: MatchingContext, seed = 1, smallest = 8): SyntheticUnit[] {
  const random = new Random(seed);
  const top = Math.max(...context.y);
  return Array.from({ length: count }, (_, k) => ({
    x: 32 * random.uniform(),
    y: (top * (k + 0.5)) / count,
    peak: smallest + 15 * random.uniform(),
    width: 2.5 + 1.5 * random.uniform(),
  }));
}

/** True means of units on all channels within 160 um. */
export function trueMeans(
  units: readonly SyntheticUnit[],
  context: MatchingContext,
  spikes = 400,
): UnitMeans {
  const channels = units.map((unit) =>
    Int32Array.from(Array.from(context.x.keys()).filter((c) => footprint(unit, context, c) !== 0)),
  );
  const waveforms = units.map((unit, k) => {
    const width = channels[k].length;
    return Float32Array.from(
      { length: WINDOW * width },
      (_, i) =>
        footprint(unit, context, channels[k][i % width]) *
        unitWaveform(Math.floor(i / width) - BEFORE, unit.width),
    );
  });
  return { channels, waveforms, counts: units.map(() => spikes) };
}

export interface TrueSpike {
  /** May lie between samples. */
  readonly time: number;
  readonly unit: number;
  readonly amplitude: number;
}

/** Noise N(0, noise^2) plus the spikes. */
export function render(
  spikes: readonly TrueSpike[],
  units: readonly SyntheticUnit[],
  context: MatchingContext,
  sampleCount: number,
  noise: number,
  seed = 2,
): Traces {
  const y = makeTraces(sampleCount, context.channelCount);
  const random = new Random(seed);
  if (noise > 0) for (let i = 0; i < y.data.length; i++) y.data[i] = noise * random.normal();
  for (const { time, unit, amplitude } of spikes) {
    const from = Math.max(0, Math.ceil(time) - BEFORE);
    const to = Math.min(sampleCount, Math.floor(time) + WINDOW - BEFORE);
    for (let c = 0; c < context.channelCount; c++) {
      const size = amplitude * footprint(units[unit], context, c);
      if (size === 0) continue;
      for (let t = from; t < to; t++)
        y.data[t * context.channelCount + c] += size * unitWaveform(t - time, units[unit].width);
    }
  }
  return y;
}

/** An exponential waiting time of mean 1. */
function wait(random: Random): number {
  return -Math.log(1 - random.uniform());
}

/** Random spikes in order of time, at `ratePerSample` over all units; `between` puts them between samples. */
export function someSpikes(
  unitCount: number,
  sampleCount: number,
  ratePerSample: number,
  between: boolean,
  seed = 3,
): TrueSpike[] {
  const random = new Random(seed);
  const last = new Float64Array(unitCount).fill(-1000);
  const spikes: TrueSpike[] = [];
  for (let time = 200; time < sampleCount - 200; time += wait(random) / ratePerSample) {
    const unit = random.integer(unitCount);
    if (time - last[unit] < 60) continue;
    last[unit] = time;
    spikes.push({ time: between ? time : Math.round(time), unit, amplitude: 1 + 0.08 * random.normal() });
  }
  return spikes;
}

/** Local minima below -threshold, the deepest within 12 samples and 60 um: an event source that needs no learning. */
export function thresholdSource(context: MatchingContext): EventSource {
  return {
    events(y, threshold): DetectedEvents {
      const found: { sample: number; channel: number; depth: number }[] = [];
      const { data, channelCount } = y;
      for (let t = 1; t < y.sampleCount - 1; t++)
        for (let c = 0; c < channelCount; c++) {
          const value = data[t * channelCount + c];
          if (value > -threshold) continue;
          if (value > data[(t - 1) * channelCount + c] || value >= data[(t + 1) * channelCount + c]) continue;
          found.push({ sample: t, channel: c, depth: -value });
        }
      const kept = found.filter((event, i) => {
        for (const step of [-1, 1])
          for (let j = i + step; j >= 0 && j < found.length; j += step) {
            const other = found[j];
            if (Math.abs(other.sample - event.sample) > 12) break;
            if (context.distances[event.channel * channelCount + other.channel] > 60) continue;
            if (other.depth > event.depth || (other.depth === event.depth && j < i)) return false;
          }
        return true;
      });
      return { samples: kept.map((e) => e.sample), channels: kept.map((e) => e.channel) };
    },
  };
}
