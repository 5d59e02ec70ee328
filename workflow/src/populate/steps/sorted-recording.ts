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
import { medianPosition } from "./unit-position.ts";
import { waveformData } from "./waveform-data.ts";

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
      xUm: medianPosition(positionsX(rows, loaded.phy.spikePositions)) ?? probe.x[peak]!,
      yUm: medianPosition(depthsUm) ?? probe.y[peak]!,
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

function positionsX(rows: Int32Array, positions: Float32Array | undefined): Float64Array | undefined {
  return positions && Float64Array.from(rows, (row) => positions[2 * row]!);
}
