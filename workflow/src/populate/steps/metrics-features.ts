/**
 * @module
 * Principal components of a Phy folder, as the isolation metrics take them.
 */
import { type MetricsFeatures, readPhyFeatures } from "@tenon/ephys";
import type { LoadedSorting } from "./loaded-sorting.ts";

/** @param ids  units in the order of the metrics; @returns undefined when the folder has no features */
export async function metricsFeatures(
  { path, phy }: LoadedSorting,
  ids: readonly number[],
): Promise<MetricsFeatures | undefined> {
  if (phy.sorting.spikeSamples.length === 0) return undefined;
  const features = await readPhyFeatures(path);
  if (features === undefined) return undefined;
  const indexOf = new Map(ids.map((unit, index) => [unit, index]));
  // rows follow the file's spikes; which are those of `phy` when the file is in time order, as every sorter writes it
  const spikes = features.spikes ?? Int32Array.from({ length: features.rowCount }, (_, spike) => spike);
  return {
    values: features.data,
    featuresPerChannel: features.componentCount,
    channelCount: features.channelCount,
    channels: features.channels,
    spikeLists: Int32Array.from(spikes, (spike) => phy.spikeTemplates[spike]!),
    spikeUnits: Int32Array.from(spikes, (spike) => indexOf.get(phy.sorting.spikeUnits[spike]!) ?? -1),
  };
}
