/**
 * @module
 * The sorter's result on disk, between SIClustering that writes it and PostProcessing that reads it: `.npy` arrays and `sorting.json`.
 *
 * Rows of units are in the order of `unitIds`, rows of spikes in time order; units have different numbers of channels, so rows of
 * channels are filled up with -1.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type PreprocessingPlan,
  planFromJson,
  planToJson,
  readNpy,
  type SortingResult,
  writeNpy,
} from "@tenon/ephys";

/** The part of `sorting.json` that is no array. */
interface SortingDescription {
  readonly format: "tenon-sorting";
  readonly version: 1;
  readonly sorterVersion: string;
  readonly samplingRateHz: number;
  readonly sampleCount: number;
  readonly windowSamples: number;
  readonly samplesBefore: number;
  readonly featuresPerChannel: number;
  readonly featureChannels: number;
  readonly parameters: SortingResult["parameters"];
  readonly timings: SortingResult["timings"];
  readonly plan: Record<string, unknown> | null;
  readonly emptyReason: string | null;
}

/** Writes a result into an existing folder. */
export async function writeSortingFolder(folder: string, result: SortingResult): Promise<void> {
  const { sorting, templates, features } = result;
  const spikeCount = sorting.spikeSamples.length;
  const unitCount = sorting.unitIds.length;
  const description: SortingDescription = {
    format: "tenon-sorting",
    version: 1,
    sorterVersion: result.version,
    samplingRateHz: sorting.samplingRateHz,
    sampleCount: sorting.sampleCount,
    windowSamples: templates.windowSamples,
    samplesBefore: templates.samplesBefore,
    featuresPerChannel: features.featuresPerChannel,
    featureChannels: features.channelCount,
    parameters: result.parameters,
    timings: result.timings,
    plan: result.plan === undefined ? null : planToJson(result.plan),
    emptyReason: result.emptyReason ?? null,
  };
  const array = (name: string, ...rest: [Parameters<typeof writeNpy>[1], (readonly number[])?]) =>
    writeNpy(join(folder, `${name}.npy`), ...rest);
  await array("unit_ids", sorting.unitIds);
  await array("spike_samples", sorting.spikeSamples);
  await array("spike_units", sorting.spikeUnits);
  await array("spike_amplitudes", sorting.spikeAmplitudes);
  await array("spike_amplitudes_uv", result.spikeAmplitudesUv);
  await array("spike_positions_um", result.spikePositions, [spikeCount, 2]);
  await array("unit_main_channels", result.unitMainChannels);
  await array("unit_positions_um", result.unitPositions, [unitCount, 2]);
  const { values, channels, width } = padded(templates);
  await array("template_channels", channels, [unitCount, width]);
  await array("templates_uv", values, [unitCount, templates.windowSamples, width]);
  await array("template_counts", templates.counts);
  await array("features", features.values, [spikeCount, features.featuresPerChannel, features.channelCount]);
  await array("feature_channels", features.unitChannels, [unitCount, features.channelCount]);
  await writeFile(join(folder, "sorting.json"), `${JSON.stringify(description, null, 1)}\n`);
}

/** Reads what `writeSortingFolder` wrote.
 * @throws RecordingError for an array that is missing or damaged; Error when the folder is of another program */
export async function readSortingFolder(folder: string): Promise<SortingResult> {
  const path = join(folder, "sorting.json");
  const description = JSON.parse(await readFile(path, "utf8")) as SortingDescription;
  if (description.format !== "tenon-sorting" || description.version !== 1)
    throw new Error(
      `${path} must say format "tenon-sorting", version 1; got ${JSON.stringify(description.format)}, ${description.version}. ` +
        "Another release wrote it: delete the rows of ephys_sorter.SIClustering to sort again.",
    );
  const values = async (name: string) => (await readNpy(join(folder, `${name}.npy`))).values;
  // writeSortingFolder wrote these types, and readNpy gives each type back as it is
  const integers = async (name: string) => (await values(name)) as Int32Array;
  const singles = async (name: string) => (await values(name)) as Float32Array;
  const doubles = async (name: string) => (await values(name)) as Float64Array;
  const unitIds = await integers("unit_ids");
  const unitPositions = await doubles("unit_positions_um");
  const { windowSamples, samplesBefore } = description;
  const counts = await integers("template_counts");
  const waveforms = unpadded(
    await singles("templates_uv"),
    await integers("template_channels"),
    unitIds.length,
    windowSamples,
  );
  return {
    sorting: {
      samplingRateHz: description.samplingRateHz,
      sampleCount: description.sampleCount,
      unitIds,
      spikeSamples: await doubles("spike_samples"),
      spikeUnits: await integers("spike_units"),
      spikeAmplitudes: await singles("spike_amplitudes"),
    },
    templates: { windowSamples, samplesBefore, ...waveforms, counts },
    unitMainChannels: await integers("unit_main_channels"),
    unitPositions,
    unitDepthsUm: Float64Array.from(unitIds, (_, unit) => unitPositions[2 * unit + 1]!),
    spikeAmplitudesUv: await singles("spike_amplitudes_uv"),
    spikePositions: await singles("spike_positions_um"),
    features: {
      values: await singles("features"),
      featuresPerChannel: description.featuresPerChannel,
      channelCount: description.featureChannels,
      unitChannels: await integers("feature_channels"),
    },
    parameters: description.parameters,
    plan: planOf(description),
    timings: description.timings,
    emptyReason: description.emptyReason ?? undefined,
    version: description.sorterVersion,
  };
}

function planOf({ plan }: SortingDescription): PreprocessingPlan | undefined {
  return plan === null ? undefined : planFromJson(plan);
}

interface PaddedTemplates {
  /** Float32Array [units x samples x width], 0 where a unit has no channel. */
  readonly values: Float32Array;
  /** Int32Array [units x width]. */
  readonly channels: Int32Array;
  readonly width: number;
}

/** Templates with as many channels for each unit as the widest has. */
export function padded(templates: SortingResult["templates"]): PaddedTemplates {
  const { windowSamples, waveformsUv } = templates;
  const unitCount = templates.channels.length;
  const width = templates.channels.reduce((most, list) => Math.max(most, list.length), 0);
  const channels = new Int32Array(unitCount * width).fill(-1);
  const values = new Float32Array(unitCount * windowSamples * width);
  for (const [unit, list] of templates.channels.entries()) {
    channels.set(list, unit * width);
    for (let t = 0; t < windowSamples; t++)
      values.set(
        waveformsUv[unit]!.subarray(t * list.length, (t + 1) * list.length),
        (unit * windowSamples + t) * width,
      );
  }
  return { values, channels, width };
}

function unpadded(values: Float32Array, channels: Int32Array, unitCount: number, windowSamples: number) {
  const width = unitCount === 0 ? 0 : channels.length / unitCount;
  const lists: Int32Array[] = [];
  const waveformsUv: Float32Array[] = [];
  for (let unit = 0; unit < unitCount; unit++) {
    const row = channels.subarray(unit * width, (unit + 1) * width);
    const count = row.indexOf(-1) < 0 ? width : row.indexOf(-1);
    const waveform = new Float32Array(windowSamples * count);
    for (let t = 0; t < windowSamples; t++) {
      const at = (unit * windowSamples + t) * width;
      waveform.set(values.subarray(at, at + count), t * count);
    }
    lists.push(row.slice(0, count));
    waveformsUv.push(waveform);
  }
  return { channels: lists, waveformsUv };
}
