/**
 * @module
 * Step ephys.WaveformSet: mean waveforms of each unit at the electrodes around its main one (pipeline contract 2.5, 2.14).
 */
import { NdArray } from "@tenon/datajoint";
import {
  CuratedClusteringUnit,
  WaveformSet,
  WaveformSetPeakWaveform,
  WaveformSetWaveform,
} from "../../pipeline/ephys.ts";
import type { Lab } from "../lab.ts";
import { electrodesOf } from "./curated-clustering.ts";
import { loadSorting } from "./loaded-sorting.ts";
import { phyFolderOf } from "./phy-location.ts";
import { preprocessingPlanOf } from "./preprocessing-plan-of.ts";
import { type ChannelElectrode, fetchSortingTask, type StepKey } from "./sorting-task.ts";
import { type UnitWaveform, unitWaveforms, waveformWindow } from "./unit-waveforms.ts";
import { waveformChannels } from "./waveform-channels.ts";

export function makeWaveformSet(lab: Lab): void {
  WaveformSet.makes({
    fetch: async (key: StepKey) => ({
      task: await fetchSortingTask(key),
      units: await CuratedClusteringUnit.restrict(key)
        .proj("electrode")
        .fetch({ orderBy: ["unit"] }),
    }),
    compute: async (_key, { task, units }, { signal, progress }) => {
      if (units.length === 0) return [];
      const folder = await phyFolderOf(lab, task, signal);
      const recording = await lab.openRecording(task);
      try {
        const { phy, rows } = await loadSorting(folder, recording);
        const electrodes = electrodesOf(task.channels, recording.channelCount);
        const channelOf = new Map(electrodes.map(({ electrode }, channel) => [electrode, channel]));
        const rowsOf = new Map(Array.from(phy.sorting.unitIds, (unit, index) => [unit, rows[index]!]));
        const wanted = units.map(({ unit, electrode }) => {
          const peakChannel = channelOf.get(electrode) ?? 0;
          const spikeSamples = Float64Array.from(
            rowsOf.get(unit) ?? [],
            (row) => phy.sorting.spikeSamples[row]!,
          );
          return {
            unit,
            peakChannel,
            spikeSamples,
            channels: waveformChannels(recording.probe, peakChannel),
          };
        });
        const plan = await preprocessingPlanOf(lab, task, recording, signal);
        const window = waveformWindow(recording.samplingRateHz);
        const found = await unitWaveforms(recording, plan, wanted, {
          window,
          signal,
          progress: (done, total) => progress(done, total, "stretches"),
        });
        const length = window.before + window.after;
        return wanted.map(({ unit, channels }, index) =>
          waveformRows(
            unit,
            found[index]!,
            length,
            Array.from(channels, (channel) => electrodes[channel]!),
          ),
        );
      } finally {
        await recording.close();
      }
    },
    insert: async (key, units) => {
      await WaveformSet.insert([{ ...key }]);
      await WaveformSetPeakWaveform.insert(
        units.map(({ unit, peak_electrode_waveform }) => ({ ...key, unit, peak_electrode_waveform })),
      );
      await WaveformSetWaveform.insert(
        units.flatMap(({ unit, waveforms }) => waveforms.map((row) => ({ ...key, unit, ...row }))),
      );
    },
  });
}

/** @param electrodes  of the waveform's channels, the peak one first */
function waveformRows(
  unit: number,
  found: UnitWaveform,
  length: number,
  electrodes: readonly ChannelElectrode[],
) {
  const width = electrodes.length;
  const examples = found.examples.length / length;
  const waveforms = electrodes.map(({ electrode_config_hash, probe_type, electrode }, c) => ({
    electrode_config_hash,
    probe_type,
    electrode,
    waveform_mean: Float64Array.from({ length }, (_, t) => found.mean[t * width + c]!),
    waveforms:
      c === 0 && examples > 0
        ? new NdArray({
            dtype: "float64",
            shape: [examples, length],
            data: Float64Array.from(found.examples),
          })
        : null,
  }));
  return { unit, peak_electrode_waveform: waveforms[0]!.waveform_mean, waveforms };
}
