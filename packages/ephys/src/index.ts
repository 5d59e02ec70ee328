/**
 * Signals to spikes: recordings, probes, a spike sorter, quality metrics, LFP, and recordings whose truth is known. No database.
 *
 * @example
 * const [source] = await findRecordings("/data/session1");
 * const recording = await openRecording(source);
 * const { sorting, templates } = await sortRecording(recording);
 * await recording.close();
 *
 * Arrays are flat and typed; each doc comment states shape, order and unit. Traces are time-major float32 in uV.
 *
 * @module
 */

// Sorting
export type { ClusteringParameters } from "./clustering/parameters.ts";
export {
  type FoundFate,
  type FoundUnitScore,
  type ScoreOptions,
  type SortingScore,
  scoreSorting,
  type UnitScore,
} from "./comparison/score-sorting.ts";
// Recordings with known truth, and how well a sorting finds it
export { readTruth, type Truth } from "./comparison/truth.ts";
// Probes
export type { Probe } from "./core/probe.ts";
export {
  type ElectrodeSite,
  electrodeCount,
  electrodeOfPosition,
  electrodeOfSite,
  electrodeSites,
  electrodesPerShank,
  requirePartLayout,
  sampleShifts,
  siteOfElectrode,
} from "./core/probe-geometry.ts";
export {
  type AdcTurns,
  type Generation,
  knownParts,
  type PartLayout,
  partLayout,
  probeTypeAliases,
} from "./core/probe-parts.ts";
// Chance, and errors
export { Random } from "./core/random.ts";
// Recordings: finding, checking, reading
export type { Recording, RecordingFile, RecordingSource } from "./core/recording.ts";
export type { Sorting } from "./core/sorting.ts";
export { makeTraces, type Traces } from "./core/traces.ts";
export { filterBackwards } from "./dsp/biquad.ts";
export { medianInPlace } from "./dsp/median.ts";
export {
  EphysError,
  NotPositiveDefiniteError,
  ParameterError,
  RecordingError,
  ShapeError,
} from "./errors.ts";
export {
  type GeneratedRecording,
  type GenerateOptions,
  generateRecording,
} from "./generate/generate-recording.ts";
export { SUITES, type Suite, type SuiteName, suiteNames } from "./generate/suites.ts";
export type { TruthFile, TruthUnit } from "./generate/truth-files.ts";
export { findRecordings } from "./io/find-recordings.ts";
export { type NpyArray, readNpy } from "./io/npy/read-npy.ts";
export { writeNpy } from "./io/npy/write-npy.ts";
export { openLfBand, openRecording } from "./io/open-recording.ts";
// Folders of other sorters, and arrays on disk
export type { ClusterTable } from "./io/phy/cluster-tables.ts";
export type { ParamValue } from "./io/phy/params-py.ts";
export type { SparseTemplates } from "./io/phy/phy-templates.ts";
export { type PhyFeatures, type ReadFeaturesOptions, readPhyFeatures } from "./io/phy/read-features.ts";
export {
  missingPhyFiles,
  type PhyFolder,
  type PhyTemplates,
  type ReadPhyOptions,
  readPhyFolder,
} from "./io/phy/read-phy.ts";
export { type PhyContent, type PhyRecording, type PhyUnitInfo, writePhyFolder } from "./io/phy/write-phy.ts";
export {
  type ContactProbe,
  contactCount,
  type ProbeGroup,
  type WiredProbe,
  wireProbeGroup,
} from "./io/probeinterface/probe-group.ts";
export { readProbeGroup } from "./io/probeinterface/read-probe-group.ts";
export { contactProbeOf, writeProbeGroup } from "./io/probeinterface/write-probe-group.ts";
export type { Problem, RecordingVerdict, VerifyOptions } from "./io/verdict.ts";
export { type SessionVerdict, verifySession } from "./io/verify-session.ts";
// LFP
export { extractLfp, type Lfp, type LfpOptions } from "./lfp/extract-lfp.ts";
export { type LfpQuality, lfpQuality } from "./lfp/lfp-qc.ts";
export {
  type BandPower,
  type FrequencyBand,
  type LfpSpectrogram,
  type LfpSpectrogramOptions,
  lfpSpectrogram,
} from "./lfp/lfp-spectrogram.ts";
export type { MatchingParameters } from "./matching/parameters.ts";
// Quality of units
export type { MetricsFeatures, MetricsInput, MetricsUnit } from "./metrics/metrics-input.ts";
export { type ClusterMetrics, unitMetrics } from "./metrics/unit-metrics.ts";
export { type WaveformMetrics, waveformFeatures } from "./metrics/waveform-features.ts";
export type { PreprocessingParameters } from "./preprocessing/parameters.ts";
// Preprocessing, for those who want the sorter's view of the traces
export { planPreprocessing } from "./preprocessing/plan.ts";
export { type PreprocessingPlan, planFromJson, planToJson } from "./preprocessing/preprocessing-plan.ts";
export { Preprocessor } from "./preprocessing/preprocessor.ts";
export {
  DEFAULT_SORTER_PARAMETERS,
  type GivenSorterParameters,
  type SorterParameters,
  sorterParameters,
} from "./sorters/parameters.ts";
export type { SortingResult, SpikeFeatures, StageTiming, UnitTemplates } from "./sorters/sorting-result.ts";
export { type SortOptions, type SortStage, sortRecording, TENON_VERSION } from "./sorters/tenon.ts";
