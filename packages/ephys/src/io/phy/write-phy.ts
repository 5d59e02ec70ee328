/**
 * @module
 * Writes a sorting as a folder that Phy (phylib), SpikeInterface's `read_phy` and the pipeline's `load` mode open (contract 3.5).
 *
 * What a newcomer would get wrong: `templates.npy` is whitened when a whitening matrix is given (Phy multiplies it by the inverse to get
 * uV back), and always holds every channel: `templates_ind.npy` is for readers that want it, Phy itself ignores it.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Sorting } from "../../core/sorting.ts";
import { ParameterError, ShapeError } from "../../errors.ts";
import { writeNpy } from "../npy/write-npy.ts";
import type { SampleType } from "../sample-file.ts";
import { type Cell, formatClusterTable } from "./cluster-tables.ts";
import { fillChannels } from "./feature-channels.ts";
import { invertMatrix } from "./invert-matrix.ts";
import { formatParamsPy } from "./params-py.ts";
import {
  denseTemplates,
  type SparseTemplates,
  templateSimilarities,
  whitenTemplates,
} from "./phy-templates.ts";

/** A row of `cluster_info.tsv`, with Phy's column names; other columns are written as they are. */
export interface PhyUnitInfo {
  readonly cluster_id: number;
  /** Row in the recording's file of the main channel. */
  readonly ch: number;
  /** um. */
  readonly depth: number;
  /** Hz. */
  readonly fr: number;
  readonly n_spikes: number;
  /** uV. */
  readonly amplitude: number;
  /** good, mua or noise. */
  readonly label: string;
  readonly [column: string]: Cell;
}

export interface PhyRecording {
  /** Absolute, or relative to the folder. */
  readonly path: string;
  readonly channelCountInFile: number;
  readonly dtype: SampleType;
  /** Bytes of header. */
  readonly offset: number;
  readonly samplingRateHz: number;
  readonly hpFiltered: boolean;
}

export interface PhyContent {
  readonly sorting: Sorting;
  /** One for each of `sorting.unitIds`: Float32Array [units x samples x channels], uV, or sparse. */
  readonly templates: Float32Array | SparseTemplates;
  /** Row in the recording's file of each channel. */
  readonly channelIndices: Int32Array;
  /** Float64Array [channels x 2], x and y, um. */
  readonly positions: Float64Array;
  /** Shank of each channel; default all 0. */
  readonly shanks?: Int32Array | undefined;
  /** Amplitude of each spike, uV; Phy shows it as `amplitudes_uv`. `amplitudes.npy` is the sorting's template scaling. */
  readonly amplitudesUv?: Float32Array | undefined;
  /** Float32Array [spikes x 2], x and y, um. */
  readonly spikePositions?: Float32Array | undefined;
  /** Float32Array [spikes x components x channelsPerUnit]; goes with `pcFeatureIndices`. */
  readonly pcFeatures?: Float32Array | undefined;
  /** Int32Array [units x channelsPerUnit], index of the channel, each once; -1 fills up (in the file: other channels, with zeros). */
  readonly pcFeatureIndices?: Int32Array | undefined;
  /** Float64Array [channels x channels]: white row = row of uV x matrix. Default the identity. */
  readonly whiteningMatrix?: Float64Array | undefined;
  readonly recording: PhyRecording;
  /** One row for each unit. */
  readonly unitInfo: readonly PhyUnitInfo[];
}

/**
 * Writes the folder; makes it when absent, and overwrites the files it writes.
 *
 * @throws ShapeError, ParameterError when parts do not fit each other, before anything is written; and what the file system throws
 */
export async function writePhyFolder(folder: string, content: PhyContent): Promise<void> {
  const { sorting, channelIndices, positions, recording } = content;
  const unitCount = sorting.unitIds.length;
  const channelCount = channelIndices.length;
  const spikeCount = sorting.spikeSamples.length;
  checkContent(content);
  const dense = denseTemplates(content.templates, unitCount, channelCount);
  const sampleCount = unitCount === 0 ? 0 : dense.length / (unitCount * channelCount);
  const whitening = content.whiteningMatrix ?? identity(channelCount);
  const inverse = content.whiteningMatrix === undefined ? whitening : invertMatrix(whitening, channelCount);
  const templates =
    content.whiteningMatrix === undefined ? dense : whitenTemplates(dense, whitening, channelCount);
  const everyChannel = Int32Array.from({ length: unitCount * channelCount }, (_, i) => i % channelCount);

  await mkdir(folder, { recursive: true });
  const array = (name: string, ...rest: [Parameters<typeof writeNpy>[1], (readonly number[])?]) =>
    writeNpy(join(folder, name), ...rest);
  await writeFile(join(folder, "params.py"), paramsText(recording));
  await array(
    "spike_times.npy",
    // a sorter may place spikes between samples; Phy counts in whole ones
    BigInt64Array.from(sorting.spikeSamples, (sample) => BigInt(Math.round(sample))),
  );
  await array("spike_clusters.npy", sorting.spikeUnits);
  await array("spike_templates.npy", templateOfSpikes(sorting));
  await array("amplitudes.npy", Float64Array.from(sorting.spikeAmplitudes));
  await array("templates.npy", templates, [unitCount, sampleCount, channelCount]);
  await array("templates_ind.npy", everyChannel, [unitCount, channelCount]);
  await array("similar_templates.npy", templateSimilarities(templates, unitCount), [unitCount, unitCount]);
  await array("channel_map.npy", channelIndices);
  await array("channel_positions.npy", positions, [channelCount, 2]);
  await array("channel_shanks.npy", content.shanks ?? new Int32Array(channelCount));
  await array("whitening_mat.npy", whitening, [channelCount, channelCount]);
  await array("whitening_mat_inv.npy", inverse, [channelCount, channelCount]);
  if (content.amplitudesUv !== undefined) await array("spike_amplitudes_uv.npy", content.amplitudesUv);
  if (content.spikePositions !== undefined)
    await array("spike_positions.npy", content.spikePositions, [spikeCount, 2]);
  const { pcFeatures, pcFeatureIndices } = content;
  if (pcFeatures !== undefined && pcFeatureIndices !== undefined && spikeCount > 0) {
    const perUnit = pcFeatureIndices.length / unitCount;
    const components = pcFeatures.length / (spikeCount * perUnit);
    const filled = fillChannels(
      pcFeatureIndices,
      perUnit,
      channelCount,
      pcFeatures,
      templateOfSpikes(sorting),
    );
    await array("pc_features.npy", filled.features, [spikeCount, components, perUnit]);
    await array("pc_feature_ind.npy", filled.indices, [unitCount, perUnit]);
  }
  for (const [name, text] of tableTexts(content.unitInfo)) await writeFile(join(folder, name), text);
}

function paramsText(recording: PhyRecording): string {
  return formatParamsPy({
    dat_path: recording.path,
    n_channels_dat: recording.channelCountInFile,
    dtype: recording.dtype,
    offset: recording.offset,
    sample_rate: recording.samplingRateHz,
    hp_filtered: recording.hpFiltered,
  });
}

/** The loaders of the pipeline take `group` before `KSLabel`, so both carry the label until a person changes the group. */
function tableTexts(unitInfo: readonly PhyUnitInfo[]): [string, string][] {
  const rows = unitInfo.map(({ label, ...rest }) => ({ ...rest, group: label, KSLabel: label }));
  const first = ["cluster_id", "group", "KSLabel", "ch", "depth", "fr", "n_spikes", "amplitude"];
  const others = new Set(rows.flatMap((row) => Object.keys(row)).filter((column) => !first.includes(column)));
  return [
    ["cluster_info.tsv", formatClusterTable([...first, ...others], rows)],
    ["cluster_group.tsv", formatClusterTable(["cluster_id", "group"], rows)],
    ["cluster_KSLabel.tsv", formatClusterTable(["cluster_id", "KSLabel"], rows)],
  ];
}

function templateOfSpikes(sorting: Sorting): Int32Array {
  const indexOf = new Map(Array.from(sorting.unitIds, (unit, index) => [unit, index]));
  return sorting.spikeUnits.map((unit) => indexOf.get(unit) ?? -1);
}

function identity(size: number): Float64Array {
  return Float64Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? 1 : 0));
}

function checkContent(content: PhyContent): void {
  const { sorting, channelIndices, pcFeatures, pcFeatureIndices, recording } = content;
  const units = sorting.unitIds.length;
  const channels = channelIndices.length;
  const spikes = sorting.spikeSamples.length;
  const has = (what: string, values: { length: number } | undefined, length: number) => {
    if (values !== undefined && values.length !== length)
      throw new ShapeError(
        `Phy folder: ${what} must have ${length} values (${units} units, ${channels} channels, ${spikes} spikes), got ${values.length}`,
      );
  };
  has("spikeUnits", sorting.spikeUnits, spikes);
  has("spikeAmplitudes", sorting.spikeAmplitudes, spikes);
  has("positions", content.positions, 2 * channels);
  has("shanks", content.shanks, channels);
  has("amplitudesUv", content.amplitudesUv, spikes);
  has("spikePositions", content.spikePositions, 2 * spikes);
  has("whiteningMatrix", content.whiteningMatrix, channels * channels);
  has("unitInfo", content.unitInfo, units);
  checkTemplates(content.templates, units, channels);
  if ((pcFeatures === undefined) !== (pcFeatureIndices === undefined))
    throw new ParameterError("pcFeatures and pcFeatureIndices go together: give both or none", "pcFeatures");
  if (pcFeatures !== undefined && pcFeatureIndices !== undefined) {
    checkMultiple("pcFeatureIndices", pcFeatureIndices.length, units);
    if (pcFeatureIndices.length > units * channels)
      throw new ShapeError(
        `Phy folder: pcFeatureIndices must name at most ${channels} channels of each of ${units} units, got ${pcFeatureIndices.length} values`,
      );
    checkMultiple("pcFeatures", pcFeatures.length, (spikes * pcFeatureIndices.length) / Math.max(units, 1));
  }
  const known = new Set(sorting.unitIds);
  const stray =
    sorting.spikeUnits.find((unit) => !known.has(unit)) ??
    content.unitInfo.find((row) => !known.has(row.cluster_id));
  if (stray !== undefined)
    throw new ParameterError(
      `Unit ${JSON.stringify(stray)} of a spike or of unitInfo is not among unitIds`,
      "sorting",
    );
  for (let i = 1; i < spikes; i++)
    if (sorting.spikeSamples[i] < sorting.spikeSamples[i - 1])
      throw new ParameterError(
        `Spikes must be in time order; spike ${i} comes before spike ${i - 1}`,
        "sorting",
      );
  const outside = channelIndices.find((row) => row < 0 || row >= recording.channelCountInFile);
  if (outside !== undefined)
    throw new ParameterError(
      `channelIndices must be rows 0..${recording.channelCountInFile - 1} of the recording's file, got ${outside}`,
      "channelIndices",
    );
}

function checkTemplates(templates: Float32Array | SparseTemplates, units: number, channels: number): void {
  if (templates instanceof Float32Array) {
    checkMultiple("templates", templates.length, units * channels);
    return;
  }
  if (templates.channels.length !== units * templates.channelsPerUnit)
    throw new ShapeError(
      `templates.channels must have ${units} x ${templates.channelsPerUnit} values, got ${templates.channels.length}`,
    );
  checkMultiple("templates.data", templates.data.length, templates.channels.length);
}

function checkMultiple(what: string, length: number, of: number): void {
  if (of === 0 ? length !== 0 : length % of !== 0)
    throw new ShapeError(`Phy folder: ${what} must have a multiple of ${of} values, got ${length}`);
}
