/**
 * @module
 * Parameter sets and clustering tasks (pipeline contract 2.5): validated, hashed as Python does, numbered without a race.
 */
import type { Connection } from "@tenon/datajoint";
import {
  Clustering,
  ClusteringMethod,
  ClusteringParamSet,
  ClusteringTask,
  EphysRecording,
  ProbeInsertion,
} from "../pipeline/ephys.ts";
import { SessionDirectory } from "../pipeline/session.ts";
import { dictToUuid, type PythonValue } from "./dict-to-uuid.ts";
import { outputDirectory } from "./paths.ts";

/** Thrown when a parameter set or a task cannot be added as asked. */
export class TaskError extends Error {
  override readonly name = "TaskError";
}

export interface NewParamset {
  readonly method: string;
  readonly description: string;
  readonly params: Readonly<Record<string, PythonValue>>;
  /** Default: one above the largest. */
  readonly index?: number | undefined;
}

/** Adds a parameter set; the same one under the same number is left alone.
 * @returns its number and whether it is new
 * @throws TaskError when the number is taken, or the same parameters have another number */
export async function addParamset(
  connection: Connection,
  paramset: NewParamset,
): Promise<{ paramset_idx: number; isNew: boolean }> {
  const methods = (await ClusteringMethod.fetch()).map((row) => row.clustering_method as string);
  checkMethod(paramset.method, methods);
  const hash = dictToUuid({ ...paramset.params, clustering_method: paramset.method });
  return connection.transaction(async () => {
    const rows = await ClusteringParamSet.proj("param_set_hash").fetch();
    const same = rows.find((row) => row.param_set_hash === hash);
    if (same !== undefined) {
      if (paramset.index === undefined || paramset.index === same.paramset_idx)
        return { paramset_idx: same.paramset_idx, isNew: false };
      throw new TaskError(
        `These parameters are paramset ${same.paramset_idx} already, so they cannot be ${paramset.index} too.`,
      );
    }
    const paramset_idx = paramset.index ?? Math.max(-1, ...rows.map((row) => row.paramset_idx)) + 1;
    if (rows.some((row) => row.paramset_idx === paramset_idx))
      throw new TaskError(
        `Paramset ${paramset_idx} holds other parameters. Leave the number out to get the next free one.`,
      );
    await ClusteringParamSet.insert([
      {
        paramset_idx,
        clustering_method: paramset.method,
        paramset_desc: paramset.description,
        param_set_hash: hash,
        params: paramset.params,
      },
    ]);
    return { paramset_idx, isNew: true };
  });
}

/** The clustering methods that a new database has. */
export const methodsOfNewDatabase: readonly string[] = (
  ClusteringMethod.declaration.contents as readonly { readonly clustering_method: string }[]
).map((row) => row.clustering_method);

/** Refuses a clustering method that is not among those of the database.
 * @throws TaskError */
export function checkMethod(method: string, methods: readonly string[]): void {
  if (!methods.includes(method))
    throw new TaskError(`Unknown clustering method '${method}'. The database has: ${methods.join(", ")}.`);
}

export interface NewTasks {
  readonly subject?: string | undefined;
  readonly datetime?: string | undefined;
  readonly insertion?: number | undefined;
  readonly paramset: number;
  /** Default: trigger for new tasks; those that are there keep theirs. */
  readonly mode?: "load" | "trigger" | undefined;
}

export interface PlannedTask {
  readonly subject: string;
  readonly session_datetime: string;
  readonly insertion_number: number;
  readonly paramset_idx: number;
  readonly clustering_output_dir: string;
  readonly task_mode: "load" | "trigger";
}

export interface TaskPlan {
  /** New ones. */
  readonly tasks: readonly PlannedTask[];
  /** Those that are there with the other mode, as they will be. */
  readonly changed: readonly PlannedTask[];
  /** How many are there already and stay as they are. */
  readonly present: number;
  readonly notIngested: number;
}

/** The tasks for the insertions that match and have none yet with this parameter set. A task needs its EphysRecording row, so
 *  insertions that were not ingested yet are counted apart.
 * @throws TaskError when nothing matches, the parameter set is not there, results would go where another task's are, or the mode of a
 *  task would change that is done */
export async function planTasks(request: NewTasks): Promise<TaskPlan> {
  const [paramset] = await ClusteringParamSet.restrict({ paramset_idx: request.paramset }).fetch();
  if (paramset === undefined) {
    const known = (await ClusteringParamSet.keys()).map((key) => key.paramset_idx);
    throw new TaskError(
      `Paramset ${request.paramset} is not in the database (there: ${known.join(", ") || "none; see tenon paramset add"}).`,
    );
  }
  const insertions = await ProbeInsertion.restrict({
    ...(request.subject === undefined ? {} : { subject: request.subject }),
    ...(request.datetime === undefined ? {} : { session_datetime: request.datetime }),
    ...(request.insertion === undefined ? {} : { insertion_number: request.insertion }),
  }).fetch();
  if (insertions.length === 0)
    throw new TaskError(
      "No probe insertion matches; `tenon status` lists the sessions, `tenon session add` registers one.",
    );
  const tasks: PlannedTask[] = [];
  const changed: PlannedTask[] = [];
  let [notIngested, present] = [0, 0];
  for (const { subject, session_datetime, insertion_number } of insertions) {
    const key = { subject, session_datetime, insertion_number };
    const task = { ...key, paramset_idx: request.paramset };
    const [there] = await ClusteringTask.restrict(task).fetch();
    if (there !== undefined && request.mode !== undefined && there.task_mode !== request.mode) {
      await refuseDone(task, there.task_mode, request.mode);
      changed.push({
        ...task,
        clustering_output_dir: there.clustering_output_dir,
        task_mode: request.mode,
      });
    } else if (there !== undefined) present++;
    else if ((await EphysRecording.restrict(key).count()) === 0) notIngested++;
    else {
      const { session_dir } = await SessionDirectory.restrict({ subject, session_datetime }).fetch1();
      const clustering_output_dir = outputDirectory(
        session_dir,
        insertion_number,
        paramset.clustering_method,
        request.paramset,
      );
      const planned = { ...task, clustering_output_dir, task_mode: request.mode ?? "trigger" };
      await refuseSharedOutput(planned, tasks);
      tasks.push(planned);
    }
  }
  return { tasks, changed, notIngested, present };
}

type TaskKey = Omit<PlannedTask, "clustering_output_dir" | "task_mode">;

/** Makes sure that no other task has the output directory of this one, in the database or among those that are planned with it.
 * @throws TaskError naming the other task */
export async function refuseSharedOutput(
  task: Omit<PlannedTask, "task_mode">,
  planned: readonly PlannedTask[] = [],
): Promise<void> {
  const { clustering_output_dir } = task;
  const there = await ClusteringTask.restrict({ clustering_output_dir }).fetch();
  const other = [
    ...there,
    ...planned.filter((one) => one.clustering_output_dir === clustering_output_dir),
  ].find((one) => keyText(one) !== keyText(task));
  if (other !== undefined)
    throw new TaskError(
      `No task for ${keyText(task)}: its results would go into '${clustering_output_dir}', where those of ${keyText(other)} are. Two sessions have one folder; delete the one that is wrong.`,
    );
}

/** @throws TaskError when the task has its clustering */
async function refuseDone(task: TaskKey, from: string, to: string): Promise<void> {
  if ((await Clustering.restrict({ ...task }).count()) > 0)
    throw new TaskError(
      `The task ${keyText(task)} is done with mode '${from}', so its mode cannot become '${to}'. Delete its Clustering row first, or add another parameter set.`,
    );
}

function keyText(key: TaskKey): string {
  return `${key.subject} ${key.session_datetime} insertion ${key.insertion_number} paramset ${key.paramset_idx}`;
}
