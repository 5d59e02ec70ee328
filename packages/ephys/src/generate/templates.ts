/**
 * @module
 * A unit's true waveform on the channels around it, at each of the eight places between samples.
 *
 * A channel that the probe digitises later in the sample (`Probe.sampleShift`) sees a spike earlier by that fraction, as in real files.
 */
import type { Probe } from "../core/probe.ts";
import type { Footprint } from "./spatial-models.ts";
import { PHASES } from "./trains.ts";
import { courseAt, type TimeCourse } from "./waveforms.ts";

/** A run of neighbouring channels' waveforms. */
export interface TrueTemplate {
  readonly firstChannel: number;
  readonly channelCount: number;
  /** Samples before the spike's own sample. */
  readonly samplesBefore: number;
  readonly sampleCount: number;
  /** Float32Array [phases x samples x channels], uV: phase p is for a spike p/`phases` sample after a sample. */
  readonly values: Float32Array;
  readonly phases: number;
}

/** How waveforms are cut out: 1.5 ms before and 3.5 ms after the spike, the last 0.5 ms faded out. */
export const BEFORE_MS = 1.5;
export const AFTER_MS = 3.5;
const FADE_MS = 0.5;
/** Potentials fade out between these distances, so that a template has an end. */
const REACH_UM = [150, 250] as const;

export interface TemplateParameters {
  readonly peakUv: number;
  /** Speed at which the spike spreads, um/ms. */
  readonly speedUmPerMs: number;
  readonly samplingRateHz: number;
  readonly phases?: number;
  /** Channels whose peak is below this are left out, uV. Default 0.3. */
  readonly leastUv?: number;
}

/** Makes the template of a unit. */
export function makeTemplate(
  course: TimeCourse,
  footprint: Footprint,
  probe: Probe,
  parameters: TemplateParameters,
): TrueTemplate {
  const { peakUv, speedUmPerMs, samplingRateHz, phases = PHASES, leastUv = 0.3 } = parameters;
  const sampleMs = 1000 / samplingRateHz;
  const samplesBefore = Math.ceil(BEFORE_MS / sampleMs);
  const sampleCount = samplesBefore + Math.ceil(AFTER_MS / sampleMs);
  const { amplitude, distanceUm, mainChannel } = footprint;
  const near = distanceUm[mainChannel];
  const scale = amplitude.map((value, c) => value * peakUv * reach(distanceUm[c] - near));
  let first = mainChannel;
  let last = mainChannel;
  for (let c = 0; c < scale.length; c++) {
    if (Math.abs(scale[c]) < leastUv) continue;
    first = Math.min(first, c);
    last = Math.max(last, c);
  }
  const channelCount = last - first + 1;
  const values = new Float32Array(phases * sampleCount * channelCount);
  for (let c = first; c <= last; c++) {
    if (Math.abs(scale[c]) < leastUv) continue;
    const delayMs = (distanceUm[c] - near) / speedUmPerMs;
    // dendrites and distance smear the spike out
    const width = 1 + Math.max(0, distanceUm[c] - near) / 500;
    const shift = probe.sampleShift?.[c] ?? 0;
    for (let phase = 0; phase < phases; phase++) {
      for (let k = 0; k < sampleCount; k++) {
        const timeMs = (k - samplesBefore + shift - phase / phases) * sampleMs;
        const value = scale[c] * courseAt(course, (timeMs - delayMs) / width) * fade(timeMs);
        values[(phase * sampleCount + k) * channelCount + c - first] = value;
      }
    }
  }
  return { firstChannel: first, channelCount, samplesBefore, sampleCount, values, phases };
}

function reach(distanceUm: number): number {
  const [from, to] = REACH_UM;
  if (distanceUm <= from) return 1;
  return distanceUm >= to ? 0 : 0.5 + 0.5 * Math.cos((Math.PI * (distanceUm - from)) / (to - from));
}

function fade(timeMs: number): number {
  const left = (AFTER_MS - timeMs) / FADE_MS;
  if (left >= 1) return 1;
  return left <= 0 ? 0 : 0.5 - 0.5 * Math.cos(Math.PI * left);
}
