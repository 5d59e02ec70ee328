/**
 * @module
 * The three workers of this pipeline: which steps each runs, in which order. **A lab edits this file.**
 *
 * `table(...)` is a step that fills a table; its options go to populate (`maxCalls`: at most so many keys a cycle, so that a long step
 * does not starve the steps after it); `lanes` and `resources` say how many keys are at work at once in one process, and what each takes of
 * its processors, memory and GPUs: steps wait for each other only where these run out. `task(...)` is a function that is called once a cycle and returns how much it did.
 */
import * as analysis from "../pipeline/analysis.ts";
import * as ephys from "../pipeline/ephys.ts";
import * as ephysReport from "../pipeline/ephys-report.ts";
import * as ephysSorter from "../pipeline/ephys-sorter.ts";
import { table, task, type WorkerDefinition } from "./process.ts";
import { autoGenerateClusteringTasks } from "./steps/auto-generate-clustering-tasks.ts";
import { writeSessionReports } from "./steps/session-report.ts";

export const workers: Readonly<Record<string, WorkerDefinition>> = {
  standard_worker: {
    summary: "ingests sessions, extracts the LFP, loads units, measures quality, draws reports",
    steps: [
      table("ephys.EphysRecording", ephys.EphysRecording, { maxCalls: 10 }),
      task("auto_generate_clustering_tasks", autoGenerateClusteringTasks),
      table("ephys.LFP", ephys.LFP, { maxCalls: 1 }),
      table("analysis.LFPQC", analysis.LFPQC, { maxCalls: 200 }),
      table("analysis.LFPSpectrogram", analysis.LFPSpectrogram, { maxCalls: 200 }),
      table("ephys.Clustering", ephys.Clustering, { maxCalls: 10 }),
      table("ephys.CuratedClustering", ephys.CuratedClustering, { maxCalls: 10 }),
      table("ephys.WaveformSet", ephys.WaveformSet, { maxCalls: 10 }),
      table("ephys.QualityMetrics", ephys.QualityMetrics, { maxCalls: 10 }),
      table("ephys_report.ProbeLevelReport", ephysReport.ProbeLevelReport, { maxCalls: 10 }),
      table("ephys_report.UnitLevelReport", ephysReport.UnitLevelReport, { maxCalls: 200 }),
      task("write_session_reports", writeSessionReports),
    ],
  },
  spike_processing_worker: {
    summary: "before and after the sorter: preprocessing, templates, metrics, Phy folder (CPU)",
    steps: [
      table("ephys_sorter.PreProcessing", ephysSorter.PreProcessing, { maxCalls: 6 }),
      table("ephys_sorter.PostProcessing", ephysSorter.PostProcessing, { maxCalls: 6 }),
    ],
  },
  spike_sorting_worker: {
    summary: "the sorter itself; asks for a GPU when the method needs one (the built-in one does not)",
    steps: [
      // 1.8 GB at the most for a minute of 384 channels (benchmarks/results)
      table("ephys_sorter.SIClustering", ephysSorter.SIClustering, {
        maxCalls: 1,
        resources: { cpus: "threads", memoryGb: 2 },
      }),
    ],
  },
};
