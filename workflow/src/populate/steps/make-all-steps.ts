/**
 * @module
 * Tells every table that is filled by computing how its rows are made. What computes them (sorter, figures) is loaded with the first key
 * of the step, so that a worker that only waits stays small.
 */
import type { HasNode, Make, TableClass } from "@tenon/datajoint";
import { LFPQC, LFPSpectrogram } from "../../pipeline/analysis.ts";
import {
  Clustering,
  CuratedClustering,
  EphysRecording,
  LFP,
  QualityMetrics,
  WaveformSet,
} from "../../pipeline/ephys.ts";
import { ProbeLevelReport, UnitLevelReport } from "../../pipeline/ephys-report.ts";
import { PostProcessing, PreProcessing, SIClustering } from "../../pipeline/ephys-sorter.ts";
import type { Lab } from "../lab.ts";
import * as keys from "./key-sources.ts";

/** Registers all steps; call it once, with the lab that they work in. */
export function makeAllSteps(lab: Lab): void {
  later(EphysRecording, async () => (await import("./ephys-recording.ts")).makeEphysRecording(lab));
  later(LFP, async () => (await import("./lfp.ts")).makeLfp(lab));
  later(LFPQC, async () => (await import("./lfp-analysis.ts")).makeLfpQc());
  later(
    LFPSpectrogram,
    async () => (await import("./lfp-analysis.ts")).makeLfpSpectrogram(),
    keys.lfpSpectrogramKeys,
  );
  later(
    PreProcessing,
    async () => (await import("./pre-processing.ts")).makePreProcessing(lab),
    keys.preProcessingKeys,
  );
  later(SIClustering, async () => (await import("./si-clustering.ts")).makeSiClustering(lab));
  later(PostProcessing, async () => (await import("./post-processing.ts")).makePostProcessing(lab));
  later(Clustering, async () => (await import("./clustering.ts")).makeClustering(lab), keys.clusteringKeys);
  later(CuratedClustering, async () => (await import("./curated-clustering.ts")).makeCuratedClustering(lab));
  later(WaveformSet, async () => (await import("./waveform-set.ts")).makeWaveformSet(lab));
  later(
    QualityMetrics,
    async () => (await import("./quality-metrics.ts")).makeQualityMetrics(lab),
    keys.qualityMetricsKeys,
  );
  later(
    ProbeLevelReport,
    async () => (await import("./probe-level-report.ts")).makeProbeLevelReport(lab),
    keys.probeLevelReportKeys,
  );
  later(
    UnitLevelReport,
    async () => (await import("./unit-level-report.ts")).makeUnitLevelReport(),
    keys.unitLevelReportKeys,
  );
}

/** Registers a step that is loaded with its first key.
 * @param register  loads the step and lets it register itself
 * @param keySource  the same that the step registers; undefined for all keys of the parents */
function later(table: TableClass, register: () => Promise<void>, keySource?: () => HasNode): void {
  let loaded: Promise<Make> | undefined;
  const step = () => {
    loaded ??= register().then(
      () => {
        // else the step's keys would be others from its first key on
        if (table.declaration.keySource !== keySource)
          throw new Error(`${table.className} registers another key source than make-all-steps.ts gives it.`);
        return table.make!;
      },
      (error: unknown) => {
        // the next key tries again
        loaded = undefined;
        throw error;
      },
    );
    return loaded;
  };
  const parts: Make = {
    fetch: async (key) => (await step()).fetch(key),
    compute: async (key, fetched, context) => (await step()).compute(key, fetched, context),
    insert: async (key, computed, context) => (await step()).insert(key, computed, context),
  };
  table.makes(keySource === undefined ? parts : { ...parts, keySource });
}
