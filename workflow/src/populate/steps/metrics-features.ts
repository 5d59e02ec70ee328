/**
 * @module
 * Principal components of a Phy folder, as the isolation metrics take them: of the spikes that take part alone, since the file of a long
 * recording is larger than memory.
 */
import { access } from "node:fs/promises";
import { join } from "node:path";
import { type MetricsFeatures, readPhyFeatures } from "@tenon/ephys";
import type { LoadedSorting } from "./loaded-sorting.ts";

/** Evenly spaced spikes of a unit, at most: as many as the metrics use. */
const spikesPerUnit = 500;

/** @param ids  units in the order of the metrics; @returns undefined when the folder has no features */
export async function metricsFeatures(
  loaded: LoadedSorting,
  ids: readonly number[],
): Promise<MetricsFeatures | undefined> {
  const { path, phy, fileRows } = loaded;
  if (phy.sorting.spikeSamples.length === 0) return undefined;
  // a folder whose features are of some spikes only has chosen already
  const isChosen = await exists(join(path, "pc_feature_spike_ids.npy"));
  const features = await readPhyFeatures(path, isChosen ? {} : { rows: chosenRows(loaded) });
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

/** Rows of the files, ascending. */
function chosenRows({ rows, fileRows }: LoadedSorting): Int32Array {
  const chosen: number[] = [];
  for (const own of rows) {
    const all = fileRows === undefined ? own : own.map((row) => fileRows[row]!).sort();
    const count = Math.min(spikesPerUnit, all.length);
    for (let i = 0; i < count; i++) chosen.push(all[Math.floor((i * all.length) / count)]!);
  }
  return Int32Array.from(chosen).sort();
}

function inverted(order: Uint32Array): Uint32Array {
  const inverse = new Uint32Array(order.length);
  for (const [at, from] of order.entries()) inverse[from] = at;
  return inverse;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
