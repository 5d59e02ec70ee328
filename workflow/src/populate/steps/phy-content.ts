/**
 * @module
 * What the built-in sorter found, as a Phy folder holds it.
 *
 * Templates are in uV and the whitening matrix is the identity: Phy then shows what an oscilloscope would. What a newcomer would get wrong:
 * the sorter's templates are of a causal band pass, which moves and lowers their troughs; here that is undone.
 */
import {
  type ClusterMetrics,
  filterBackwards,
  makeTraces,
  type PhyContent,
  type PhyUnitInfo,
  type Recording,
  type SortingResult,
  unitMetrics,
} from "@tenon/ephys";
import { qualityLabel } from "./quality-label.ts";
import { padded } from "./sorting-folder.ts";

/** The content of a Phy folder, with labels and the metrics that need no second look at the recording. */
export function phyContent(sorted: SortingResult, recording: Recording): PhyContent {
  const result = undelayed(sorted);
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
    amplitudesUv: result.spikeAmplitudesUv,
    spikePositions: result.spikePositions,
    pcFeatures: hasFeatures ? features.values : undefined,
    pcFeatureIndices: hasFeatures ? features.unitChannels : undefined,
    recording: {
      path: file?.path ?? recording.source.path,
      channelCountInFile: file?.columnCount ?? channelCount,
      dtype: file?.type ?? "int16",
      offset: file?.headerBytes ?? 0,
      samplingRateHz: recording.samplingRateHz,
      hpFiltered: false,
    },
    unitInfo: unitInfo(result, recording, columns),
  };
}

/** The result with the band pass's delay taken out of its templates, and amplitudes that are of those. */
function undelayed(result: SortingResult): SortingResult {
  const { templates, plan, sorting } = result;
  if (plan === undefined) return result;
  const { windowSamples } = templates;
  const peaksUv = new Map<number, number>();
  const unitMainChannels = new Int32Array(sorting.unitIds.length);
  const waveformsUv = templates.waveformsUv.map((waveform, index) => {
    const width = templates.channels[index]!.length;
    const { data } = filterBackwards(plan.sections, makeTraces(windowSamples, width, waveform.slice()));
    let largest = 0;
    for (let at = 0; at < data.length; at++) if (Math.abs(data[at]!) > Math.abs(data[largest]!)) largest = at;
    peaksUv.set(sorting.unitIds[index]!, Math.abs(data[largest]!));
    unitMainChannels[index] = templates.channels[index]![largest % width]!;
    return data;
  });
  return {
    ...result,
    templates: { ...templates, waveformsUv },
    unitMainChannels,
    spikeAmplitudesUv: sorting.spikeAmplitudes.map(
      (amplitude, spike) => amplitude * peaksUv.get(sorting.spikeUnits[spike]!)!,
    ),
  };
}

function unitInfo(result: SortingResult, recording: Recording, columns: Int32Array): PhyUnitInfo[] {
  const { sorting, unitMainChannels, unitDepthsUm } = result;
  const metrics = metricsOf(result, recording);
  return Array.from(sorting.unitIds, (unit, index) => {
    const own = metrics[index]!;
    return {
      cluster_id: unit,
      ch: columns[unitMainChannels[index]!]!,
      depth: rounded(unitDepthsUm[index]!, 2),
      fr: rounded(own.metrics.firing_rate ?? 0, 4),
      n_spikes: own.spikeCount,
      amplitude: rounded(own.amplitudeUv, 2),
      label: qualityLabel(own.metrics),
      snr: cell(own.metrics.snr),
      isi_violation: cell(own.metrics.isi_violation),
      contamination: cell(own.metrics.contamination_rate),
      presence_ratio: cell(own.metrics.presence_ratio),
    };
  });
}

interface OwnMetrics {
  readonly metrics: ClusterMetrics;
  readonly spikeCount: number;
  /** Median size of the spikes. */
  readonly amplitudeUv: number;
}

function metricsOf(result: SortingResult, recording: Recording): OwnMetrics[] {
  const { sorting, templates, spikeAmplitudesUv, plan } = result;
  const { samplingRateHz, channelCount } = recording;
  const indexOf = new Map(Array.from(sorting.unitIds, (unit, index) => [unit, index]));
  const rows = Array.from(sorting.unitIds, (): number[] => []);
  for (let spike = 0; spike < sorting.spikeUnits.length; spike++)
    rows[indexOf.get(sorting.spikeUnits[spike]!)!]!.push(spike);
  const units = rows.map((own, index) => {
    const channels = templates.channels[index]!;
    const waveform = new Float32Array(templates.windowSamples * channelCount);
    for (let t = 0; t < templates.windowSamples; t++)
      for (const [i, channel] of channels.entries())
        waveform[t * channelCount + channel] = templates.waveformsUv[index]![t * channels.length + i]!;
    return {
      spikeTimesS: Float64Array.from(own, (spike) => sorting.spikeSamples[spike]! / samplingRateHz),
      amplitudesUv: Float32Array.from(own, (spike) => spikeAmplitudesUv[spike]!),
      waveformUv: waveform,
    };
  });
  const metrics = unitMetrics({
    durationS: recording.sampleCount / samplingRateHz,
    samplingRateHz,
    units,
    probe: recording.probe,
    noiseUv: plan?.noiseUv ?? new Float32Array(channelCount),
  });
  return metrics.map((own, index) => {
    const sorted = units[index]!.amplitudesUv.toSorted();
    return {
      metrics: own,
      spikeCount: sorted.length,
      amplitudeUv: sorted[sorted.length >> 1] ?? Number.NaN,
    };
  });
}

function rounded(value: number, digits: number): number {
  return Number.isFinite(value) ? Number(value.toFixed(digits)) : value;
}

function cell(value: number | null): number | undefined {
  return value === null ? undefined : rounded(value, 4);
}
