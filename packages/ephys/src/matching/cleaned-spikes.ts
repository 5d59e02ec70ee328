/**
 * @module
 * Spikes free of collisions: the residual with one spike put back. As features (to cluster units anew) and as snippets (for new templates).
 *
 * The own spike is added in its template's form, not cut from the traces, so a spike's neighbours never show in it.
 */
import type { Traces } from "../core/traces.ts";
import { gatherRows } from "../dsp/trace-memory.ts";
import type { MatchingContext } from "./matching-context.ts";
import type { MatchedSpikes } from "./spike-list.ts";
import { shiftIndex, type TemplateBank } from "./template-bank.ts";
import { makeWasmScoreKernel } from "./wasm-score-kernel.ts";

/** Rows of `cleanedFeatures`, one for each spike: channels in the order of `neighbours` of the unit's main channel. */
export interface CleanedFeatures {
  /** Float32Array [spikes x neighbourCount x R]; 0 where a neighbourhood is shorter. */
  readonly values: Float32Array;
  readonly neighbourCount: number;
  readonly rank: number;
}

/**
 * Computes features of the residual + own template on each unit's neighbourhood.
 *
 * @param residual  after `Matcher.match`; windows of all spikes must lie inside
 * @param indices  which spikes; all when absent
 */
export function cleanedFeatures(
  residual: Traces,
  spikes: MatchedSpikes,
  bank: TemplateBank,
  context: MatchingContext,
  indices?: ArrayLike<number>,
): CleanedFeatures {
  const { basis, parameters, neighbours, channelCount } = context;
  const { rank, windowSamples, samplesBefore } = basis;
  const neighbourCount = Math.min(parameters.neighbourCount, channelCount);
  const count = indices?.length ?? spikes.samples.length;
  const values = new Float32Array(count * neighbourCount * rank);
  const maxWidth = Math.ceil(neighbourCount / 4) * 4;
  const kernel = makeWasmScoreKernel(basis, { lagCount: 1, maxWidth, maxCandidates: 1 }, new Float32Array(4));
  const { snippet, projected } = kernel;
  // padding is the first channel: what comes of it is not read
  const padded = new Int32Array(maxWidth);
  for (let n = 0; n < count; n++) {
    const i = indices === undefined ? n : indices[n];
    const channels = neighbours[bank.mainChannels[spikes.units[i]]];
    const width = Math.ceil(channels.length / 4) * 4;
    padded.fill(0, channels.length, width);
    padded.set(channels);
    const first = spikes.samples[i] - samplesBefore;
    gatherRows(residual, first, windowSamples, padded.subarray(0, width), snippet);
    kernel.run(width, 0, 0);
    const to = n * neighbourCount * rank;
    for (let c = 0; c < channels.length; c++)
      for (let r = 0; r < rank; r++) values[to + c * rank + r] = projected[r * width + c];
    addCoefficients(values, to, bank, spikes.units[i], channels, spikes.amplitudes[i]);
  }
  return { values, neighbourCount, rank };
}

/**
 * Cuts snippets of the residual + own waveform.
 *
 * @param indices  which spikes; @param channels  of the snippets
 * @returns Float32Array [indices x W x channels]
 */
export function cleanedSnippets(
  residual: Traces,
  spikes: MatchedSpikes,
  bank: TemplateBank,
  context: MatchingContext,
  indices: ArrayLike<number>,
  channels: Int32Array,
): Float32Array {
  const { windowSamples, samplesBefore } = context.basis;
  const { channelCount } = residual;
  const width = channels.length;
  const out = new Float32Array(indices.length * windowSamples * width);
  const columnOf = new Int32Array(channelCount).fill(-1);
  for (let c = 0; c < width; c++) columnOf[channels[c]] = c;
  for (let n = 0; n < indices.length; n++) {
    const i = indices[n];
    const to = n * windowSamples * width;
    const own = out.subarray(to, to + windowSamples * width);
    gatherRows(residual, spikes.samples[i] - samplesBefore, windowSamples, channels, own);
    addOwnWaveform(own, width, bank, spikes, i, columnOf);
  }
  return out;
}

function addCoefficients(
  values: Float32Array,
  to: number,
  bank: TemplateBank,
  unit: number,
  channels: Int32Array,
  amplitude: number,
): void {
  const { rank, coefficients, supportStart, support } = bank;
  for (let at = supportStart[unit]; at < supportStart[unit + 1]; at++) {
    const c = channels.indexOf(support[at]);
    if (c < 0) continue;
    for (let r = 0; r < rank; r++) values[to + c * rank + r] += amplitude * coefficients[at * rank + r];
  }
}

/** Adds the waveform that was taken out, without its shift: snippets of spikes between samples are aligned by it. */
function addOwnWaveform(
  snippet: Float32Array,
  width: number,
  bank: TemplateBank,
  spikes: MatchedSpikes,
  i: number,
  columnOf: Int32Array,
): void {
  const { support, supportStart, windowSamples } = bank;
  const unit = spikes.units[i];
  const from = supportStart[unit];
  const own = supportStart[unit + 1] - from;
  const waveform = bank.waveforms[shiftIndex(bank, 0)];
  const amplitude = spikes.amplitudes[i];
  for (let w = 0; w < windowSamples; w++)
    for (let c = 0; c < own; c++) {
      const column = columnOf[support[from + c]];
      if (column < 0) continue;
      snippet[w * width + column] += amplitude * waveform[from * windowSamples + w * own + c];
    }
}
