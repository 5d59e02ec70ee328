/**
 * @module
 * The truth beside a generated recording: `truth.json`, `truth_spikes.bin` and `truth_templates.npy`.
 *
 * truth_spikes.bin: little-endian records of 16 bytes in time order: sample (float64; when the unit's potential has its extremum at its main
 * channel's contact; may lie between samples, and the column shows it up to a sample earlier where the channel is digitised later), unit id
 * (uint32), amplitude relative to the template (float32). truth_templates.npy: float32 [units x samples x channels], uV, in the order of
 * `units`.
 */
import { type FileHandle, open, writeFile } from "node:fs/promises";
import type { TrueSpikes } from "./simulator.ts";
import type { SpatialModel } from "./spatial-models.ts";
import type { Suite } from "./suites.ts";
import type { TrueUnit } from "./units.ts";
import type { WaveformKind } from "./waveforms.ts";

/** What truth.json says of a unit. */
export interface TruthUnit {
  readonly id: number;
  readonly xUm: number;
  readonly yUm: number;
  readonly zUm: number;
  /** Column of the recording where the unit is largest. */
  readonly mainChannel: number;
  /** |extremum| of the template as it is in the raw signal, uV. */
  readonly peakUv: number;
  /** `peakUv` / noise level of the main channel (1.4826 x MAD of the 300 to 6000 Hz signal). */
  readonly snr: number;
  readonly spikeCount: number;
  readonly model: SpatialModel;
  readonly kind: WaveformKind;
  readonly rateHz: number;
  readonly refractoryMs: number;
  readonly isBursting: boolean;
}

/** truth.json. */
export interface TruthFile {
  readonly format: "tenon-truth";
  readonly version: 1;
  readonly suite: Suite;
  readonly seed: number;
  readonly samplingRateHz: number;
  readonly sampleCount: number;
  readonly channelCount: number;
  readonly spikeCount: number;
  /** Name of the recording's meta file, beside this one. */
  readonly recording: string;
  readonly spikesFile: string;
  readonly templatesFile: string;
  /** Samples of a template before the spike's own. */
  readonly templateSamplesBefore: number;
  readonly templateSampleCount: number;
  /** uV for each channel. */
  readonly noiseLevelUv: readonly number[];
  readonly units: readonly TruthUnit[];
}

export const SPIKE_RECORD_BYTES = 16;

/** Describes units for truth.json. @param noiseLevelUv  Float64Array [channels] */
export function describeUnits(
  units: readonly TrueUnit[],
  spikes: TrueSpikes,
  noiseLevelUv: Float64Array,
): TruthUnit[] {
  const counts = new Int32Array(units.length);
  for (const unit of spikes.units) counts[unit]++;
  return units.map(({ id, place, footprint, kind, peakUv, firing }) => ({
    id,
    xUm: round(place.xUm),
    yUm: round(place.yUm),
    zUm: round(place.zUm),
    mainChannel: footprint.mainChannel,
    peakUv: round(peakUv),
    snr: round(peakUv / noiseLevelUv[footprint.mainChannel]),
    spikeCount: counts[id],
    model: footprint.model,
    kind,
    rateHz: round(firing.rateHz),
    refractoryMs: round(firing.refractoryMs),
    isBursting: firing.isBursting,
  }));
}

/** Writes truth_spikes.bin. */
export async function writeTruthSpikes(path: string, spikes: TrueSpikes): Promise<void> {
  const bytes = new Uint8Array(spikes.samples.length * SPIKE_RECORD_BYTES);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < spikes.samples.length; i++) {
    const at = i * SPIKE_RECORD_BYTES;
    view.setFloat64(at, spikes.samples[i], true);
    view.setUint32(at + 8, spikes.units[i], true);
    view.setFloat32(at + 12, spikes.amplitudes[i], true);
  }
  await writeFile(path, bytes);
}

/** Writes truth_templates.npy, a unit at a time. */
export async function writeTruthTemplates(
  path: string,
  units: readonly TrueUnit[],
  channelCount: number,
): Promise<void> {
  const sampleCount = units[0]?.template.sampleCount ?? 0;
  const file = await open(path, "w");
  try {
    await file.writeFile(npyHeader([units.length, sampleCount, channelCount]));
    for (const unit of units) await writeTemplate(file, unit, channelCount);
  } finally {
    await file.close();
  }
}

async function writeTemplate(file: FileHandle, unit: TrueUnit, channelCount: number): Promise<void> {
  const { values, sampleCount, channelCount: width, firstChannel } = unit.template;
  const bytes = new DataView(new ArrayBuffer(4 * sampleCount * channelCount));
  for (let k = 0; k < sampleCount; k++)
    for (let c = 0; c < width; c++)
      bytes.setFloat32(4 * (k * channelCount + firstChannel + c), values[k * width + c], true);
  await file.writeFile(new Uint8Array(bytes.buffer));
}

/** Header of a version 1.0 .npy file of little-endian float32 in C order, padded to 64 bytes. */
function npyHeader(shape: readonly number[]): Uint8Array {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(", ")}), }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64;
  const header = Buffer.alloc(length, " ");
  header.write("\x93NUMPY\x01\x00", "latin1");
  header.writeUInt16LE(length - 10, 8);
  header.write(text, 10, "latin1");
  header[length - 1] = 0x0a;
  return header;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
