/**
 * @module
 * Step ephys_report.ProbeLevelReport: the drift map of each shank as a row; all figures of the sorting as files in `figures/`
 * (pipeline contract 2.8, 5.4).
 *
 * It waits for waveforms and metrics, which the other figures show. What a newcomer would get wrong: a sorting without units gets its
 * rows too (empty maps), or populate would try it for ever.
 */

import { join } from "node:path";
import { ProbeLevelReport } from "../../pipeline/ephys-report.ts";
import {
  driftMapOfShank,
  type NamedFigure,
  shanksOf,
  summaryFigures,
  unitFigure,
  unitScale,
} from "../../report/sorting-figures.ts";
import { writeFigure, writeFigureList } from "../../report/write-figures.ts";
import type { Lab } from "../lab.ts";
import { probeLevelReportKeys } from "./key-sources.ts";
import { loadSorting } from "./loaded-sorting.ts";
import { inputFiles, writeManifest } from "./manifest.ts";
import { phyFolderOf } from "./phy-location.ts";
import { fetchSortingTables, sortedRecording } from "./sorted-recording.ts";
import { fetchSortingTask, type StepKey } from "./sorting-task.ts";
import { spikeDepths } from "./spike-depths.ts";

const process = "ephys_report.ProbeLevelReport";
export const figuresFolder = "figures";

export function makeProbeLevelReport(lab: Lab): void {
  ProbeLevelReport.makes({
    keySource: probeLevelReportKeys,
    fetch: async (key: StepKey) => ({
      task: await fetchSortingTask(key),
      tables: await fetchSortingTables(key),
    }),
    compute: async (key, { task, tables }, { signal, progress, attempt }) => {
      const folder = await phyFolderOf(lab, task, signal);
      const recording = await lab.openRecording(task);
      try {
        const loaded = await loadSorting(folder, recording);
        const name = `${task.session_dir}, probe ${task.insertion_number}, ${task.method}_${task.paramset_idx}`;
        const sorted = sortedRecording(name, task, recording, loaded, await spikeDepths(loaded), tables);
        const token = `${attempt.token}`;
        const out = await lab.begin(lab.outputFolder(task.outputDir), figuresFolder, token, { process, key });
        const written: NamedFigure[] = [];
        const total = shanksOf(recording.probe).length + 2 + sorted.units.length;
        const keep = async (figure: NamedFigure, scale = 2) => {
          signal.throwIfAborted();
          const png = await writeFigure(out, figure, { scale });
          written.push(figure);
          progress(written.length, total, "figures");
          // drawing does not wait for anything; the lease's messages and signals need a turn
          await new Promise((resolve) => setImmediate(resolve));
          return png;
        };
        const maps: { shank: number; drift_map_plot: { filename: string; bytes: Uint8Array } }[] = [];
        for (const shank of shanksOf(recording.probe)) {
          const figure = driftMapOfShank(sorted, shank);
          maps.push({ shank, drift_map_plot: { filename: `${figure.file}.png`, bytes: await keep(figure) } });
        }
        for (const figure of summaryFigures(sorted)) await keep(figure);
        for (const unit of sorted.units) {
          const figure = unitFigure(sorted, unit);
          if (figure !== undefined) await keep(figure, unitScale);
        }
        await writeFigureList(out, written);
        await writeManifest(out, {
          process,
          key,
          token,
          parameters: {},
          inputs: await inputFiles([join(folder, "spike_times.npy"), join(folder, "spike_clusters.npy")]),
          results: { figures: written.length, units: sorted.units.length },
        });
        return maps;
      } finally {
        await recording.close();
      }
    },
    insert: async (key, maps) => {
      await ProbeLevelReport.insert(maps.map((map) => ({ ...key, ...map })));
    },
  });
}
