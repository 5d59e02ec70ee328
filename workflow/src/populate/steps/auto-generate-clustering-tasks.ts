/**
 * @module
 * Task auto_generate_clustering_tasks: a recording without any clustering task gets one with parameter set 0 (pipeline contract 2.5, 6.8).
 *
 * Results that lie in the task's folder already are loaded, else the sorting is triggered. A lab that wants no such rule has no parameter
 * set 0, or takes the task out of `worker.ts`.
 */
import { refuseSharedOutput, TaskError } from "../../ingest/paramsets.ts";
import { outputDirectory } from "../../ingest/paths.ts";
import { ClusteringParamSet, ClusteringTask, EphysRecording, ProbeInsertion } from "../../pipeline/ephys.ts";
import { SessionDirectory } from "../../pipeline/session.ts";
import { wakeCompilers } from "../compilers.ts";
import type { Lab } from "../lab.ts";
import type { TaskContext } from "../process.ts";

/** The parameter set that every recording gets. */
const usualParamset = 0;

/** What a worker was told already, so that it is not said every cycle. */
const told = new WeakMap<Lab, Set<string>>();

/** Adds the tasks that are missing. @returns how many were added
 * @throws TaskError, once for each, naming those that would share an output directory; the others are added before */
export async function autoGenerateClusteringTasks({ lab, signal, log }: TaskContext): Promise<number> {
  const [paramset] = await ClusteringParamSet.restrict({ paramset_idx: usualParamset })
    .proj("clustering_method")
    .fetch();
  const known = told.get(lab) ?? new Set();
  told.set(lab, known);
  if (paramset === undefined) {
    const line =
      "no parameter set 0, so recordings get no task: tenon paramset add --method tenon --description TEXT";
    if (!known.has(line) && (await EphysRecording.subtract(ClusteringTask).count()) > 0) {
      log(line);
      known.add(line);
    }
    return 0;
  }
  const waiting = await EphysRecording.subtract(ClusteringTask)
    .proj()
    .join(ProbeInsertion.proj())
    .join(SessionDirectory.proj("session_dir"))
    .fetch();
  if (waiting.length === 0) return 0;
  const refused: string[] = [];
  for (const { session_dir, ...key } of waiting) {
    signal.throwIfAborted();
    const clustering_output_dir = outputDirectory(
      session_dir,
      key.insertion_number,
      paramset.clustering_method,
      usualParamset,
    );
    const row = { ...key, paramset_idx: usualParamset, clustering_output_dir };
    try {
      await refuseSharedOutput(row);
    } catch (error) {
      if (!(error instanceof TaskError)) throw error;
      refused.push(error.message);
      continue;
    }
    // what reads results is loaded when there is a task to add, and there is work then
    wakeCompilers();
    const { hasCompleteResults } = await import("./phy-location.ts");
    const task_mode = (await hasCompleteResults(lab.outputFolder(clustering_output_dir)))
      ? "load"
      : "trigger";
    // another worker may do the same at the same moment
    await ClusteringTask.insert([{ ...row, task_mode }], { skipDuplicates: true });
    log(`clustering task for ${clustering_output_dir}: ${task_mode}`);
  }
  const untold = refused.filter((message) => !known.has(message));
  for (const message of untold) known.add(message);
  if (untold.length > 0) throw new TaskError(untold.join("\n"));
  return waiting.length - refused.length;
}
