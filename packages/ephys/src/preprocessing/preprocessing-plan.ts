/**
 * @module
 * The plan of a recording's preprocessing: everything that is learned once, as flat arrays, so that a worker thread can be handed it
 * (structured clone) and a file can keep it (`planToJson`, `planFromJson`).
 *
 * What a newcomer would get wrong: the plan keeps the recording's own channel numbers. A channel that is not used (`isUsed` 0 or 1) stays a
 * column of the traces, and that column is zero.
 */
import { ShapeError } from "../errors.ts";
import type { PreprocessingParameters } from "./parameters.ts";

/** Rows of weights on a few channels each: row c is `weights[k]` on `channels[k]`, rowStart[c] <= k < rowStart[c + 1]. */
export interface SparseRows {
  /** Int32Array [rows + 1]. */
  readonly rowStart: Int32Array;
  /** Int32Array [entries]. */
  readonly channels: Int32Array;
  /** Float32Array [entries]. */
  readonly weights: Float32Array;
}

export interface PreprocessingPlan {
  readonly parameters: PreprocessingParameters;
  readonly samplingRateHz: number;
  readonly channelCount: number;
  /** Float64Array [sections x 6], each b0 b1 b2 1 a1 a2. */
  readonly sections: Float64Array;
  /** Samples that are read and filtered before a chunk, after which the filter has forgotten where it began. */
  readonly marginSamples: number;
  /** Uint8Array [channels]: 0 for a channel that is left out (marked so by the probe, or silent), else 1. */
  readonly isUsed: Uint8Array;
  /** Int32Array [channels]: channels of one number share a common median; -1 none. */
  readonly medianGroup: Int32Array;
  /** Row c whitens channel c and divides by its noise, so that the result's noise is 1. A channel not used has an empty row. */
  readonly whitening: SparseRows;
  /** Float32Array [channels]: noise of the band-passed, median-referenced signal, uV (MAD / 0.6745); 0 when not used. */
  readonly noiseUv: Float32Array;
}

/** Writes a plan as plain JSON values. */
export function planToJson(plan: PreprocessingPlan): Record<string, unknown> {
  return {
    ...plan,
    sections: Array.from(plan.sections),
    isUsed: Array.from(plan.isUsed),
    medianGroup: Array.from(plan.medianGroup),
    noiseUv: Array.from(plan.noiseUv),
    whitening: {
      rowStart: Array.from(plan.whitening.rowStart),
      channels: Array.from(plan.whitening.channels),
      weights: Array.from(plan.whitening.weights),
    },
  };
}

/** Reads what `planToJson` wrote.
 * @throws ShapeError when the arrays' lengths do not fit the channel count */
export function planFromJson(json: Record<string, unknown>): PreprocessingPlan {
  const fields = json as Record<keyof PreprocessingPlan, never>;
  const rows = json["whitening"] as Record<keyof SparseRows, number[]>;
  const plan: PreprocessingPlan = {
    parameters: fields.parameters,
    samplingRateHz: fields.samplingRateHz,
    channelCount: fields.channelCount,
    marginSamples: fields.marginSamples,
    sections: Float64Array.from(fields.sections as number[]),
    isUsed: Uint8Array.from(fields.isUsed as number[]),
    medianGroup: Int32Array.from(fields.medianGroup as number[]),
    noiseUv: Float32Array.from(fields.noiseUv as number[]),
    whitening: {
      rowStart: Int32Array.from(rows.rowStart),
      channels: Int32Array.from(rows.channels),
      weights: Float32Array.from(rows.weights),
    },
  };
  checkPlan(plan);
  return plan;
}

/** Checks that the arrays of a plan fit its channel count.
 * @throws ShapeError naming the array that does not */
export function checkPlan(plan: PreprocessingPlan): void {
  const { channelCount, whitening } = plan;
  const entries = whitening.rowStart[channelCount];
  const lengths: [string, number, number][] = [
    ["isUsed", plan.isUsed.length, channelCount],
    ["medianGroup", plan.medianGroup.length, channelCount],
    ["noiseUv", plan.noiseUv.length, channelCount],
    ["whitening.rowStart", whitening.rowStart.length, channelCount + 1],
    ["whitening.channels", whitening.channels.length, entries],
    ["whitening.weights", whitening.weights.length, entries],
    ["sections (multiple of 6)", plan.sections.length % 6, 0],
  ];
  for (const [name, got, expected] of lengths)
    if (got !== expected)
      throw new ShapeError(
        `Plan for ${channelCount} channels: ${name} must have ${expected} values, got ${got}`,
      );
  for (const channel of whitening.channels)
    if (channel < 0 || channel >= channelCount)
      throw new ShapeError(`Plan for ${channelCount} channels: whitening names channel ${channel}`);
}
