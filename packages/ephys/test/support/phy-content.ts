/**
 * @module
 * A small sorting with every part that a Phy folder can hold, for tests to write and to damage.
 */
import { Random } from "../../src/core/random.ts";
import type { PhyContent } from "../../src/io/phy/write-phy.ts";

export const UNITS = [2, 5, 9];
export const CHANNELS = 4;
export const SAMPLES = 6;
export const SPIKES = 40;

/** A sorting of three units whose ids are not 0, 1, 2, with every optional part. */
export function makeContent(changes: Partial<PhyContent> = {}): PhyContent {
  const random = new Random(1);
  const normals = (length: number) => Float32Array.from({ length }, () => random.normal());
  const spikeUnits = Int32Array.from({ length: SPIKES }, () => UNITS[random.integer(3)]);
  const whiteningMatrix = Float64Array.from(
    { length: CHANNELS * CHANNELS },
    (_, i) => (i % (CHANNELS + 1) === 0 ? 1 : 0) + 0.1 * random.normal(),
  );
  return {
    sorting: {
      samplingRateHz: 30000,
      sampleCount: 4000,
      unitIds: Int32Array.from(UNITS),
      spikeSamples: Float64Array.from({ length: SPIKES }, (_, i) => 17 + 97 * i - (i % 3)),
      spikeUnits,
      spikeAmplitudes: Float32Array.from({ length: SPIKES }, () => 1 + 0.1 * random.normal()),
    },
    templates: normals(UNITS.length * SAMPLES * CHANNELS).map((value) => 50 * value),
    channelIndices: Int32Array.of(0, 1, 3, 4),
    positions: Float64Array.of(0, 0, 32, 0, 0, 15.5, 32, 15.5),
    shanks: Int32Array.of(0, 0, 1, 1),
    amplitudesUv: normals(SPIKES).map((value) => 100 + value),
    spikePositions: normals(2 * SPIKES),
    pcFeatures: normals(SPIKES * 3 * 2),
    pcFeatureIndices: Int32Array.of(0, 1, 2, 3, 1, 2),
    whiteningMatrix,
    recording: {
      path: "recording.dat",
      channelCountInFile: 5,
      dtype: "int16",
      offset: 0,
      samplingRateHz: 30000,
      hpFiltered: false,
    },
    unitInfo: UNITS.map((unit, i) => ({
      cluster_id: unit,
      ch: [0, 1, 4][i],
      depth: 15.5 * i,
      fr: 3 + i,
      n_spikes: spikeUnits.filter((of) => of === unit).length,
      amplitude: i === 2 ? Number.NaN : 80.5,
      label: ["good", "mua", "noise"][i],
      snr: 4.25,
    })),
    ...changes,
  };
}
