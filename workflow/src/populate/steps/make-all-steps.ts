/**
 * @module
 * Tells every table that is filled by computing how its rows are made.
 */
import type { Lab } from "../lab.ts";
import { makeClustering } from "./clustering.ts";
import { makeCuratedClustering } from "./curated-clustering.ts";
import { makeEphysRecording } from "./ephys-recording.ts";
import { makeLfp } from "./lfp.ts";
import { makeLfpQc, makeLfpSpectrogram } from "./lfp-analysis.ts";
import { makePostProcessing } from "./post-processing.ts";
import { makePreProcessing } from "./pre-processing.ts";
import { makeProbeLevelReport } from "./probe-level-report.ts";
import { makeQualityMetrics } from "./quality-metrics.ts";
import { makeSiClustering } from "./si-clustering.ts";
import { makeUnitLevelReport } from "./unit-level-report.ts";
import { makeWaveformSet } from "./waveform-set.ts";

/** Registers all steps; call it once, with the lab that they work in. */
export function makeAllSteps(lab: Lab): void {
  makeEphysRecording(lab);
  makeLfp(lab);
  makeLfpQc();
  makeLfpSpectrogram();
  makePreProcessing(lab);
  makeSiClustering(lab);
  makePostProcessing(lab);
  makeClustering(lab);
  makeCuratedClustering(lab);
  makeWaveformSet(lab);
  makeQualityMetrics(lab);
  makeProbeLevelReport(lab);
  makeUnitLevelReport();
}
