/**
 * This laboratory's pipeline, for programs of one's own: bind it to a database, query its tables, run its steps.
 *
 * @example
 * const settings = loadSettings();
 * await using connection = await connect(settings.database);
 * await activatePipeline(connection, settings);
 * const units = await ephys.CuratedClusteringUnit.restrict({ cluster_quality_label: "good" }).fetch();
 *
 * @module
 */

export { type ActivateOptions, activatePipeline, modules } from "./pipeline/activate.ts";
export * as analysis from "./pipeline/analysis.ts";
export * as ephys from "./pipeline/ephys.ts";
export * as ephysReport from "./pipeline/ephys-report.ts";
export * as ephysSorter from "./pipeline/ephys-sorter.ts";
export * as lab from "./pipeline/lab.ts";
export * as probe from "./pipeline/probe.ts";
export * as session from "./pipeline/session.ts";
export * as subject from "./pipeline/subject.ts";
export * as workerLog from "./pipeline/worker-log.ts";
export { type OpenLab, openLab } from "./populate/open-lab.ts";
export { table, task, type WorkerDefinition } from "./populate/process.ts";
export { type StartOptions, startWorker } from "./populate/start-worker.ts";
export { pipelineStatus, type SessionStatus, type StepStatus, sessionMatrix } from "./populate/status.ts";
export { workers } from "./populate/worker.ts";
export {
  ConfigurationError,
  type LoadOptions,
  loadSettings,
  type Settings,
} from "./settings/settings.ts";
