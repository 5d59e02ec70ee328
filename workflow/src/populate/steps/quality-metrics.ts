/**
 * @module
 * Step ephys.QualityMetrics: metrics of each unit's spikes and waveform (pipeline contract 5.1, 5.2).
 *
 * Mean waveforms are those of WaveformSet, so the step waits for it; noise is measured on the same signal, band-passed without delay.
 */
import {
  type MetricsInput,
  type MetricsUnit,
  type Recording,
  unitMetrics,
  waveformFeatures,
} from "@tenon/ephys";
import {
  CuratedClusteringUnit,
  QualityMetrics,
  QualityMetricsCluster,
  QualityMetricsWaveform,
  WaveformSetWaveform,
} from "../../pipeline/ephys.ts";
import type { Lab } from "../lab.ts";
import { channelNoise } from "./channel-noise.ts";
import { electrodesOf } from "./curated-clustering.ts";
import { qualityMetricsKeys } from "./key-sources.ts";
import { type LoadedSorting, loadSorting } from "./loaded-sorting.ts";
import { metricsFeatures } from "./metrics-features.ts";
import { phyFolderOf } from "./phy-location.ts";
import { preprocessingPlanOf } from "./preprocessing-plan-of.ts";
import { fetchSortingTask, type StepKey } from "./sorting-task.ts";
import { spikeAmplitudesUv } from "./spike-amplitudes.ts";
import { spikeDepths } from "./spike-depths.ts";

export function makeQualityMetrics(lab: Lab): void {
  QualityMetrics.makes({
    keySource: qualityMetricsKeys,
    fetch: async (key: StepKey) => ({
      task: await fetchSortingTask(key),
      units: await CuratedClusteringUnit.restrict(key).keys({ orderBy: ["unit"] }),
      waveforms: (
        await WaveformSetWaveform.restrict(key)
          .proj("waveform_mean")
          .fetch({ orderBy: ["unit", "electrode"] })
      ).map(({ unit, electrode, waveform_mean }) => ({
        unit,
        electrode,
        // as step WaveformSet and Python write it
        mean: waveform_mean as Float64Array | Float32Array,
      })),
    }),
    compute: async (_key, { task, units, waveforms }, { signal, progress }) => {
      if (units.length === 0) return [];
      const folder = await phyFolderOf(lab, task, signal);
      const recording = await lab.openRecording(task);
      try {
        progress(0, 3, "load");
        const loaded = await loadSorting(folder, recording);
        const depths = await spikeDepths(loaded);
        const channelOf = new Map(
          electrodesOf(task.channels, recording.channelCount).map(({ electrode }, channel) => [
            electrode,
            channel,
          ]),
        );
        const ids = units.map(({ unit }) => unit as number);
        const means = meanWaveforms(ids, waveforms, channelOf, recording.channelCount);
        const input: MetricsInput = {
          durationS: recording.sampleCount / recording.samplingRateHz,
          samplingRateHz: recording.samplingRateHz,
          units: ids.map((unit, index) => metricsUnit(loaded, unit, means[index]!, depths)),
          probe: recording.probe,
          noiseUv: await noiseOf(lab, task, recording, signal),
          features: await metricsFeatures(loaded, ids),
          signal,
        };
        progress(1, 3, "cluster metrics");
        const cluster = unitMetrics(input);
        progress(2, 3, "waveform metrics");
        const waveform = waveformFeatures(input);
        progress(3, 3, "waveform metrics");
        return ids.map((unit, index) => ({ unit, cluster: cluster[index]!, waveform: waveform[index]! }));
      } finally {
        await recording.close();
      }
    },
    insert: async (key, units) => {
      await QualityMetrics.insert([{ ...key }]);
      await QualityMetricsCluster.insert(units.map(({ unit, cluster }) => ({ ...key, unit, ...cluster })));
      await QualityMetricsWaveform.insert(units.map(({ unit, waveform }) => ({ ...key, unit, ...waveform })));
    },
  });
}

async function noiseOf(
  lab: Lab,
  task: Parameters<typeof preprocessingPlanOf>[1],
  recording: Recording,
  signal: AbortSignal,
): Promise<Float64Array> {
  const plan = await preprocessingPlanOf(lab, task, recording, signal);
  return plan === undefined
    ? new Float64Array(recording.channelCount)
    : channelNoise(recording, plan, { signal });
}

function metricsUnit(
  loaded: LoadedSorting,
  unit: number,
  waveformUv: Float32Array,
  depths: Float64Array | undefined,
): MetricsUnit {
  const { phy } = loaded;
  const rows = loaded.rows[phy.sorting.unitIds.indexOf(unit)] ?? new Int32Array(0);
  return {
    spikeTimesS: Float64Array.from(
      rows,
      (row) => phy.spikeTimesS?.[row] ?? phy.sorting.spikeSamples[row]! / phy.sorting.samplingRateHz,
    ),
    amplitudesUv: spikeAmplitudesUv(loaded, rows, waveformUv),
    depthsUm: depths === undefined ? undefined : Float64Array.from(rows, (row) => depths[row]!),
    waveformUv,
  };
}

/** Mean waveforms on every channel of the recording [samples x channels], zero where the table has none. */
function meanWaveforms(
  ids: readonly number[],
  rows: readonly { unit: unknown; electrode: number; mean: ArrayLike<number> }[],
  channelOf: ReadonlyMap<number, number>,
  channelCount: number,
): Float32Array[] {
  const sampleCount = rows.reduce((most, { mean }) => Math.max(most, mean.length), 0);
  const indexOf = new Map(ids.map((unit, index) => [unit, index]));
  const means = ids.map(() => new Float32Array(sampleCount * channelCount));
  for (const { unit, electrode, mean } of rows) {
    const out = means[indexOf.get(unit as number) ?? -1];
    const channel = channelOf.get(electrode);
    if (out === undefined || channel === undefined) continue;
    for (let t = 0; t < mean.length; t++) out[t * channelCount + channel] = mean[t]!;
  }
  return means;
}
