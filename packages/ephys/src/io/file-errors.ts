/**
 * @module
 * Node's file errors as ours: by code, never by text, the original as the cause.
 */
import { RecordingError } from "../errors.ts";

const HINTS: Readonly<Record<string, string>> = {
  ENOENT: "does not exist. Check the path, and that the disk or share is mounted.",
  EACCES: "may not be read by this user. Check its permissions.",
  EPERM: "may not be read by this user. Check its permissions.",
  EISDIR: "is a folder, and a file was expected.",
  ENOTDIR: "has a file where a folder was expected.",
  EMFILE: "cannot be opened: this process has too many files open.",
};

/** Makes a RecordingError of what `node:fs` threw. `missingCode` is the code for a file that does not exist. */
export function asRecordingError(
  error: unknown,
  path: string,
  missingCode: string,
  what: string,
): RecordingError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const hint = HINTS[code] ?? `cannot be read (${error instanceof Error ? error.message : String(error)}).`;
  return new RecordingError(
    `${what} '${path}' ${hint}`,
    code === "ENOENT" ? missingCode : "unreadable",
    path,
    { cause: error },
  );
}
