/**
 * @module
 * The recording that a probe made, among those of a session folder.
 */
import { basename, dirname } from "node:path";
import { findRecordings, openRecording, type Recording, RecordingError } from "@tenon/ephys";
import { PathError } from "./paths.ts";

/** Opens the recording of a session folder that was made with the probe of this serial number. A recording that does not say its
 *  probe counts when it is the only one. One of another probe that cannot be read is passed over.
 * @throws PathError naming what was found, or the two recordings that the probe has; RecordingError when the only one is not complete */
export async function openRecordingOfProbe(folder: string, serial: string): Promise<Recording> {
  const seen: string[] = [];
  const unreadable: RecordingError[] = [];
  const sources = await findRecordings(folder);
  let found: Recording | undefined;
  for (const source of sources) {
    const recording = await openRecording(source).catch((error: unknown) => {
      if (!(error instanceof RecordingError) || sources.length === 1) throw error;
      unreadable.push(error);
    });
    if (recording === undefined) continue;
    const own = recording.probe.serial;
    if (own !== serial && (own !== "" || sources.length > 1)) {
      seen.push(`${own || "no serial"} (${basename(source.path)})`);
      await recording.close();
    } else if (found === undefined) found = recording;
    else {
      await recording.close();
      await found.close();
      throw new PathError(
        `Probe ${serial} has two recordings below ${folder}: ${found.source.path} and ${source.path}. Which one is meant cannot be told: move one of them out of the session's folder.`,
        folder,
      );
    }
  }
  if (found !== undefined) return found;
  const others = seen.length === 0 ? "" : `; found: ${seen.join(", ")}`;
  const broken = unreadable.map(({ message }) => ` Not readable: ${message}`).join("");
  throw new PathError(`No recording of probe ${serial} below ${folder}${others}.${broken}`, folder);
}

/** The insertion number that a recording's folder or file name tells (`..._imec1` → 1), else its place in the list. */
export function insertionNumber(path: string, index: number): number {
  const named = /imec(\d+)$/.exec(basename(dirname(path))) ?? /\.imec(\d+)\./.exec(basename(path));
  return named === null ? index : Number(named[1]);
}
