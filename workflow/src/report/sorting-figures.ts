/**
 * @module
 * Which figures a sorting gets: a drift map for each shank, the units on the probe, histograms of quality, and an overview of each unit.
 *
 * Pure functions from plain data; where the data come from (database, folders) is the caller's matter.
 */
import type { Figure } from "../figures/figure.ts";
import { FIGURES } from "../figures/registry.ts";
import type { UnitWaveformData } from "../figures/unit-data.ts";

/** A figure with the name of its files (without ending, `/` for folders) and the words around it. */
export interface NamedFigure {
  readonly file: string;
  readonly title: string;
  readonly caption: string;
  readonly figure: Figure;
}

export interface SortedUnit {
  readonly unit: number;
  readonly label: string;
  readonly shank: number;
  /** Position, um. */
  readonly xUm: number;
  readonly yUm: number;
  /** s, ascending. */
  readonly timesS: Float64Array;
  /** uV, one for each spike. */
  readonly amplitudesUv: ArrayLike<number>;
  /** um, one for each spike; the unit's own when undefined. */
  readonly depthsUm?: ArrayLike<number> | undefined;
  /** Undefined when no mean waveform is known. */
  readonly waveforms?: UnitWaveformData | undefined;
  /** Columns of QualityMetrics; absent ones are not drawn. */
  readonly metrics: Readonly<Record<string, number | null>>;
}

export interface SortedRecording {
  /** Ends titles: "mouse1 2026-01-01 10:00:00, probe 0, tenon_0". */
  readonly name: string;
  readonly durationS: number;
  readonly probe: {
    readonly x: ArrayLike<number>;
    readonly y: ArrayLike<number>;
    readonly shank: ArrayLike<number>;
  };
  readonly units: readonly SortedUnit[];
}

/** Shanks of a probe, ascending. */
export function shanksOf(probe: SortedRecording["probe"]): number[] {
  return [...new Set(Array.from(probe.shank))].sort((a, b) => a - b);
}

/** Spikes of one shank over time and depth; units labelled noise are left out. */
export function driftMapOfShank(recording: SortedRecording, shank: number): NamedFigure {
  const { name, durationS, probe, units } = recording;
  const own = units.filter((unit) => unit.shank === shank && unit.label !== "noise");
  const count = own.reduce((sum, unit) => sum + unit.timesS.length, 0);
  const timesS = new Float64Array(count);
  const depthsUm = new Float64Array(count);
  const amplitudesUv = new Float64Array(count);
  let at = 0;
  for (const unit of own)
    for (let i = 0; i < unit.timesS.length; i++, at++) {
      timesS[at] = unit.timesS[i]!;
      depthsUm[at] = unit.depthsUm?.[i] ?? unit.yUm;
      amplitudesUv[at] = unit.amplitudesUv[i]!;
    }
  const shanks = shanksOf(probe).length;
  const where = shanks > 1 ? `, shank ${shank}` : "";
  const figure = FIGURES["drift-map"].draw({
    title: `Drift map: ${name}${where}`,
    timesS,
    depthsUm,
    amplitudesUv,
    durationS,
    ...depthRange(probe, shank),
  });
  return {
    file: `drift_map_shank${shank}`,
    title: `Drift map${where}`,
    caption: `Each spike of ${own.length} units at its time and depth. Tissue that moves shows as bands that bend together.`,
    figure,
  };
}

/** The shank's contacts with a margin, so that maps of several recordings can be compared. */
function depthRange(probe: SortedRecording["probe"], shank: number): { depthRangeUm?: [number, number] } {
  const depths = Array.from(probe.y).filter((_, channel) => probe.shank[channel] === shank);
  if (depths.length < 2) return {};
  const [low, high] = [depths.reduce((a, b) => Math.min(a, b)), depths.reduce((a, b) => Math.max(a, b))];
  const margin = Math.max(40, 0.02 * (high - low));
  return high > low ? { depthRangeUm: [low - margin, high + margin] } : {};
}

/** The units on the probe, and the histograms of their quality. */
export function summaryFigures(recording: SortedRecording): NamedFigure[] {
  const { name, probe, units } = recording;
  const metric = (column: string) => units.map((unit) => unit.metrics[column] ?? Number.NaN);
  const columns = [
    "firing_rate",
    "snr",
    "presence_ratio",
    "isi_violation",
    "contamination_rate",
    "amplitude_cutoff",
  ];
  const known = columns.filter((column) => units.some((unit) => column in unit.metrics));
  return [
    {
      file: "probe_map",
      title: "Units on the probe",
      caption:
        "Contacts (grey) and units (circles at the median of their spikes' estimated positions, colour: amplitude); amplitude, firing rate and number of units along the probe.",
      figure: FIGURES["probe-map"].draw({
        title: `Units on the probe: ${name}`,
        channelX: probe.x,
        channelY: probe.y,
        unitX: units.map((unit) => unit.xUm),
        unitY: units.map((unit) => unit.yUm),
        amplitudesUv: metric("amplitude"),
        firingRatesHz: metric("firing_rate"),
      }),
    },
    {
      file: "quality_histograms",
      title: "Quality of the units",
      caption:
        "Number of units by metric; the dashed line is the usual limit. What each metric means is in the table's head.",
      figure: FIGURES["quality-histograms"].draw({
        title: `Quality of the units: ${name}`,
        metrics: Object.fromEntries(
          known.map((column) => [column, units.map((unit) => unit.metrics[column] ?? null)]),
        ),
      }),
    },
  ];
}

/** Waveforms, autocorrelogram and amplitudes of one unit; undefined when its waveform is not known. */
export function unitFigure(recording: SortedRecording, unit: SortedUnit): NamedFigure | undefined {
  if (unit.waveforms === undefined) return undefined;
  const snr = unit.metrics["snr"];
  const remark = snr === null || snr === undefined ? unit.label : `${unit.label}, SNR ${snr.toFixed(1)}`;
  return {
    file: unitFigureFile(unit.unit),
    title: `Unit ${unit.unit}`,
    caption:
      "Mean waveforms where they were recorded, the largest of them, the autocorrelogram, and each spike's amplitude.",
    figure: FIGURES["unit-overview"].draw({
      waveforms: unit.waveforms,
      timesS: unit.timesS,
      amplitudesUv: unit.amplitudesUv,
      durationS: recording.durationS,
      remark,
    }),
  };
}

/** Scale of units' PNGs: they are many, and 1.5 times the density of a plain screen is enough for them. */
export const unitScale = 1.5;

/** `units/unit_0012`: names that sort as the numbers do. */
export function unitFigureFile(unit: number): string {
  return `units/unit_${`${unit}`.padStart(4, "0")}`;
}
