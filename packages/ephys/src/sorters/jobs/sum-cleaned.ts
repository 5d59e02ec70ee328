/**
 * @module
 * Job: sums cleaned waveforms (residual + own template) of a chunk's spikes, and waveforms of events that were found in the residual.
 *
 * The residual is not kept from the matching: all spikes of the chunk and its margins are taken out of the traces again, which costs a
 * tenth of finding them and no disk.
 */
import { cutSnippet } from "../../features/snippets.ts";
import { cleanedSnippets } from "../../matching/cleaned-spikes.ts";
import { addWaveform } from "../../matching/spike-list.ts";
import type { TemplateBank } from "../../matching/template-bank.ts";
import { ChunkSums, type PartialSums } from "../../templates/waveform-sums.ts";
import type { Chunk, JobTools } from "../job-tools.ts";

export interface CleanedSumStage {
  /** Templates that the spikes were found with. */
  readonly bank: TemplateBank;
  /** Channels of each new unit's waveform. */
  readonly channels: readonly Int32Array[];
}

export interface CleanedSumItem extends Chunk {
  /** Spikes of the chunk and of its margins. */
  readonly samples: Float64Array;
  readonly units: Int32Array;
  readonly amplitudes: Float32Array;
  readonly shifts: Float32Array;
  /** New unit that each spike is averaged for; -1 none. Spikes in the margins have -1. */
  readonly newUnits: Int32Array;
  /** Events of the residual that are averaged. */
  readonly leftSamples: Float64Array;
  readonly leftUnits: Int32Array;
}

export async function sumCleaned(
  tools: JobTools,
  stage: CleanedSumStage,
  item: CleanedSumItem,
): Promise<PartialSums> {
  const { context } = tools;
  const { windowSamples, samplesBefore } = context.basis;
  const { bank, channels } = stage;
  const { traces, first } = await tools.whiten(item);
  const samples = Int32Array.from(item.samples, (sample) => sample - first);
  for (let i = 0; i < samples.length; i++) {
    const from = samples[i] - samplesBefore;
    if (from < 0 || from + windowSamples > traces.sampleCount) continue;
    addWaveform(traces, bank, item.units[i], from, -item.amplitudes[i], item.shifts[i]);
  }
  const spikes = {
    samples,
    units: item.units,
    amplitudes: item.amplitudes,
    shifts: item.shifts,
    gains: item.amplitudes,
  };
  const sums = new ChunkSums();
  for (let i = 0; i < samples.length; i++) {
    const unit = item.newUnits[i];
    if (unit < 0) continue;
    const snippet = cleanedSnippets(traces, spikes, bank, context, [i], channels[unit]);
    sums.add(unit, snippet, snippet.length);
  }
  const widest = Math.max(0, ...Array.from(item.leftUnits, (unit) => channels[unit].length));
  const snippet = new Float32Array(windowSamples * widest);
  for (let i = 0; i < item.leftSamples.length; i++) {
    const unit = item.leftUnits[i];
    cutSnippet(traces, item.leftSamples[i] - first - samplesBefore, windowSamples, channels[unit], snippet);
    sums.add(unit, snippet, windowSamples * channels[unit].length);
  }
  return sums.finish();
}
