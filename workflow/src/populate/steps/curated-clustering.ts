/**
 * @module
 * Step ephys.CuratedClustering: the units of a sorting with their spikes, electrodes and labels (pipeline contract 2.5, 2.14).
 */
import { ClusterQualityLabel, CuratedClustering, CuratedClusteringUnit } from "../../pipeline/ephys.ts";
import type { Lab } from "../lab.ts";
import { type LoadedSorting, loadSorting } from "./loaded-sorting.ts";
import { phyFolderOf } from "./phy-location.ts";
import { knownLabel } from "./quality-label.ts";
import { type ChannelElectrode, fetchSortingTask, type StepKey } from "./sorting-task.ts";
import { spikeDepths } from "./spike-depths.ts";

export function makeCuratedClustering(lab: Lab): void {
  CuratedClustering.makes({
    fetch: async (key: StepKey) => ({
      task: await fetchSortingTask(key),
      labels: await ClusterQualityLabel.column("cluster_quality_label"),
    }),
    compute: async (_key, { task, labels }, { signal, progress }) => {
      const folder = await phyFolderOf(lab, task, signal);
      const recording = await lab.openRecording(task);
      try {
        const loaded = await loadSorting(folder, recording);
        const depths = await spikeDepths(loaded);
        const electrodes = electrodesOf(task.channels, recording.channelCount);
        return Array.from(loaded.phy.sorting.unitIds, (unit, index) => {
          progress(index + 1, loaded.rows.length, "units");
          return unitRow(loaded, index, unit, { electrodes, depths, labels });
        });
      } finally {
        await recording.close();
      }
    },
    insert: async (key, units) => {
      await CuratedClustering.insert([{ ...key }]);
      await CuratedClusteringUnit.insert(units.map((unit) => ({ ...key, ...unit })));
    },
  });
}

interface UnitContext {
  /** By channel of the recording. */
  readonly electrodes: readonly ChannelElectrode[];
  readonly depths: Float64Array | undefined;
  readonly labels: readonly string[];
}

function unitRow(loaded: LoadedSorting, index: number, unit: number, context: UnitContext) {
  const { phy, rows, templateChannels } = loaded;
  const { sorting, spikeTemplates, spikeTimesS, labels } = phy;
  const { electrodes, depths } = context;
  const own = rows[index]!;
  const channelOf = (spike: number) => templateChannels[spikeTemplates[spike]!] ?? 0;
  // the template of the unit's first spike: after a merge there may be several
  const { electrode_config_hash, probe_type, electrode } = electrodes[channelOf(own[0]!)]!;
  return {
    unit,
    electrode_config_hash,
    probe_type,
    electrode,
    cluster_quality_label: knownLabel(labels.get(unit) ?? "", context.labels),
    spike_count: own.length,
    spike_times: Float64Array.from(
      own,
      // times that are in seconds already are left as they are (contract 10.1, B2)
      (spike) => spikeTimesS?.[spike] ?? sorting.spikeSamples[spike]! / sorting.samplingRateHz,
    ),
    spike_sites: BigInt64Array.from(own, (spike) => BigInt(electrodes[channelOf(spike)]!.electrode)),
    spike_depths: depths === undefined ? null : Float64Array.from(own, (spike) => depths[spike]!),
  };
}

/** The electrode of each channel of the recording.
 * @throws Error when EphysRecording.Channel lacks one */
export function electrodesOf(
  channels: readonly ChannelElectrode[],
  channelCount: number,
): ChannelElectrode[] {
  const byIndex = new Map(channels.map((channel) => [channel.channel_idx, channel]));
  return Array.from({ length: channelCount }, (_, channel) => {
    const found = byIndex.get(channel);
    if (found === undefined)
      throw new Error(
        `ephys.EphysRecording.Channel has no row for channel ${channel} of ${channelCount}: the recording has changed since it was ` +
          "ingested, or the rows are of another program. Delete the EphysRecording row to have it ingested again.",
      );
    return found;
  });
}
