/**
 * @module
 * A worker thread that whitens a stretch by the plan it is handed.
 */
import { parentPort, workerData } from "node:worker_threads";
import type { PreprocessingPlan } from "../../../src/preprocessing/preprocessing-plan.ts";
import { Preprocessor } from "../../../src/preprocessing/preprocessor.ts";
import { formulaRecording } from "./formula-recording.ts";

const plan = workerData as PreprocessingPlan;
const traces = await Preprocessor.create(plan).whiten(formulaRecording(9000, plan.channelCount), 3000, 8000);
parentPort?.postMessage(traces.data);
