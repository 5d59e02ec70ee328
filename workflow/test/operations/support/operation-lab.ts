/**
 * @module
 * A database file with the tables of the workers and a step of its own, `data.Result`, whose keys can be told to fail or to take long.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Connection, connect, findQueue, readJobs, Schema } from "@tenon/datajoint";
import { bindOperationTables } from "../../../src/operations/operation-tables.ts";
import * as workerLog from "../../../src/pipeline/worker-log.ts";

const schema = new Schema();
export class Source extends schema.manual(`
  source_id : int
`) {}
export class Result extends schema.computed(
  `
  -> Source
  ---
  value : int
`,
  { Source },
) {}

/** What the computation of a source throws. */
export const errors = new Map<number, Error>();
/** How long each takes, ms. */
export const pace = { ms: 0 };
/** Sources in the order in which they were computed. */
export const computed: number[] = [];

Result.makes({
  fetch: (key) => key.source_id,
  compute: async (_key, id) => {
    computed.push(id);
    if (pace.ms > 0) await sleep(pace.ms);
    const error = errors.get(id);
    if (error !== undefined) throw error;
    return id * 2;
  },
  insert: async (key, value) => {
    await Result.insert([{ ...key, value }]);
  },
});

export interface OperationLab {
  readonly connection: Connection;
  close(): Promise<void>;
}

export async function openOperationLab(): Promise<OperationLab> {
  const folder = mkdtempSync(join(tmpdir(), "tenon-operation-"));
  const connection = await connect({ kind: "sqlite", path: join(folder, "operation.sqlite") });
  await workerLog.schema.activate(connection, "t_workerlog", workerLog);
  await bindOperationTables(connection, { prefix: "t_", generation: "legacy" });
  await schema.activate(connection, "t_data", { Source, Result });
  return {
    connection,
    async close() {
      await connection.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Sources whose job failed. */
export async function failedSources(): Promise<number[]> {
  const jobs = await readJobs((await findQueue(Result))!, "error");
  return jobs.map(({ key }) => Number(key["source_id"])).toSorted((a, b) => a - b);
}
