/**
 * @module
 * A unit's mean waveforms as its overview draws them, from rows of WaveformSet or from what `tenon sort` measured.
 */
import type { Recording } from "@tenon/ephys";
import type { SortedUnit } from "../../report/sorting-figures.ts";
import type { SortingTables } from "./sorted-recording.ts";

interface Place {
  readonly probe: Recording["probe"];
  readonly samplingRateHz: number;
  readonly channelOf: ReadonlyMap<number, number>;
}

/** What the overview of a unit draws; undefined when the peak electrode has no waveform. */
export function waveformData(
  { unit, electrode, spikeCount }: { unit: number; electrode: number; spikeCount: number },
  rows: SortingTables["waveforms"],
  example: SortingTables["examples"][number] | undefined,
  { probe, samplingRateHz, channelOf }: Place,
): SortedUnit["waveforms"] {
  const peakChannel = rows.findIndex((row) => row.electrode === electrode);
  const main = rows[peakChannel]?.mean;
  if (main === undefined) return undefined;
  const [sampleCount, channelCount] = [main.length, rows.length];
  const mean = new Float64Array(sampleCount * channelCount);
  for (const [c, row] of rows.entries())
    for (let t = 0; t < sampleCount; t++) mean[t * channelCount + c] = row.mean[t]!;
  const channels = rows.map((row) => channelOf.get(row.electrode) ?? 0);
  return {
    unitId: unit,
    spikeCount,
    samplingRateHz,
    sampleCount,
    channelCount,
    peakSample: largestSample(main),
    peakChannel,
    mean,
    ...(example === undefined
      ? {}
      : { deviation: deviation(example, sampleCount, channelCount, peakChannel) }),
    channelX: channels.map((channel) => probe.x[channel]!),
    channelY: channels.map((channel) => probe.y[channel]!),
    channelShank: channels.map((channel) => probe.shank[channel]!),
    peakChannelName: `electrode ${electrode}`,
  };
}

function largestSample(waveform: ArrayLike<number>): number {
  let best = 0;
  for (let t = 1; t < waveform.length; t++) if (Math.abs(waveform[t]!) > Math.abs(waveform[best]!)) best = t;
  return best;
}

/** Standard deviation of the examples on the peak channel; 0 on the others, which the figure does not show. */
function deviation(
  { shape, values }: SortingTables["examples"][number],
  sampleCount: number,
  channelCount: number,
  peakChannel: number,
): Float64Array {
  const out = new Float64Array(sampleCount * channelCount);
  const [spikes = 0, length = 0] = shape;
  for (let t = 0; t < Math.min(length, sampleCount); t++) {
    let [sum, squares] = [0, 0];
    for (let i = 0; i < spikes; i++) {
      sum += values[i * length + t]!;
      squares += values[i * length + t]! ** 2;
    }
    const centre = sum / spikes;
    out[t * channelCount + peakChannel] = Math.sqrt(Math.max(0, squares / spikes - centre * centre));
  }
  return out;
}
