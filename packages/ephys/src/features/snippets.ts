/**
 * @module
 * Snippets of traces and their features: W samples around an event on some channels, and B_w times them.
 */
import type { Traces } from "../core/traces.ts";
import type { MatchingBasis } from "../matching/matching-context.ts";
import type { ScoreKernel } from "../matching/score-kernel.ts";
import { makeWasmScoreKernel } from "../matching/wasm-score-kernel.ts";

/**
 * Cuts a snippet.
 *
 * @param first  sample where the snippet begins; [first, first + length) must lie inside the traces
 * @param out  Float32Array, gets [length x channels] from its beginning
 */
export function cutSnippet(
  traces: Traces,
  first: number,
  length: number,
  channels: Int32Array,
  out: Float32Array,
): void {
  const { data, channelCount } = traces;
  const width = channels.length;
  for (let w = 0, to = 0; w < length; w++) {
    const row = (first + w) * channelCount;
    for (let c = 0; c < width; c++) out[to++] = data[row + channels[c]];
  }
}

/** Computes features of events on channels; holds the kernel and its scratch space, so make one and use it often. */
export class SnippetFeatures {
  readonly basis: MatchingBasis;
  #maxWidth = 0;
  #kernel: ScoreKernel | undefined;

  constructor(basis: MatchingBasis) {
    this.basis = basis;
  }

  /**
   * Computes B_w snippet of one event.
   *
   * @param sample  of the event; its window must lie inside the traces
   * @param out  gets [channels x R] at `at`
   */
  write(traces: Traces, sample: number, channels: Int32Array, out: Float32Array, at: number): void {
    const { rank, windowSamples, samplesBefore } = this.basis;
    const { data, channelCount } = traces;
    const count = channels.length;
    const width = Math.ceil(count / 4) * 4;
    const kernel = this.#kernelFor(width);
    const { snippet, projected } = kernel;
    let row = (sample - samplesBefore) * channelCount;
    for (let w = 0, to = 0; w < windowSamples; w++) {
      for (let c = 0; c < count; c++) snippet[to + c] = data[row + channels[c]];
      to += width;
      row += channelCount;
    }
    kernel.run(width, 0, 0);
    for (let c = 0; c < count; c++)
      for (let r = 0; r < rank; r++) out[at + c * rank + r] = projected[r * width + c];
  }

  #kernelFor(width: number): ScoreKernel {
    if (this.#kernel === undefined || width > this.#maxWidth) {
      this.#maxWidth = width;
      const shape = { lagCount: 1, maxWidth: width, maxCandidates: 1 };
      this.#kernel = makeWasmScoreKernel(this.basis, shape, new Float32Array(4));
    }
    return this.#kernel;
  }
}
