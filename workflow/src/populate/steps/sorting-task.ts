/**
 * @module
 * What every step of a sorting knows of its clustering task: where the recording and the results are, the method, its parameters.
 *
 * What a newcomer would get wrong: an empty `clustering_output_dir` means the usual place (contract 2.5); the first step that runs
 * writes it into the task.
 */

import type { PythonValue } from "../../ingest/dict-to-uuid.ts";
import { outputDirectory } from "../../ingest/paths.ts";
import {
  ClusteringParamSet,
  ClusteringTask,
  EphysRecordingChannel,
  ProbeInsertion,
} from "../../pipeline/ephys.ts";
import { SessionDirectory } from "../../pipeline/session.ts";
import type { RecordingPlace } from "../lab.ts";

/** A key as rows hold it. */
export type StepKey = Readonly<Record<string, unknown>>;

/** The electrode that a channel records, as part tables need it. */
export interface ChannelElectrode {
  /** Index of the channel in the recording. */
  readonly channel_idx: number;
  readonly electrode_config_hash: string;
  readonly probe_type: string;
  readonly electrode: number;
}

export interface SortingTask extends RecordingPlace {
  readonly insertion_number: number;
  /** The results' folder, relative to the processed root. */
  readonly outputDir: string;
  /** Whether the task's own row lacks it. */
  readonly isOutputDirInferred: boolean;
  readonly mode: "load" | "trigger";
  readonly method: string;
  readonly paramset_idx: number;
  readonly params: Readonly<Record<string, PythonValue>>;
  /** By channel index. */
  readonly channels: readonly ChannelElectrode[];
}

/** Reads it; `key` may be that of any table below the task. */
export async function fetchSortingTask(key: StepKey): Promise<SortingTask> {
  const among = { ignoreUnknown: true };
  const { probe, session_dir, insertion_number } = await ProbeInsertion.join(SessionDirectory)
    .restrict(key, among)
    .proj("probe", "session_dir")
    .fetch1();
  const { clustering_output_dir, task_mode, paramset_idx } = await ClusteringTask.restrict(
    key,
    among,
  ).fetch1();
  const { clustering_method, params } = await ClusteringParamSet.restrict({ paramset_idx }).fetch1();
  const channels = await EphysRecordingChannel.restrict(key, among).fetch({ orderBy: ["channel_idx"] });
  return {
    probe,
    session_dir,
    insertion_number,
    outputDir:
      clustering_output_dir === ""
        ? outputDirectory(session_dir, insertion_number, clustering_method, paramset_idx)
        : clustering_output_dir,
    isOutputDirInferred: clustering_output_dir === "",
    mode: task_mode,
    method: clustering_method,
    paramset_idx,
    // a decoded blob: dictionaries with text keys are objects
    params: params as Readonly<Record<string, PythonValue>>,
    channels: channels.map(({ channel_idx, electrode_config_hash, probe_type, electrode }) => ({
      channel_idx,
      electrode_config_hash,
      probe_type,
      electrode,
    })),
  };
}

/** Writes the folder that was inferred into the task, inside the transaction of the step. */
export async function keepOutputDir(key: StepKey, task: SortingTask): Promise<void> {
  if (!task.isOutputDirInferred) return;
  const names = ClusteringTask.heading.primaryKey;
  const taskKey = Object.fromEntries(names.map((name) => [name, key[name]]));
  await ClusteringTask.update1({ ...taskKey, clustering_output_dir: task.outputDir });
}
