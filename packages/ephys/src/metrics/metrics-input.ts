/**
 * @module
 * What the quality metrics of units are computed from, and the check of it that both entries (`unitMetrics`, `waveformFeatures`) share.
 *
 * What a newcomer would get wrong: the mean waveforms have every channel of the probe (zeros where nothing is known of them), and noise
 * and waveforms must be of the same signal: both band-passed, or neither.
 */
import type { Probe } from "../core/probe.ts";
import { ParameterError, ShapeError } from "../errors.ts";

export interface MetricsUnit {
  /** Spikes, s from the recording's start, ascending. */
  readonly spikeTimesS: Float64Array;
  /** One per spike, uV; of either sign, their size counts. */
  readonly amplitudesUv: Float32Array | Float64Array;
  /** One per spike, um along the probe; without them drifts are null. */
  readonly depthsUm?: Float32Array | Float64Array | undefined;
  /** Mean waveform, Float32Array [samples x channels], time-major, uV. */
  readonly waveformUv: Float32Array;
}

/** Principal components of spikes on a few channels each: the layout of `pc_features.npy`. */
export interface MetricsFeatures {
  /** Float32Array [spikes x featuresPerChannel x channelCount]. */
  readonly values: Float32Array;
  readonly featuresPerChannel: number;
  readonly channelCount: number;
  /** Int32Array [lists x channelCount]: channel of each column; -1 where a list has fewer. */
  readonly channels: Int32Array;
  /** Int32Array [spikes]: the list that each spike's columns follow (its unit's, or its template's). */
  readonly spikeLists: Int32Array;
  /** Int32Array [spikes]: index in `units` of each spike's unit; -1 for a spike of none. */
  readonly spikeUnits: Int32Array;
}

export interface MetricsInput {
  /** Length of the recording, s. */
  readonly durationS: number;
  /** Of the mean waveforms, Hz. */
  readonly samplingRateHz: number;
  readonly units: readonly MetricsUnit[];
  /** One contact for each channel of the waveforms, um. */
  readonly probe: Pick<Probe, "x" | "y" | "shank">;
  /** One per channel: median absolute deviation / 0.67449, uV (`planPreprocessing` measures it: `plan.noiseUv`). */
  readonly noiseUv: ArrayLike<number>;
  /** Without them the metrics of the feature space are null. */
  readonly features?: MetricsFeatures | undefined;
  /** Looked at once, at the beginning: the work is synchronous. */
  readonly signal?: AbortSignal | undefined;
}

/** Checks lengths and ranges.
 * @throws ShapeError naming the array whose length does not fit; ParameterError for a duration or rate that is not above 0 */
export function checkMetricsInput(input: MetricsInput): void {
  const { durationS, samplingRateHz, units, probe, noiseUv, features } = input;
  mustBePositive("durationS", durationS);
  mustBePositive("samplingRateHz", samplingRateHz);
  const channelCount = probe.x.length;
  mustBe("probe.y", probe.y.length, channelCount);
  mustBe("probe.shank", probe.shank.length, channelCount);
  mustBe("noiseUv", noiseUv.length, channelCount);
  for (const [index, unit] of units.entries()) {
    const spikes = unit.spikeTimesS.length;
    mustBe(`units[${index}].amplitudesUv`, unit.amplitudesUv.length, spikes);
    if (unit.depthsUm !== undefined) mustBe(`units[${index}].depthsUm`, unit.depthsUm.length, spikes);
    if (unit.waveformUv.length === 0 || unit.waveformUv.length % channelCount !== 0)
      throw new ShapeError(
        `Metrics: units[${index}].waveformUv must have samples x ${channelCount} channels values, got ${unit.waveformUv.length}`,
      );
    for (let i = 1; i < spikes; i++)
      if (!(unit.spikeTimesS[i] >= unit.spikeTimesS[i - 1]))
        throw new ParameterError(
          `Metrics: units[${index}].spikeTimesS must ascend, got ${unit.spikeTimesS[i - 1]} before ${unit.spikeTimesS[i]} at spike ${i}. Sort them.`,
          "spikeTimesS",
        );
  }
  if (features !== undefined) checkFeatures(features, units.length);
}

function checkFeatures(features: MetricsFeatures, unitCount: number): void {
  const spikes = features.spikeUnits.length;
  const { channelCount, featuresPerChannel, channels } = features;
  mustBe("features.values", features.values.length, spikes * featuresPerChannel * channelCount);
  mustBe("features.spikeLists", features.spikeLists.length, spikes);
  if (spikes > 0 && channels.length % channelCount !== 0)
    throw new ShapeError(
      `Metrics: features.channels must have lists x ${channelCount} values, got ${channels.length}`,
    );
  const listCount = spikes > 0 ? channels.length / channelCount : 0;
  for (let i = 0; i < spikes; i++) {
    const [list, unit] = [features.spikeLists[i], features.spikeUnits[i]];
    if (list < 0 || list >= listCount || unit < -1 || unit >= unitCount)
      throw new ParameterError(
        `Metrics: features' spike ${i} must be of a list in 0..${listCount - 1} and a unit in -1..${unitCount - 1}, got list ${list}, unit ${unit}`,
        "features",
      );
  }
}

/** The number, or null when it is NaN or infinite: what a nullable column takes. */
export function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function mustBe(name: string, got: number, expected: number): void {
  if (got !== expected) throw new ShapeError(`Metrics: ${name} must have ${expected} values, got ${got}`);
}

function mustBePositive(name: string, value: number): void {
  if (!(value > 0 && Number.isFinite(value)))
    throw new ParameterError(`Metrics: ${name} must be a number above 0, got ${value}`, name);
}
