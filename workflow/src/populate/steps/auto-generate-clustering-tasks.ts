/**
 * @module
 * Task auto_generate_clustering_tasks: a recording without any clustering task gets one with parameter set 0 (pipeline contract 2.5, 6.8).
 *
 * Results that lie in the task's folder already are loaded, else the sorting is triggered. A lab that wants no such rule has no parameter
 * set 0, or takes the task out of `worker.ts`.
 */
import { outputDirectory } from "../../ingest/paths.ts";
import { ClusteringParamSet, ClusteringTask, EphysRecording, ProbeInsertion } from "../../pipeline/ephys.ts";
import { SessionDirectory } from "../../pipeline/session.ts";
import type { TaskContext } from "../process.ts";
import { hasCompleteResults } from "./phy-location.ts";

/** The parameter set that every recording gets. */
const usualParamset = 0;

/** Adds the tasks that are missing. @returns how many were added */
export async function autoGenerateClusteringTasks({ lab, signal, log }: TaskContext): Promise<number> {
  const [paramset] = await ClusteringParamSet.restrict({ paramset_idx: usualParamset })
    .proj("clustering_method")
    .fetch();
  if (paramset === undefined) return 0;
  const waiting = await EphysRecording.subtract(ClusteringTask)
    .proj()
    .join(ProbeInsertion.proj())
    .join(SessionDirectory.proj("session_dir"))
    .fetch();
  for (const { session_dir, ...key } of waiting) {
    signal.throwIfAborted();
    const clustering_output_dir = outputDirectory(
      session_dir,
      key.insertion_number,
      paramset.clustering_method,
      usualParamset,
    );
    const task_mode = (await hasCompleteResults(lab.outputFolder(clustering_output_dir)))
      ? "load"
      : "trigger";
    // another worker may do the same at the same moment
    await ClusteringTask.insert([{ ...key, paramset_idx: usualParamset, clustering_output_dir, task_mode }], {
      skipDuplicates: true,
    });
    log(`clustering task for ${clustering_output_dir}: ${task_mode}`);
  }
  return waiting.length;
}
