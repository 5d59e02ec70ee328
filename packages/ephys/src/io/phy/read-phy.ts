/**
 * @module
 * Reads a sorter's output folder: Kilosort 2 to 4, Phy after curation, SpikeInterface's export, and our own (contract 3.5).
 *
 * What a newcomer would get wrong: a spike's *cluster* is what a person made of it, its *template* what the sorter matched; units here
 * are clusters with at least one spike. Amplitudes are the file's own: template scaling from Kilosort and us, uV from SpikeInterface.
 */
import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Sorting } from "../../core/sorting.ts";
import { RecordingError } from "../../errors.ts";
import { asRecordingError } from "../file-errors.ts";
import { type ClusterTable, clusterLabels, readClusterTables } from "./cluster-tables.ts";
import { type ParamValue, parseParamsPy } from "./params-py.ts";
import { inconsistent, PhyArrays } from "./phy-arrays.ts";

export interface PhyTemplates {
  /** Float32Array [templates x samples x channels], in the sorter's whitened units. */
  readonly data: Float32Array;
  readonly templateCount: number;
  readonly sampleCount: number;
  /** Channels that each template has. */
  readonly channelCount: number;
  /** Index of each template's channels [templates x channels], -1 for none; undefined when templates have every channel in order. */
  readonly channels: Int32Array | undefined;
}

export interface PhyFolder {
  readonly sorting: Sorting;
  /** Template that each spike was matched to, before a person merged or split. */
  readonly spikeTemplates: Int32Array;
  /** Undefined when the folder has no `templates.npy`. */
  readonly templates: PhyTemplates | undefined;
  /** Of each unit: the person's group, else the sorter's label, else "unsorted". */
  readonly labels: ReadonlyMap<number, string>;
  /** Every table of clusters, as text. */
  readonly tables: readonly ClusterTable[];
  /** Row in the recording's file of each channel. */
  readonly channelMap: Int32Array | undefined;
  /** Float64Array [channels x 2], x and y, um. */
  readonly channelPositions: Float64Array | undefined;
  /** Float64Array [channels x channels]. */
  readonly whiteningMatrix: Float64Array | undefined;
  readonly whiteningMatrixInverse: Float64Array | undefined;
  /** Float32Array [spikes x 2], um (Kilosort 4 and ours). */
  readonly spikePositions: Float32Array | undefined;
  /** Seconds, from `spike_times_sec_adj.npy` or `spike_times_sec.npy`; undefined when there is neither. */
  readonly spikeTimesS: Float64Array | undefined;
  /** Assignments of `params.py`; empty when there is no such file. */
  readonly params: ReadonlyMap<string, ParamValue>;
}

export interface ReadPhyOptions {
  /** For a folder whose `params.py` is missing or lacks `sample_rate`. */
  readonly samplingRateHz?: number;
  /** Samples of the recording; default: up to the last spike, the least that it can have. */
  readonly sampleCount?: number;
}

/** Files without which the pipeline's `load` mode refuses a folder; of label files one of the alternatives is enough. */
const CORE_FILES: readonly (readonly string[])[] = [
  ["params.py"],
  ["spike_times.npy"],
  ["spike_templates.npy"],
  ["spike_clusters.npy"],
  ["amplitudes.npy"],
  ["templates.npy"],
  ["similar_templates.npy"],
  ["channel_map.npy"],
  ["channel_positions.npy"],
  ["pc_features.npy"],
  ["pc_feature_ind.npy"],
  ["cluster_group.tsv", "cluster_groups.csv", "cluster_group.csv", "cluster_KSLabel.tsv"],
];

/** Lists the core files that a folder lacks (contract 3.5), alternatives joined by "or". */
export async function missingPhyFiles(folder: string): Promise<string[]> {
  const missing: string[] = [];
  for (const alternatives of CORE_FILES) {
    const found = await Promise.all(alternatives.map((name) => exists(join(folder, name))));
    if (!found.includes(true)) missing.push(alternatives.join(" or "));
  }
  return missing;
}

/**
 * Reads a folder. Needed are the spike times and one of clusters and templates; the rest is undefined when absent.
 *
 * @throws RecordingError `missing`, `missing-npy`, `missing-params` (no sampling rate), `bad-npy`, `bad-table`, `inconsistent` (arrays
 *   whose lengths do not fit each other)
 */
export async function readPhyFolder(folder: string, options: ReadPhyOptions = {}): Promise<PhyFolder> {
  const tables = await readClusterTables(folder);
  const params = await readParams(join(folder, "params.py"));
  const samplingRateHz = options.samplingRateHz ?? params.get("sample_rate");
  if (typeof samplingRateHz !== "number" || !(samplingRateHz > 0))
    throw new RecordingError(
      `'${folder}' does not say its sampling rate: params.py is missing or has no sample_rate above 0. ` +
        "Copy params.py from the sorter's output, or give samplingRateHz.",
      "missing-params",
      folder,
    );
  const arrays = new PhyArrays(folder);
  const samples = await arrays.vector("spike_times.npy");
  const spikeCount = samples.length;
  const order = timeOrder(samples);
  const perSpike = async (name: string) => reordered(await arrays.optionalVector(name, spikeCount), order, 1);
  const fileTemplates = await perSpike("spike_templates.npy");
  const clusters = (await perSpike("spike_clusters.npy")) ?? fileTemplates;
  if (clusters === undefined)
    throw new RecordingError(
      `'${folder}' has neither spike_clusters.npy nor spike_templates.npy, so nothing says which unit fired. Copy the folder again.`,
      "missing-npy",
      folder,
    );
  const spikeTemplates = Int32Array.from(fileTemplates ?? clusters);
  const amplitudes = await perSpike("amplitudes.npy");
  const spikeSamples = reordered(samples, order, 1) as Float64Array;
  const spikeUnits = Int32Array.from(clusters);
  const unitIds = Int32Array.from(new Set(spikeUnits)).sort();
  const templates = await readTemplates(arrays, spikeTemplates);
  const channels = await readChannels(arrays, templates, params);
  const positions = await arrays.optionalMatrix("spike_positions.npy", spikeCount, 2);
  return {
    sorting: {
      samplingRateHz,
      sampleCount: options.sampleCount ?? (spikeCount > 0 ? spikeSamples[spikeCount - 1] + 1 : 0),
      unitIds,
      spikeSamples,
      spikeUnits,
      spikeAmplitudes:
        amplitudes === undefined ? new Float32Array(spikeCount).fill(1) : Float32Array.from(amplitudes),
    },
    spikeTemplates,
    templates,
    labels: clusterLabels(tables, unitIds),
    tables,
    ...channels,
    spikePositions: positions && Float32Array.from(reordered(positions, order, 2) as Float64Array),
    spikeTimesS: (await perSpike("spike_times_sec_adj.npy")) ?? (await perSpike("spike_times_sec.npy")),
    params,
  };
}

async function readParams(path: string): Promise<Map<string, ParamValue>> {
  try {
    return parseParamsPy(await readFile(path, "utf8"));
  } catch (error) {
    const failure = asRecordingError(error, path, "missing-params", "Phy's parameter file");
    if (failure.code === "missing-params") return new Map();
    throw failure;
  }
}

async function readTemplates(
  arrays: PhyArrays,
  spikeTemplates: Int32Array,
): Promise<PhyTemplates | undefined> {
  const array = await arrays.optional("templates.npy");
  if (array === undefined) return undefined;
  const path = arrays.path("templates.npy");
  if (array.shape.length !== 3)
    throw inconsistent(
      path,
      `has shape (${array.shape.join(", ")}); expected templates x samples x channels.`,
    );
  const [templateCount, sampleCount, channelCount] = array.shape;
  let highest = -1;
  for (const template of spikeTemplates) highest = Math.max(highest, template);
  if (highest >= templateCount)
    throw inconsistent(
      path,
      `has ${templateCount} templates, but spike_templates.npy names template ${highest}.`,
    );
  const indices =
    (await arrays.optionalMatrix("template_ind.npy", templateCount, channelCount)) ??
    (await arrays.optionalMatrix("templates_ind.npy", templateCount, channelCount));
  const isEveryChannel = indices?.every((channel, i) => channel === i % channelCount) ?? true;
  return {
    data:
      array.values instanceof Float32Array
        ? array.values
        : Float32Array.from(arrays.numbers("templates.npy", array)),
    templateCount,
    sampleCount,
    channelCount,
    channels: isEveryChannel || indices === undefined ? undefined : Int32Array.from(indices),
  };
}

async function readChannels(
  arrays: PhyArrays,
  templates: PhyTemplates | undefined,
  params: ReadonlyMap<string, ParamValue>,
): Promise<
  Pick<PhyFolder, "channelMap" | "channelPositions" | "whiteningMatrix" | "whiteningMatrixInverse">
> {
  const map = await arrays.optionalVector("channel_map.npy");
  const count = map?.length ?? (templates?.channels === undefined ? templates?.channelCount : undefined);
  if (
    map !== undefined &&
    templates !== undefined &&
    templates.channels === undefined &&
    templates.channelCount !== map.length
  )
    throw inconsistent(
      arrays.path("templates.npy"),
      `has ${templates.channelCount} channels, but channel_map.npy has ${map.length}.`,
    );
  const inFile = params.get("n_channels_dat");
  const outside = typeof inFile === "number" ? map?.find((row) => row < 0 || row >= inFile) : undefined;
  if (outside !== undefined)
    throw inconsistent(
      arrays.path("channel_map.npy"),
      `names row ${outside}, but params.py says ${inFile} rows.`,
    );
  return {
    channelMap: map && Int32Array.from(map),
    channelPositions: await arrays.optionalMatrix("channel_positions.npy", count, 2),
    whiteningMatrix: await arrays.optionalMatrix("whitening_mat.npy", count, count),
    whiteningMatrixInverse: await arrays.optionalMatrix("whitening_mat_inv.npy", count, count),
  };
}

/** Order of the spikes in time, equal ones as they were; undefined when they are in order. */
function timeOrder(samples: Float64Array): Uint32Array | undefined {
  let isOrdered = true;
  for (let i = 1; i < samples.length; i++) isOrdered &&= samples[i] >= samples[i - 1];
  if (isOrdered) return undefined;
  return Uint32Array.from(samples, (_, i) => i).sort((a, b) => samples[a] - samples[b] || a - b);
}

function reordered(
  values: Float64Array | undefined,
  order: Uint32Array | undefined,
  width: number,
): Float64Array | undefined {
  if (values === undefined || order === undefined) return values;
  return values.map((_, i) => values[order[Math.floor(i / width)] * width + (i % width)]);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
