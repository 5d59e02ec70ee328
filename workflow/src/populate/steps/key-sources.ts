/**
 * @module
 * Which keys each step has, where that is not simply all of its parents: apart from the steps themselves, so that a worker that waits for
 * keys need not load what computes them.
 */
import { SpectrogramParameters } from "../../pipeline/analysis.ts";
import {
  Clustering,
  ClusteringTask,
  CuratedClustering,
  CuratedClusteringUnit,
  LFPElectrode,
  QualityMetrics,
  WaveformSet,
} from "../../pipeline/ephys.ts";
import { PreProcessing } from "../../pipeline/ephys-sorter.ts";

/** The parameter set that the pipeline computes by itself: 0.25 s windows. */
const usualSpectrogram = 2;

export const lfpSpectrogramKeys = () =>
  LFPElectrode.proj().join(SpectrogramParameters.restrict({ param_idx: usualSpectrogram }).proj());

/** Tasks to be sorted here; not those whose results came from elsewhere. */
export const preProcessingKeys = () =>
  ClusteringTask.restrict({ task_mode: "trigger" }).subtract(Clustering.subtract(PreProcessing)).proj();

/** Tasks whose results are there. Those that are sorted here get their row with the sorting. */
export const clusteringKeys = () => ClusteringTask.restrict([{ task_mode: "load" }, Clustering]).proj();

export const qualityMetricsKeys = () => CuratedClustering.restrict(WaveformSet).proj();

export const probeLevelReportKeys = () =>
  CuratedClustering.restrict(WaveformSet).restrict(QualityMetrics).proj();

export const unitLevelReportKeys = () => CuratedClusteringUnit.restrict(WaveformSet).proj();
