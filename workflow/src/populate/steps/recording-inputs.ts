/**
 * @module
 * The files of a recording, as inputs of a manifest.
 */
import type { Recording } from "@tenon/ephys";
import { type InputFile, inputFiles } from "./manifest.ts";

/** The file that describes the recording, and that of its samples. */
export function recordingInputs(recording: Recording): Promise<InputFile[]> {
  return inputFiles(
    new Set([recording.source.path, ...(recording.file === undefined ? [] : [recording.file.path])]),
  );
}
