/**
 * @module
 * The figures of a sorting that is in no database: the same files, from the same definitions, as the workers' (report/sorting-figures.ts).
 */
import type { PhyContent, Recording, SortingResult } from "@tenon/ephys";
import type { MeasuredUnit } from "../populate/steps/unit-measures.ts";
import { waveformData } from "../populate/steps/waveform-data.ts";
import {
  driftMapOfShank,
  type NamedFigure,
  type SortedUnit,
  shanksOf,
  summaryFigures,
  unitFigure,
} from "../report/sorting-figures.ts";

/**
 * Draws the figures: a drift map of each shank, units on the probe, histograms of quality, an overview of each unit.
 *
 * @param name  ends their titles; @param units  from `measureUnits`
 */
export function sortingFigures(
  name: string,
  result: SortingResult,
  recording: Recording,
  content: PhyContent,
  units: readonly MeasuredUnit[],
): readonly NamedFigure[] {
  const sorted = {
    name,
    durationS: recording.sampleCount / recording.samplingRateHz,
    probe: recording.probe,
    units: units.map((unit, index) =>
      sortedUnit(unit, content.unitInfo[index]!, result.spikePositions, recording),
    ),
  };
  return [
    ...shanksOf(recording.probe).map((shank) => driftMapOfShank(sorted, shank)),
    ...summaryFigures(sorted),
    ...sorted.units.map((unit) => unitFigure(sorted, unit)).filter((figure) => figure !== undefined),
  ];
}

function sortedUnit(
  measured: MeasuredUnit,
  info: PhyContent["unitInfo"][number],
  spikePositions: Float32Array,
  recording: Recording,
): SortedUnit {
  const { rows, peakChannel, xUm, yUm, timesS, amplitudesUv, amplitudeUv, metrics } = measured;
  return {
    unit: info.cluster_id,
    label: info.label,
    shank: recording.probe.shank[peakChannel]!,
    xUm,
    yUm,
    timesS,
    amplitudesUv,
    depthsUm: Float64Array.from(rows, (row) => spikePositions[2 * row + 1]!),
    waveforms: waveformsOf(measured, info.cluster_id, recording),
    metrics: { ...metrics, amplitude: amplitudeUv },
  };
}

/** As the workers have them from WaveformSet, with the recording's channels in place of electrodes. */
function waveformsOf(
  { rows, channels, peakChannel, waveform }: MeasuredUnit,
  unit: number,
  { probe, samplingRateHz, channelNames }: Recording,
): SortedUnit["waveforms"] {
  const width = channels.length;
  const sampleCount = waveform.mean.length / width;
  const spikes = waveform.examples.length / sampleCount;
  const means = Array.from(channels, (channel, c) => ({
    unit,
    electrode: channel,
    mean: Float64Array.from({ length: sampleCount }, (_, t) => waveform.mean[t * width + c]!),
  }));
  const example = { unit, shape: [spikes, sampleCount], values: Float64Array.from(waveform.examples) };
  const data = waveformData(
    { unit, electrode: peakChannel, spikeCount: rows.length },
    // in the order of electrodes, as the database gives them
    means.sort((a, b) => a.electrode - b.electrode),
    spikes > 0 ? example : undefined,
    {
      probe,
      samplingRateHz,
      channelOf: new Map(Array.from(channels, (channel) => [channel, channel])),
    },
  );
  return data && { ...data, peakChannelName: channelNames[peakChannel] ?? `channel ${peakChannel}` };
}
