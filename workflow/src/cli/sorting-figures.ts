/**
 * @module
 * The figures of a sorting that is in no database: drift map, units on the probe, and an overview of each unit.
 */
import type { PhyContent, Recording, SortingResult } from "@tenon/ephys";
import { FIGURES } from "../figures/registry.ts";
import { renderPng } from "../figures/render-png.ts";

/** A file of the folder `figures/`. */
export interface FigureFile {
  readonly name: string;
  readonly data: string | Uint8Array;
}

/** Draws the figures. The two of the whole probe are SVG and PNG, those of units SVG. */
export function sortingFigures(
  result: SortingResult,
  recording: Recording,
  content: PhyContent,
): readonly FigureFile[] {
  const { sorting, spikePositions, spikeAmplitudesUv } = result;
  const durationS = recording.sampleCount / recording.samplingRateHz;
  const timesS = sorting.spikeSamples.map((sample) => sample / sorting.samplingRateHz);
  const drift = FIGURES["drift-map"].draw({
    timesS,
    depthsUm: Float32Array.from(timesS, (_, spike) => spikePositions[2 * spike + 1]!),
    amplitudesUv: spikeAmplitudesUv,
    durationS,
  });
  const column = (name: "amplitude" | "fr") => Float64Array.from(content.unitInfo, (unit) => unit[name]);
  const map = FIGURES["probe-map"].draw({
    channelX: recording.probe.x,
    channelY: recording.probe.y,
    unitX: column("amplitude").map((_, unit) => result.unitPositions[2 * unit]!),
    unitY: result.unitDepthsUm,
    amplitudesUv: column("amplitude"),
    firingRatesHz: column("fr"),
  });
  const whole = [
    ["drift-map", drift.svg],
    ["probe-map", map.svg],
  ] as const;
  return [
    ...whole.flatMap(([name, svg]) => [
      { name: `${name}.svg`, data: svg },
      { name: `${name}.png`, data: renderPng(svg) },
    ]),
    ...unitFigures(result, recording, content, timesS),
  ];
}

function unitFigures(
  result: SortingResult,
  recording: Recording,
  content: PhyContent,
  timesS: Float64Array,
): FigureFile[] {
  const { sorting, templates, spikeAmplitudesUv, unitMainChannels } = result;
  const { windowSamples, samplesBefore } = templates;
  return Array.from(sorting.unitIds, (unitId, unit): FigureFile => {
    const spikes = Array.from(sorting.spikeUnits.keys()).filter(
      (spike) => sorting.spikeUnits[spike] === unitId,
    );
    const channels = templates.channels[unit]!;
    const { svg } = FIGURES["unit-overview"].draw({
      waveforms: {
        unitId,
        spikeCount: spikes.length,
        samplingRateHz: recording.samplingRateHz,
        sampleCount: windowSamples,
        channelCount: channels.length,
        peakSample: samplesBefore,
        peakChannel: Math.max(0, channels.indexOf(unitMainChannels[unit]!)),
        mean: templates.waveformsUv[unit]!,
        channelX: Float64Array.from(channels, (channel) => recording.probe.x[channel]!),
        channelY: Float64Array.from(channels, (channel) => recording.probe.y[channel]!),
        channelShank: Int32Array.from(channels, (channel) => recording.probe.shank[channel]!),
        peakChannelName: recording.channelNames[unitMainChannels[unit]!] ?? `${unitMainChannels[unit]}`,
      },
      timesS: Float64Array.from(spikes, (spike) => timesS[spike]!),
      amplitudesUv: Float64Array.from(spikes, (spike) => spikeAmplitudesUv[spike]!),
      durationS: recording.sampleCount / recording.samplingRateHz,
      remark: content.unitInfo[unit]!.label,
    });
    return { name: `unit-${unitId}.svg`, data: svg };
  });
}
