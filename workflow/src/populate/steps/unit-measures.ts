/**
 * @module
 * What is measured of the units of a fresh sorting: mean waveforms, amplitudes and metrics by the definitions of WaveformSet and
 * QualityMetrics, so that `cluster_info.tsv`, the figures of `tenon sort` and the database show the same numbers.
 *
 * What a newcomer would get wrong: the sorter's own templates are averages of fewer spikes in a shorter window after a causal filter;
 * an SNR of them is a tenth lower, and a limit of 5 would keep other units than in the database.
 */
import {
  type ClusterMetrics,
  type MetricsInput,
  type Recording,
  type SortingResult,
  unitMetrics,
  waveformFeatures,
} from "@tenon/ephys";
import { channelNoise } from "./channel-noise.ts";
import { scaledAmplitudes } from "./spike-amplitudes.ts";
import { medianPosition } from "./unit-position.ts";
import { type UnitWaveform, unitWaveforms, waveformWindow } from "./unit-waveforms.ts";
import { waveformChannels } from "./waveform-channels.ts";

export interface MeasuredUnit {
  /** Rows of its spikes, ascending. */
  readonly rows: Int32Array;
  readonly peakChannel: number;
  /** Channels of the waveform, the peak channel first. */
  readonly channels: Int32Array;
  readonly waveform: UnitWaveform;
  /** s, one for each spike. */
  readonly timesS: Float64Array;
  /** uV, one for each spike. */
  readonly amplitudesUv: Float64Array;
  /** Median of `amplitudesUv`. */
  readonly amplitudeUv: number | null;
  /** Median of its spikes' positions, um. */
  readonly xUm: number;
  readonly yUm: number;
  readonly metrics: ClusterMetrics;
}

/**
 * Measures the units, in the order of `unitIds`.
 *
 * @param result  from `undelayed`
 * @throws RecordingError from reading; the signal's reason
 */
export async function measureUnits(
  result: SortingResult,
  recording: Recording,
  options: {
    readonly signal?: AbortSignal | undefined;
    /** Of the reading, which takes the most time. */
    readonly progress?: (done: number, total: number) => void;
  } = {},
): Promise<MeasuredUnit[]> {
  const { sorting, plan, unitMainChannels, spikePositions } = result;
  const { samplingRateHz, channelCount, probe } = recording;
  const { signal, progress } = options;
  if (sorting.unitIds.length === 0) return [];
  const lists = rowsOfUnits(result);
  const wanted = lists.map((rows, index) => ({
    peakChannel: unitMainChannels[index]!,
    channels: waveformChannels(probe, unitMainChannels[index]!),
    // whole samples, as the folder has them
    spikeSamples: Float64Array.from(rows, (row) => Math.round(sorting.spikeSamples[row]!)),
  }));
  const window = waveformWindow(samplingRateHz);
  const waveforms = await unitWaveforms(recording, plan, wanted, { window, signal, progress });
  const noiseUv =
    plan === undefined ? new Float64Array(channelCount) : await channelNoise(recording, plan, { signal });
  const coordinate = (rows: Int32Array, axis: 0 | 1) =>
    Float64Array.from(rows, (row) => spikePositions[2 * row + axis]!);
  const units = lists.map((rows, index) => {
    const waveformUv = onEveryChannel(waveforms[index]!.mean, wanted[index]!.channels, channelCount);
    return {
      spikeTimesS: wanted[index]!.spikeSamples.map((sample) => sample / samplingRateHz),
      amplitudesUv: scaledAmplitudes(sorting.spikeAmplitudes, rows, waveformUv),
      depthsUm: coordinate(rows, 1),
      waveformUv,
    };
  });
  const input: MetricsInput = {
    durationS: recording.sampleCount / samplingRateHz,
    samplingRateHz,
    units,
    probe,
    noiseUv,
    signal,
  };
  const cluster = unitMetrics(input);
  const waveform = waveformFeatures(input);
  return lists.map(
    (rows, index): MeasuredUnit => ({
      rows,
      peakChannel: wanted[index]!.peakChannel,
      channels: wanted[index]!.channels,
      waveform: waveforms[index]!,
      timesS: units[index]!.spikeTimesS,
      amplitudesUv: units[index]!.amplitudesUv,
      amplitudeUv: waveform[index]!.amplitude,
      xUm: medianPosition(coordinate(rows, 0)) ?? result.unitPositions[2 * index]!,
      yUm: medianPosition(units[index]!.depthsUm) ?? result.unitPositions[2 * index + 1]!,
      metrics: cluster[index]!,
    }),
  );
}

function rowsOfUnits({ sorting }: SortingResult): Int32Array[] {
  const indexOf = new Map(Array.from(sorting.unitIds, (unit, index) => [unit, index]));
  const lists = Array.from(sorting.unitIds, (): number[] => []);
  for (let spike = 0; spike < sorting.spikeUnits.length; spike++)
    lists[indexOf.get(sorting.spikeUnits[spike]!)!]!.push(spike);
  return lists.map((list) => Int32Array.from(list));
}

function onEveryChannel(mean: Float32Array, channels: Int32Array, channelCount: number): Float32Array {
  const sampleCount = mean.length / channels.length;
  const out = new Float32Array(sampleCount * channelCount);
  for (let t = 0; t < sampleCount; t++)
    for (const [i, channel] of channels.entries())
      out[t * channelCount + channel] = mean[t * channels.length + i]!;
  return out;
}
