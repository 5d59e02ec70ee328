/**
 * @module
 * The reference values of fixtures/make-metrics-fixtures.py, and how near to them is near enough.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { MetricsInput, MetricsUnit } from "../../../src/metrics/metrics-input.ts";
import type { ClusterMetrics } from "../../../src/metrics/unit-metrics.ts";
import type { WaveformMetrics } from "../../../src/metrics/waveform-features.ts";

export type TrainCase = {
  readonly name: string;
  readonly durationS: number;
  readonly samples: number[];
  readonly amplitudes: number[];
  readonly depths: number[];
  readonly amplitude: number;
} & Pick<
  ClusterMetrics,
  | "firing_rate"
  | "presence_ratio"
  | "isi_violation"
  | "number_violation"
  | "amplitude_cutoff"
  | "max_drift"
  | "cumulative_drift"
  | "contamination_rate"
>;

export type SpaceCase = {
  readonly name: string;
  readonly points: number[];
  readonly dimensions: number;
  readonly units: number[];
} & Pick<
  ClusterMetrics,
  "isolation_distance" | "l_ratio" | "d_prime" | "nn_hit_rate" | "nn_miss_rate" | "silhouette_score"
>;

export type WaveformCase = {
  readonly name: string;
  readonly x: number[];
  readonly y: number[];
  readonly waveform: number[];
  readonly upsampled: number[];
  readonly snr: number;
} & Omit<WaveformMetrics, "amplitude">;

interface Fixture {
  readonly trains: TrainCase[];
  readonly spaces: SpaceCase[];
  readonly tails: { value: number; degrees: number; tail: number }[];
  readonly waveforms: WaveformCase[];
  readonly smooth: { values: number[]; sigma: number; out: number[] }[];
}

export const fixture: Fixture = JSON.parse(
  readFileSync(new URL("../fixtures/metrics.json", import.meta.url), "utf8"),
);

export const SAMPLING_RATE_HZ = 30000;

/** Fails unless both are null, or differ by no more than `relative` of the wanted value plus `absolute`. */
export function assertNear(
  got: number | null,
  wanted: number | null,
  relative: number,
  what: string,
  absolute = 0,
): void {
  if (got === null || wanted === null) {
    assert.equal(got, wanted, what);
    return;
  }
  const tolerance = absolute + relative * Math.abs(wanted);
  assert.ok(Math.abs(got - wanted) <= tolerance, `${what}: ${got} is not ${wanted} within ${tolerance}`);
}

/** An input around one unit: two channels, a plain spike. What a test is not about can be left as it is. */
export function inputOf(unit: Partial<MetricsUnit>, durationS = 100): MetricsInput {
  const spikeTimesS = unit.spikeTimesS ?? Float64Array.of(1, 2, 3);
  return {
    durationS,
    samplingRateHz: SAMPLING_RATE_HZ,
    units: [
      {
        spikeTimesS,
        amplitudesUv: new Float32Array(spikeTimesS.length).fill(50),
        waveformUv: Float32Array.of(0, 0, -50, -20, 10, 5, 0, 0),
        ...unit,
      },
    ],
    probe: { x: Float64Array.of(0, 0), y: Float64Array.of(0, 20), shank: Int32Array.of(0, 0) },
    noiseUv: Float64Array.of(10, 10),
  };
}
