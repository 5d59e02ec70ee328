/**
 * @module
 * Opens a recording from wherever a person or a worker points.
 */
import type { Recording, RecordingSource } from "../core/recording.ts";
import { RecordingError } from "../errors.ts";
import { findRecordings } from "./find-recordings.ts";
import { FORMATS } from "./formats.ts";
import { lfMetaPathOf } from "./spikeglx/find-spikeglx.ts";

/**
 * Opens a recording. Of a SpikeGLX probe's folder it is the AP band; name the `.lf.bin` to read the LF band.
 *
 * @param from  a session, run or probe folder that holds one recording, a `.bin`, `.meta` or `.json`, or a recording's `source`
 * @throws RecordingError `several-recordings` listing them when a folder holds more than one, `no-recording`, `missing`, and the codes of
 *   the format's reader (see `verify-session.ts`)
 */
export async function openRecording(from: string | RecordingSource): Promise<Recording> {
  const source = typeof from === "string" ? await theOnlyRecording(from) : from;
  const format = FORMATS.find(({ name }) => name === source.format);
  if (format === undefined)
    throw new RecordingError(
      `Recording format '${source.format}' is not known; known are ${FORMATS.map(({ name }) => name).join(", ")}`,
      "no-recording",
      source.path,
    );
  return format.open(source.path);
}

/** Opens the LF band that was recorded beside a recording (`.lf.bin` of SpikeGLX); undefined when there is none.
 * @throws RecordingError when there is one and it cannot be read: a broken LF file is not the same as none */
export async function openLfBand(recording: Recording): Promise<Recording | undefined> {
  const path = recording.source.format === "spikeglx" ? lfMetaPathOf(recording.source.path) : undefined;
  if (path === undefined) return undefined;
  try {
    await findRecordings(path);
  } catch (error) {
    if (error instanceof RecordingError && error.code === "missing") return undefined;
    throw error;
  }
  return openRecording({ format: "spikeglx", path });
}

async function theOnlyRecording(path: string): Promise<RecordingSource> {
  const found = await findRecordings(path);
  if (found.length > 1)
    throw new RecordingError(
      `'${path}' holds ${found.length} recordings; name one of them:\n${found.map((source) => `  ${source.path}`).join("\n")}`,
      "several-recordings",
      path,
    );
  return found[0];
}
