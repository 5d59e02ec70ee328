/**
 * @module
 * The part of a session's page about one clustering task: figures that ProbeLevelReport published, and the table of units.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  Clustering,
  CuratedClustering,
  CuratedClusteringUnit,
  QualityMetricsCluster,
  QualityMetricsWaveform,
  WaveformSetPeakWaveform,
} from "../pipeline/ephys.ts";
import { UnitLevelReport } from "../pipeline/ephys-report.ts";
import { ProbeTypeElectrode } from "../pipeline/probe.ts";
import type { FigureBlock, SortingBlock, UnitRow } from "./session-page.ts";
import { unitFigureFile } from "./sorting-figures.ts";
import { readFigureList } from "./write-figures.ts";

/** A clustering task with its parameter set. */
export interface TaskRow {
  readonly key: Readonly<Record<string, unknown>>;
  readonly paramset_idx: number;
  readonly method: string;
  readonly description: string;
  readonly mode: string;
  /** Relative to the processed root. */
  readonly outputDir: string;
}

/** Units whose overview is on the page; all of them are in the figures' folder. */
const shownUnits = 12;

/** @param folder  absolute folder of the task's results; @param durationS  of the recording */
export async function sortingBlock(task: TaskRow, folder: string, durationS: number): Promise<SortingBlock> {
  const heading = `${task.method}, parameter set ${task.paramset_idx}: ${task.description}`;
  const files: [string, string][] = [["results", task.outputDir]];
  const empty = { heading, figures: [], units: [], unitFigures: [], files };
  const [clustering] = await Clustering.restrict(task.key).fetch();
  if (clustering === undefined) {
    const waits =
      task.mode === "trigger" ? "The sorting is not done yet." : "The results are not loaded yet.";
    return { ...empty, notes: [waits] };
  }
  const by = clustering.package_version === "" ? "" : ` (${clustering.package_version})`;
  files.push(["sorted", `${clustering.clustering_time} UTC${by}`]);
  if (!(await CuratedClustering.restrict(task.key).exists()))
    return { ...empty, notes: ["The units are not loaded yet."] };
  const units = await unitRows(task.key);
  const list = await readFigureList(join(folder, "figures"));
  const block = async ({ file, title, caption }: (typeof list)[number]): Promise<FigureBlock> => ({
    title,
    caption,
    svg: await readFile(join(folder, "figures", `${file}.svg`), "utf8"),
  });
  const summary = list.filter(({ file }) => !file.startsWith("units/"));
  const best = units
    .toSorted((a, b) => (b.snr ?? 0) - (a.snr ?? 0) || a.unit - b.unit)
    .slice(0, shownUnits)
    .map(({ unit }) => unitFigureFile(unit));
  const overviews = best.flatMap((file) => list.filter((entry) => entry.file === file));
  if (list.length > 0)
    files.push(["figures", `${task.outputDir}/figures/ (${list.length}, each as SVG and PNG)`]);
  return {
    heading,
    notes: units.length === 0 ? [await whyEmpty(folder)] : notesOf(units, durationS, list.length > 0),
    files,
    figures: await Promise.all(summary.map(block)),
    units,
    unitFigures: await Promise.all(overviews.map(block)),
  };
}

/** Why there are no units, as the sorter's manifest says it. */
async function whyEmpty(folder: string): Promise<string> {
  const text = await readFile(join(folder, "sorting", "manifest.json"), "utf8").catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    },
  );
  const { results } = (text === undefined ? {} : JSON.parse(text)) as {
    readonly results?: { readonly emptyReason?: string };
  };
  return ["The sorter found no units in this recording.", results?.emptyReason ?? ""].join(" ").trim();
}

/** Sentences that a reader must see before the numbers. */
function notesOf(units: readonly UnitRow[], durationS: number, hasFigures: boolean): string[] {
  const notes: string[] = [];
  const good = units.filter((unit) => unit.label === "good").length;
  notes.push(
    `${units.length} ${units.length === 1 ? "unit" : "units"}, of which ${good} ${good === 1 ? "is" : "are"} labelled good. ` +
      "A label is the sorter's unless a person changed it: look at the refractory gap and the waveform before you rely on it.",
  );
  if (durationS < 60)
    notes.push(
      "The recording is shorter than a minute: the presence ratio and drift over time are not defined.",
    );
  if (!hasFigures) notes.push("The figures are not drawn yet.");
  return notes;
}

async function unitRows(key: Readonly<Record<string, unknown>>): Promise<UnitRow[]> {
  const units = await CuratedClusteringUnit.restrict(key)
    .proj("electrode", "probe_type", "cluster_quality_label", "spike_count")
    .join(ProbeTypeElectrode.proj("y_coord"))
    .fetch({ orderBy: ["unit"] });
  const byUnit = <Row extends { readonly unit: number }>(rows: readonly Row[]) =>
    new Map(rows.map((row) => [row.unit, row]));
  const cluster = byUnit(await QualityMetricsCluster.restrict(key).fetch());
  const waveform = byUnit(await QualityMetricsWaveform.restrict(key).proj("amplitude").fetch());
  const peaks = byUnit(await WaveformSetPeakWaveform.restrict(key).fetch());
  const reports = byUnit(await UnitLevelReport.restrict(key).proj("autocorrelogram_plotly").fetch());
  return units.map(({ unit, cluster_quality_label, electrode, y_coord, spike_count }): UnitRow => {
    const own = cluster.get(unit);
    return {
      unit,
      label: cluster_quality_label,
      electrode,
      depthUm: y_coord,
      spikeCount: spike_count,
      firingRateHz: own?.firing_rate ?? null,
      snr: own?.snr ?? null,
      amplitudeUv: waveform.get(unit)?.amplitude ?? null,
      isiViolation: own?.isi_violation ?? null,
      presenceRatio: own?.presence_ratio ?? null,
      amplitudeCutoff: own?.amplitude_cutoff ?? null,
      contaminationRate: own?.contamination_rate ?? null,
      // arrays and dictionaries as the steps and Python write them
      waveform: (peaks.get(unit)?.peak_electrode_waveform as ArrayLike<number> | undefined) ?? [],
      autocorrelogram: middleOf(reports.get(unit)?.autocorrelogram_plotly),
    };
  });
}

/** Lags -50 to 50 ms of a plotly autocorrelogram. */
function middleOf(figure: unknown): ArrayLike<number> {
  const trace = (
    figure as { readonly data?: readonly { readonly x?: unknown; readonly y?: unknown }[] } | undefined
  )?.data?.[0];
  if (!Array.isArray(trace?.x) || !Array.isArray(trace.y)) return [];
  const [lags, counts] = [trace.x as number[], trace.y as number[]];
  return counts.filter((_, i) => Math.abs(lags[i]!) <= 50);
}
