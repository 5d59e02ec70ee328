/**
 * @module
 * What detection learns of a recording: the shape that spikes have in time, how channels are pooled, and what is near what. Flat arrays, so
 * that it can be sent to worker threads.
 */
import type { SparseRows } from "../preprocessing/preprocessing-plan.ts";

export interface DetectorModel {
  readonly channelCount: number;
  /** Float32Array [taps], norm 1: the median trough; the score at t is the sum of prototype[k] y[t - before + k]. */
  readonly prototype: Float32Array;
  /** Samples of the prototype before the trough. */
  readonly before: number;
  /** One for each spatial width: row c weighs the scores of channels near c. The noise of the sum is 1. */
  readonly pools: readonly SparseRows[];
  /** Of events so many samples apart or fewer, and near each other, the largest remains. */
  readonly exclusionSamples: number;
  /** Rows of the channels near each channel, itself included; weights are not used (empty). */
  readonly near: SparseRows;
}

/** Events in order of time, then channel. */
export interface Events {
  /** Int32Array [events]: sample of the trough, counted from the first of the traces. */
  readonly samples: Int32Array;
  /** Int32Array [events]. */
  readonly channels: Int32Array;
  /** Float32Array [events]: pooled score, in sigma. */
  readonly scores: Float32Array;
}
