/**
 * @module
 * Depth of each spike along the probe: where the sorter put it, else the centre of mass of its first principal component (pipeline
 * contract 2.5, Kilosort branch).
 */

import { type PhyFeatures, readPhyFeatures } from "@tenon/ephys";
import type { LoadedSorting } from "./loaded-sorting.ts";

/** @returns Float64Array [spikes], um; undefined when the folder says nothing of positions */
export async function spikeDepths(loaded: LoadedSorting): Promise<Float64Array | undefined> {
  const { phy, path, fileRows } = loaded;
  const { spikePositions, channelPositions } = phy;
  if (spikePositions !== undefined)
    return Float64Array.from(
      { length: spikePositions.length / 2 },
      (_, spike) => spikePositions[2 * spike + 1]!,
    );
  if (channelPositions === undefined) return undefined;
  const features = await readPhyFeatures(path);
  // rows of features follow the file's spikes; `phy` has them in time order
  if (features === undefined || features.spikes !== undefined) return undefined;
  const depths = new Float64Array(features.rowCount);
  for (let spike = 0; spike < features.rowCount; spike++)
    depths[spike] = centreOfMass(
      features,
      fileRows?.[spike] ?? spike,
      phy.spikeTemplates[spike]!,
      channelPositions,
    );
  return depths;
}

/** Sum of y weighted by the square of the first component, negative ones taken as 0; NaN when all are. */
function centreOfMass(
  features: PhyFeatures,
  row: number,
  template: number,
  channelPositions: Float64Array,
): number {
  const { data, componentCount, channelCount, channels } = features;
  const start = row * componentCount * channelCount;
  let [sum, weighted] = [0, 0];
  for (let c = 0; c < channelCount; c++) {
    const channel = channels[template * channelCount + c]!;
    const component = data[start + c]!;
    if (channel < 0 || !(component > 0)) continue;
    sum += component * component;
    weighted += component * component * channelPositions[2 * channel + 1]!;
  }
  return weighted / sum;
}
