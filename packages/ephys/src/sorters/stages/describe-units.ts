/**
 * @module
 * Stage: mean waveforms in uV of the final units, where each unit is, and by how much the band-pass delays it.
 */
import { Random } from "../../core/random.ts";
import { WaveformSums } from "../../templates/waveform-sums.ts";
import { firstAtLeast } from "../chunks.ts";
import type { UnitTemplates } from "../sorting-result.ts";
import { extremumOffset } from "./band-pass-delay.ts";
import type { FinalSpikes } from "./final-spikes.ts";
import { groupRows, type StageContext } from "./stage-context.ts";

export interface UnitDescriptions {
  readonly templates: UnitTemplates;
  /** Channel of the largest peak-to-peak. */
  readonly mainChannels: Int32Array;
  /** Float64Array [units x 2], um. */
  readonly positions: Float64Array;
  /** Size of the extremum on the main channel, uV. */
  readonly peaksUv: Float64Array;
  /** Sample of the extremum without the band-pass's delay, relative to the spike's sample, of each unit. */
  readonly offsets: Int32Array;
}

/** Spikes averaged for a unit, at most. */
const SPIKES = 500;
/** So many, or half of a unit's, are enough to stop looking at further chunks. */
const ENOUGH = 60;
const STREAM = 5_000_000;

export async function describeUnits(stage: StageContext, spikes: FinalSpikes): Promise<UnitDescriptions> {
  const { context, preprocessor } = stage.tools;
  const { sections, samplingRateHz } = preprocessor.plan;
  const { windowSamples, samplesBefore } = context.basis;
  const channels = Array.from(spikes.mainChannels, (main) => context.neighbours[main]);
  const { waveforms, counts } = await meanUv(stage, spikes, channels);
  const mainChannels = new Int32Array(spikes.unitCount);
  const positions = new Float64Array(spikes.unitCount * 2);
  const peaksUv = new Float64Array(spikes.unitCount);
  const offsets = new Int32Array(spikes.unitCount);
  for (const [unit, waveform] of waveforms.entries()) {
    const list = channels[unit];
    const ranges = Float64Array.from(list, (_, c) => peakToPeak(waveform, c, list.length));
    const main = ranges.indexOf(Math.max(...ranges));
    mainChannels[unit] = list[main];
    let [sum, x, y] = [0, 0, 0];
    for (const [c, channel] of list.entries()) {
      const weight = ranges[c] ** 2;
      sum += weight;
      x += weight * context.x[channel];
      y += weight * context.y[channel];
    }
    positions[2 * unit] = sum > 0 ? x / sum : context.x[list[main]];
    positions[2 * unit + 1] = sum > 0 ? y / sum : context.y[list[main]];
    const column = Float64Array.from({ length: windowSamples }, (_, w) => waveform[w * list.length + main]);
    for (const value of column) peaksUv[unit] = Math.max(peaksUv[unit], Math.abs(value));
    offsets[unit] = extremumOffset(column, sections, samplesBefore, samplingRateHz);
  }
  return {
    templates: { windowSamples, samplesBefore, channels, waveformsUv: waveforms, counts },
    mainChannels,
    positions,
    peaksUv,
    offsets,
  };
}

async function meanUv(
  stage: StageContext,
  spikes: FinalSpikes,
  channels: readonly Int32Array[],
): Promise<{ waveforms: readonly Float32Array[]; counts: Int32Array }> {
  const { plan, pool, signal, tools, progress } = stage;
  const isAveraged = new Uint8Array(spikes.samples.length);
  const chunkOf = new Int32Array(spikes.samples.length);
  for (const [index, { start, end }] of plan.chunks.entries())
    chunkOf.fill(index, firstAtLeast(spikes.samples, start), firstAtLeast(spikes.samples, end));
  const rowsOfUnit = groupRows(spikes.units, spikes.unitCount);
  const rowsOfChunk = groupRows(chunkOf, plan.chunks.length);
  // chunks in random order, until every unit has enough: a chunk costs the same however few of its spikes are averaged
  const wanted = Int32Array.from(rowsOfUnit, (rows) => Math.min(ENOUGH, Math.ceil(rows.length / 2)));
  const had = new Int32Array(spikes.unitCount);
  const order = Int32Array.from(plan.chunks.keys());
  new Random(tools.parameters.seed, STREAM).shuffle(order);
  for (const chunk of order) {
    const own = rowsOfChunk[chunk];
    if (!own.some((row) => had[spikes.units[row]] < wanted[spikes.units[row]])) continue;
    for (const row of own) if (had[spikes.units[row]]++ < SPIKES) isAveraged[row] = 1;
  }
  const chosen = Int32Array.from(isAveraged.keys()).filter((row) => isAveraged[row] === 1);
  const items = groupRows(
    Int32Array.from(chosen, (row) => chunkOf[row]),
    plan.chunks.length,
  ).flatMap((own, index) => {
    if (own.length === 0) return [];
    const rows = own.map((i) => chosen[i]);
    const samples = Float64Array.from(rows, (row) => spikes.samples[row]);
    return [{ ...plan.chunks[index], samples, units: Int32Array.from(rows, (row) => spikes.units[row]) }];
  });
  const sums = new WaveformSums(channels, tools.context.basis.windowSamples);
  await pool.run("sumUv", { channels }, items, {
    signal,
    take: (result, index) => {
      sums.add(result);
      progress(index + 1, items.length);
    },
  });
  return sums.means();
}

function peakToPeak(waveform: Float32Array, column: number, width: number): number {
  let [least, most] = [0, 0];
  for (let at = column; at < waveform.length; at += width) {
    least = Math.min(least, waveform[at]);
    most = Math.max(most, waveform[at]);
  }
  return most - least;
}
