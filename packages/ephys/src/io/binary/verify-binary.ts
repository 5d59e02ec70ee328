/**
 * @module
 * Whether a plain binary recording fits its description.
 */
import { type Problem, type RecordingVerdict, tryStep, uniformOrList } from "../verdict.ts";
import { openBinary } from "./open-binary.ts";
import { readDescription } from "./read-description.ts";

/** Verifies a recording. Never throws for a bad one. @param path  absolute path of the description */
export async function verifyBinary(path: string): Promise<RecordingVerdict> {
  const problems: Problem[] = [];
  const description = await tryStep(problems, () => readDescription(path));
  const recording = description && (await tryStep(problems, () => openBinary(path)));
  await recording?.close();
  const sampleCount = recording?.sampleCount ?? null;
  const rate = description?.samplingRateHz;
  return {
    format: "binary",
    path,
    sampleCount,
    channelCount: description?.columns.length ?? null,
    samplingRateHz: rate ?? null,
    gainUvPerBit: uniformOrList(description?.gainUvPerBit),
    durationS: sampleCount === null || rate === undefined ? null : sampleCount / rate,
    probe: description
      ? {
          part: description.probe.part,
          serial: description.probe.serial,
          contactCount: description.probe.x.length,
        }
      : null,
    problems,
  };
}
