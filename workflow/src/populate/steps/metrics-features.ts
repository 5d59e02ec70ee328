/**
 * @module
 * Principal components of a Phy folder, as the isolation metrics take them.
 */
import { type MetricsFeatures, readPhyFeatures } from "@tenon/ephys";
import type { LoadedSorting } from "./loaded-sorting.ts";

/** @param ids  units in the order of the metrics; @returns undefined when the folder has no features */
export async function metricsFeatures(
  { path, phy, fileRows }: LoadedSorting,
  ids: readonly number[],
): Promise<MetricsFeatures | undefined> {
  if (phy.sorting.spikeSamples.length === 0) return undefined;
  const features = await readPhyFeatures(path);
  if (features === undefined) return undefined;
  const indexOf = new Map(ids.map((unit, index) => [unit, index]));
  const spikes = features.spikes ?? Int32Array.from({ length: features.rowCount }, (_, spike) => spike);
  // rows of features follow the file's spikes; `phy` has them in time order
  const rowOf = fileRows === undefined ? undefined : inverted(fileRows);
  const rows = rowOf === undefined ? spikes : spikes.map((spike) => rowOf[spike]!);
  return {
    values: features.data,
    featuresPerChannel: features.componentCount,
    channelCount: features.channelCount,
    channels: features.channels,
    spikeLists: Int32Array.from(rows, (row) => phy.spikeTemplates[row]!),
    spikeUnits: Int32Array.from(rows, (row) => indexOf.get(phy.sorting.spikeUnits[row]!) ?? -1),
  };
}

function inverted(order: Uint32Array): Uint32Array {
  const inverse = new Uint32Array(order.length);
  for (const [at, from] of order.entries()) inverse[from] = at;
  return inverse;
}
