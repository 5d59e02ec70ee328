/**
 * @module
 * A worker thread of the sorter: opens the recording again and does the jobs that the pool sends. Started by `JobPool`, never imported.
 */
import { parentPort } from "node:worker_threads";
import { EphysError } from "../errors.ts";
import { openRecording } from "../io/open-recording.ts";
import type { PoolMessage, WorkerMessage } from "./job-pool.ts";
import { JobTools } from "./job-tools.ts";
import { JOBS } from "./jobs.ts";

const port = parentPort;
if (port === null)
  throw new EphysError("sorter-worker.ts is a worker thread's program; it is started by JobPool");

let tools: Promise<JobTools> | undefined;
let stage: unknown;

port.on("message", async (message: PoolMessage) => {
  if (message.kind === "setup") {
    const { setup } = message;
    tools = openRecording(setup.source).then((recording) => new JobTools(setup, recording));
    tools.catch(() => undefined); // told to whoever sends a job
    return;
  }
  if (message.kind === "stage") {
    stage = message.stage;
    return;
  }
  const { name, index, item } = message;
  try {
    const job = JOBS[name] as (tools: JobTools, stage: unknown, item: unknown) => Promise<unknown>;
    if (tools === undefined) throw new EphysError("A job came before the setup");
    const result = await job(await tools, stage, item);
    port.postMessage({ kind: "result", index, result } satisfies WorkerMessage);
  } catch (error) {
    port.postMessage({ kind: "failure", index, error } satisfies WorkerMessage);
  }
});
