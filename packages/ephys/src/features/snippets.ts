/**
 * @module
 * Snippets of traces and their features: W samples around an event on some channels, and B_w times them.
 */
import type { Traces } from "../core/traces.ts";
import { gatherRows } from "../dsp/trace-memory.ts";
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
  gatherRows(traces, first, length, channels, out);
}

/** Computes features of events on channels; holds the kernel and its scratch space, so make one and use it often. */
export class SnippetFeatures {
  readonly basis: MatchingBasis;
  #maxWidth = 0;
  #kernel: ScoreKernel | undefined;
  #padded = new Int32Array(0);

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
    const count = channels.length;
    const width = Math.ceil(count / 4) * 4;
    const kernel = this.#kernelFor(width);
    const { snippet, projected } = kernel;
    // padding is the first channel: what comes of it is not read
    const padded = this.#padded.fill(0, count, width).subarray(0, width);
    padded.set(channels);
    gatherRows(traces, sample - samplesBefore, windowSamples, padded, snippet);
    kernel.run(width, 0, 0);
    for (let c = 0; c < count; c++)
      for (let r = 0; r < rank; r++) out[at + c * rank + r] = projected[r * width + c];
  }

  #kernelFor(width: number): ScoreKernel {
    if (this.#kernel === undefined || width > this.#maxWidth) {
      this.#maxWidth = width;
      this.#padded = new Int32Array(width);
      const shape = { lagCount: 1, maxWidth: width, maxCandidates: 1 };
      this.#kernel = makeWasmScoreKernel(this.basis, shape, new Float32Array(4));
    }
    return this.#kernel;
  }
}
