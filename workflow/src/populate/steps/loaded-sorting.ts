/**
 * @module
 * The units of a Kilosort or Phy folder: which spikes are whose, on which channel each unit and each spike is (pipeline contract 2.5,
 * 3.5).
 *
 * What a newcomer would get wrong: templates' channels are rows of `channel_map.npy`, which names columns of the raw file, which are not
 * the recording's channels when the file holds more; electrodes are found by way of all three.
 */
import { join } from "node:path";
import { type PhyFolder, type Recording, RecordingError, readNpy, readPhyFolder } from "@tenon/ephys";

export interface LoadedSorting {
  readonly path: string;
  readonly phy: PhyFolder;
  /** Rows of each unit's spikes, in the order of `phy.sorting.unitIds`, ascending. */
  readonly rows: readonly Int32Array[];
  /** Row in the folder's files of each spike; undefined when they are in time order, as sorters write them. */
  readonly fileRows: Uint32Array | undefined;
  /** Channel of the recording with the largest template, for each template; empty without templates. */
  readonly templateChannels: Int32Array;
}

/** Reads a folder. @throws RecordingError for files that are missing, damaged or do not fit the recording */
export async function loadSorting(path: string, recording: Recording): Promise<LoadedSorting> {
  const phy = await readPhyFolder(path, { sampleCount: recording.sampleCount });
  checkLength(path, phy, recording);
  return {
    path,
    phy,
    rows: rowsOfUnits(phy),
    fileRows: await fileRows(path),
    templateChannels: peakChannels(path, phy, recording),
  };
}

/** Rows of the spikes of each unit. */
function rowsOfUnits({ sorting }: PhyFolder): Int32Array[] {
  const indexOf = new Map(Array.from(sorting.unitIds, (unit, index) => [unit, index]));
  const lists = Array.from(sorting.unitIds, (): number[] => []);
  for (let spike = 0; spike < sorting.spikeUnits.length; spike++)
    lists[indexOf.get(sorting.spikeUnits[spike]!)!]!.push(spike);
  return lists.map((list) => Int32Array.from(list));
}

async function fileRows(path: string): Promise<Uint32Array | undefined> {
  const { values } = await readNpy(join(path, "spike_times.npy"));
  const samples = Float64Array.from(values as Float64Array | BigInt64Array, Number);
  if (samples.every((sample, i) => i === 0 || sample >= samples[i - 1]!)) return undefined;
  // the order that readPhyFolder gives the spikes
  return Uint32Array.from(samples.keys()).sort((a, b) => samples[a]! - samples[b]! || a - b);
}

/** Folders of another recording are told by spikes after its end. */
function checkLength(path: string, { sorting }: PhyFolder, recording: Recording): void {
  const last = sorting.spikeSamples.at(-1) ?? 0;
  if (last < recording.sampleCount) return;
  throw new RecordingError(
    `'${path}' has a spike at sample ${last}, but the recording ${recording.source.path} has ${recording.sampleCount} samples. The folder ` +
      "belongs to another recording, or to several that were sorted together.",
    "inconsistent",
    path,
  );
}

/** Channel of the recording of each template's largest sample. */
function peakChannels(path: string, phy: PhyFolder, recording: Recording): Int32Array {
  const { templates, channelMap } = phy;
  if (templates === undefined) return new Int32Array(0);
  const { data, templateCount, sampleCount, channelCount, channels } = templates;
  const channelOfColumn = new Map(
    Array.from(recording.file?.channelColumns ?? recording.channelNames.keys(), (column, channel) => [
      column,
      channel,
    ]),
  );
  const peaks = new Int32Array(templateCount);
  for (let template = 0; template < templateCount; template++) {
    let [best, most] = [0, -1];
    const start = template * sampleCount * channelCount;
    for (let at = start; at < start + sampleCount * channelCount; at++) {
      const size = Math.abs(data[at]!);
      if (size > most) [best, most] = [(at - start) % channelCount, size];
    }
    const row = channels?.[template * channelCount + best] ?? best;
    const column = channelMap?.[row] ?? row;
    const channel = channelOfColumn.get(column);
    if (channel === undefined)
      throw new RecordingError(
        `'${path}': template ${template} is largest on column ${column} of the raw file, where ${recording.source.path} has no channel of ` +
          "the probe. The folder belongs to another recording.",
        "inconsistent",
        path,
      );
    peaks[template] = channel;
  }
  return peaks;
}
