/**
 * @module
 * Snippets of traces and their features: W samples around an event on some channels, and B_w times them.
 */
import type { Traces } from "../core/traces.ts";
import type { MatchingBasis } from "../matching/matching-context.ts";

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

/** Computes features of events on channels; holds the scratch space, so make one and use it often. */
export class SnippetFeatures {
  readonly basis: MatchingBasis;
  #snippet = new Float32Array(0);
  #sums = new Float64Array(0);

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
    const { rank, windowSamples, samplesBefore, features } = this.basis;
    const width = channels.length;
    if (this.#snippet.length < windowSamples * width) {
      this.#snippet = new Float32Array(windowSamples * width);
      this.#sums = new Float64Array(width);
    }
    const snippet = this.#snippet;
    const sums = this.#sums;
    cutSnippet(traces, sample - samplesBefore, windowSamples, channels, snippet);
    for (let r = 0; r < rank; r++) {
      sums.fill(0, 0, width);
      for (let w = 0, from = 0; w < windowSamples; w++) {
        const weight = features[r * windowSamples + w];
        for (let c = 0; c < width; c++) sums[c] += weight * snippet[from++];
      }
      for (let c = 0; c < width; c++) out[at + c * rank + r] = sums[c];
    }
  }
}
