/**
 * @module
 * What the built-in sorter found, as a Phy folder holds it.
 *
 * Templates are in uV and the whitening matrix is the identity: Phy then shows what an oscilloscope would. The numbers of
 * `cluster_info.tsv` (snr, amplitude, depth) are those of the database: see unit-measures.ts.
 */
import type { PhyContent, PhyUnitInfo, Recording, SortingResult } from "@tenon/ephys";
import { qualityLabel } from "./quality-label.ts";
import { padded } from "./sorting-folder.ts";
import type { MeasuredUnit } from "./unit-measures.ts";
import { uprightFeatures } from "./upright-features.ts";

/**
 * The content of a Phy folder, with labels and first metrics.
 *
 * @param result  from `undelayed`; @param units  from `measureUnits`, in the order of its units
 */
export function phyContent(
  result: SortingResult,
  recording: Recording,
  units: readonly MeasuredUnit[],
): PhyContent {
  const { sorting, features } = result;
  const { file, probe, channelCount } = recording;
  const columns = file?.channelColumns ?? Int32Array.from({ length: channelCount }, (_, channel) => channel);
  const positions = new Float64Array(2 * channelCount);
  for (let channel = 0; channel < channelCount; channel++) {
    positions[2 * channel] = probe.x[channel]!;
    positions[2 * channel + 1] = probe.y[channel]!;
  }
  const { values, channels, width } = padded(result.templates);
  const hasFeatures = features.channelCount > 0;
  return {
    sorting,
    templates: { data: values, channels, channelsPerUnit: width },
    channelIndices: columns,
    positions,
    shanks: probe.shank,
    amplitudesUv: amplitudesOf(sorting.spikeSamples.length, units),
    spikePositions: result.spikePositions,
    pcFeatures: hasFeatures ? uprightFeatures(result) : undefined,
    pcFeatureIndices: hasFeatures ? features.unitChannels : undefined,
    recording: {
      path: file?.path ?? recording.source.path,
      channelCountInFile: file?.columnCount ?? channelCount,
      dtype: file?.type ?? "int16",
      offset: file?.headerBytes ?? 0,
      samplingRateHz: recording.samplingRateHz,
      hpFiltered: false,
    },
    unitInfo: unitInfo(sorting.unitIds, units, columns),
  };
}

function amplitudesOf(spikeCount: number, units: readonly MeasuredUnit[]): Float32Array {
  const out = new Float32Array(spikeCount);
  for (const { rows, amplitudesUv } of units)
    for (const [i, row] of rows.entries()) out[row] = amplitudesUv[i]!;
  return out;
}

function unitInfo(unitIds: Int32Array, units: readonly MeasuredUnit[], columns: Int32Array): PhyUnitInfo[] {
  return units.map(({ metrics, rows, peakChannel, yUm, amplitudeUv }, index) => ({
    cluster_id: unitIds[index]!,
    ch: columns[peakChannel]!,
    depth: rounded(yUm, 2),
    fr: rounded(metrics.firing_rate ?? 0, 4),
    n_spikes: rows.length,
    amplitude: rounded(amplitudeUv ?? Number.NaN, 2),
    label: qualityLabel(metrics),
    snr: cell(metrics.snr),
    isi_violation: cell(metrics.isi_violation),
    contamination: cell(metrics.contamination_rate),
    presence_ratio: cell(metrics.presence_ratio),
  }));
}

function rounded(value: number, digits: number): number {
  return Number.isFinite(value) ? Number(value.toFixed(digits)) : value;
}

function cell(value: number | null): number | undefined {
  return value === null ? undefined : rounded(value, 4);
}
