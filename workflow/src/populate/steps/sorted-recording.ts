/**
 * @module
 * A sorting as its figures are drawn from: the Phy folder's spikes with the tables' labels, waveforms and metrics.
 */
import type { Recording } from "@tenon/ephys";
import {
  CuratedClusteringUnit,
  QualityMetricsCluster,
  QualityMetricsWaveform,
  WaveformSetWaveform,
} from "../../pipeline/ephys.ts";
import type { SortedRecording, SortedUnit } from "../../report/sorting-figures.ts";
import { electrodesOf } from "./curated-clustering.ts";
import type { LoadedSorting } from "./loaded-sorting.ts";
import type { SortingTask, StepKey } from "./sorting-task.ts";
import { spikeAmplitudesUv } from "./spike-amplitudes.ts";

/** What the database says of a sorting's units. */
export interface SortingTables {
  readonly units: readonly { readonly unit: number; readonly electrode: number; readonly label: string }[];
  readonly waveforms: readonly {
    readonly unit: number;
    readonly electrode: number;
    readonly mean: Float64Array;
  }[];
  /** Examples at the peak electrode, as (spikes x samples) arrays; of units that have any. */
  readonly examples: readonly {
    readonly unit: number;
    readonly shape: readonly number[];
    readonly values: Float64Array;
  }[];
  /** By unit: columns of both parts of QualityMetrics. */
  readonly metrics: readonly {
    readonly unit: number;
    readonly columns: Readonly<Record<string, number | null>>;
  }[];
}

/** Reads it. */
export async function fetchSortingTables(key: StepKey): Promise<SortingTables> {
  const units = await CuratedClusteringUnit.restrict(key)
    .proj("electrode", "cluster_quality_label")
    .fetch({ orderBy: ["unit"] });
  const waveforms = await WaveformSetWaveform.restrict(key)
    .proj("waveform_mean")
    .fetch({ orderBy: ["unit", "electrode"] });
  const examples = await WaveformSetWaveform.restrict(key)
    .restrict("waveforms is not null")
    .proj("waveforms")
    .fetch({ orderBy: ["unit", "electrode"] });
  const metrics = await QualityMetricsCluster.join(QualityMetricsWaveform)
    .restrict(key)
    .fetch({ orderBy: ["unit"] });
  const names = new Set(QualityMetricsCluster.heading.primaryKey);
  return {
    units: units.map(({ unit, electrode, cluster_quality_label }) => ({
      unit,
      electrode,
      label: cluster_quality_label,
    })),
    waveforms: waveforms.map(({ unit, electrode, waveform_mean }) => ({
      unit,
      electrode,
      // as step WaveformSet and Python write it
      mean: waveform_mean as Float64Array,
    })),
    examples: examples.map(({ unit, waveforms: array }) => {
      // an array of two axes, which is what the column holds
      const { shape, data } = array as { shape: readonly number[]; data: Float64Array };
      return { unit, shape, values: data };
    }),
    metrics: metrics.map((row) => ({
      unit: row.unit,
      columns: Object.fromEntries(
        Object.entries(row).filter(([name]) => !names.has(name)) as [string, number | null][],
      ),
    })),
  };
}

/** Puts them together. */
export function sortedRecording(
  name: string,
  task: SortingTask,
  recording: Recording,
  loaded: LoadedSorting,
  depths: Float64Array | undefined,
  tables: SortingTables,
): SortedRecording {
  const electrodes = electrodesOf(task.channels, recording.channelCount);
  const channelOf = new Map(electrodes.map(({ electrode }, channel) => [electrode, channel]));
  const { sorting, spikeTimesS } = loaded.phy;
  const rowsOf = new Map(Array.from(sorting.unitIds, (unit, index) => [unit, loaded.rows[index]!]));
  const waveformsOf = Map.groupBy(tables.waveforms, ({ unit }) => unit);
  const examplesOf = new Map(tables.examples.map((example) => [example.unit, example]));
  const metricsOf = new Map(tables.metrics.map(({ unit, columns }) => [unit, columns]));
  const { probe, samplingRateHz } = recording;
  const units = tables.units.map(({ unit, electrode, label }): SortedUnit => {
    const rows = rowsOf.get(unit) ?? new Int32Array(0);
    const peak = channelOf.get(electrode) ?? 0;
    const own = waveformsOf.get(unit) ?? [];
    const peakMean = own.find((waveform) => waveform.electrode === electrode)?.mean ?? new Float64Array(0);
    const depthsUm = depths === undefined ? undefined : Float64Array.from(rows, (row) => depths[row]!);
    return {
      unit,
      label,
      shank: probe.shank[peak]!,
      xUm: probe.x[peak]!,
      yUm: median(depthsUm) ?? probe.y[peak]!,
      timesS: Float64Array.from(
        rows,
        (row) => spikeTimesS?.[row] ?? sorting.spikeSamples[row]! / samplingRateHz,
      ),
      amplitudesUv: spikeAmplitudesUv(loaded, rows, peakMean),
      depthsUm,
      waveforms: waveformData({ unit, electrode, spikeCount: rows.length }, own, examplesOf.get(unit), {
        probe,
        samplingRateHz,
        channelOf,
      }),
      metrics: metricsOf.get(unit) ?? {},
    };
  });
  return { name, durationS: recording.sampleCount / samplingRateHz, probe, units };
}

interface Place {
  readonly probe: Recording["probe"];
  readonly samplingRateHz: number;
  readonly channelOf: ReadonlyMap<number, number>;
}

function waveformData(
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

function median(values: Float64Array | undefined): number | undefined {
  const sorted = values?.filter(Number.isFinite).sort();
  return sorted?.[sorted.length >> 1];
}
