/**
 * @module
 * What a sorting is compared with: the true spike trains of a generated recording.
 *
 * True samples may lie between samples and are of the unit's extremum on its main channel; round them nowhere, the tolerance is applied
 * to what is here.
 */
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { RecordingError } from "../errors.ts";
import { SPIKE_RECORD_BYTES, type TruthFile } from "../generate/truth-files.ts";

export interface Truth {
  readonly samplingRateHz: number;
  /** Every true unit, also those without a spike. `snr` = |extremum| / noise level of the main channel. */
  readonly units: readonly { readonly id: number; readonly snr: number }[];
  /** Sample of each spike, ascending. */
  readonly spikeSamples: Float64Array;
  /** Unit id of each spike. */
  readonly spikeUnits: Int32Array;
}

/**
 * Reads the truth of a generated recording.
 *
 * @param path  of `truth.json`; its spikes file is looked for beside it
 * @throws RecordingError when the description is not of this format, or the spikes file is cut short
 */
export async function readTruth(path: string): Promise<Truth & { readonly file: TruthFile }> {
  const file = JSON.parse(await readFile(path, "utf8")) as TruthFile;
  if (file.format !== "tenon-truth" || file.version !== 1)
    throw new RecordingError(
      `'${path}' must say format "tenon-truth", version 1; got ${JSON.stringify(file.format)}, ${file.version}. Generate it again.`,
      "truth-format",
      path,
    );
  const spikesPath = join(dirname(path), file.spikesFile);
  const bytes = await readFile(spikesPath);
  if (bytes.length !== file.spikeCount * SPIKE_RECORD_BYTES)
    throw new RecordingError(
      `'${spikesPath}' must hold ${file.spikeCount} spikes of ${SPIKE_RECORD_BYTES} bytes, got ${bytes.length} bytes. Generate it again.`,
      "truth-length",
      spikesPath,
    );
  const spikeSamples = new Float64Array(file.spikeCount);
  const spikeUnits = new Int32Array(file.spikeCount);
  for (let i = 0; i < file.spikeCount; i++) {
    spikeSamples[i] = bytes.readDoubleLE(i * SPIKE_RECORD_BYTES);
    spikeUnits[i] = bytes.readUInt32LE(i * SPIKE_RECORD_BYTES + 8);
  }
  return { samplingRateHz: file.samplingRateHz, units: file.units, spikeSamples, spikeUnits, file };
}
