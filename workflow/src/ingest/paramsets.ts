/**
 * @module
 * Parameter sets and clustering tasks (pipeline contract 2.5): validated, hashed as Python does, numbered without a race.
 */
import type { Connection } from "@tenon/datajoint";
import {
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
  if (!methods.includes(paramset.method))
    throw new TaskError(
      `Unknown clustering method '${paramset.method}'. The database has: ${methods.join(", ")}.`,
    );
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

export interface NewTasks {
  readonly subject?: string | undefined;
  readonly datetime?: string | undefined;
  readonly insertion?: number | undefined;
  readonly paramset: number;
  readonly mode: "load" | "trigger";
}

export interface PlannedTask {
  readonly subject: string;
  readonly session_datetime: string;
  readonly insertion_number: number;
  readonly paramset_idx: number;
  readonly clustering_output_dir: string;
  readonly task_mode: "load" | "trigger";
}

/** The tasks for the insertions that match and have none yet with this parameter set. A task needs its EphysRecording row, so
 *  insertions that were not ingested yet are returned apart.
 * @throws TaskError when nothing matches or the parameter set is not there */
export async function planTasks(
  request: NewTasks,
): Promise<{ tasks: PlannedTask[]; notIngested: number; present: number }> {
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
  let [notIngested, present] = [0, 0];
  for (const { subject, session_datetime, insertion_number } of insertions) {
    const key = { subject, session_datetime, insertion_number };
    const task = { ...key, paramset_idx: request.paramset };
    if ((await ClusteringTask.restrict(task).count()) > 0) present++;
    else if ((await EphysRecording.restrict(key).count()) === 0) notIngested++;
    else {
      const { session_dir } = await SessionDirectory.restrict({ subject, session_datetime }).fetch1();
      tasks.push({
        ...task,
        clustering_output_dir: outputDirectory(
          session_dir,
          insertion_number,
          paramset.clustering_method,
          request.paramset,
        ),
        task_mode: request.mode,
      });
    }
  }
  return { tasks, notIngested, present };
}
