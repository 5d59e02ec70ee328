/**
 * @module
 * The verdict on a session folder or a single recording: what it is, and whether it is complete.
 *
 * Problem codes, a promise to scripts: `missing` (the path), `no-recording`, `missing-meta`, `missing-bin`, `empty`, `truncated`,
 * `size-mismatch` (longer than stated), `unfinished` (the run never ended), `growing` (cut, and changed within the last minute),
 * `duration-mismatch`, `channel-count-mismatch`, `not-imec`, `bad-meta`, `no-gain`, `no-geometry`, `geometry-mismatch`,
 * `unknown-probe`, `sha1-mismatch` and `no-sha1` (only when asked), `missing-description`, `bad-description`, `bad-json`,
 * `missing-probe`, `bad-probe`, `unreadable`.
 */
import { dirname, resolve } from "node:path";
import { findRecordings } from "./find-recordings.ts";
import { FORMATS } from "./formats.ts";
import { listFiles } from "./list-files.ts";
import { findSpikeGlx, lfMetaPathOf } from "./spikeglx/find-spikeglx.ts";
import { problemOf, type RecordingVerdict, type VerifyOptions } from "./verdict.ts";

/** The verdict on the first recording, and, when there are several, on each. */
export interface SessionVerdict extends RecordingVerdict {
  /** All recordings, the first included; absent when there is only one. `problems` at the top then holds those of all. */
  readonly recordings?: readonly RecordingVerdict[];
}

/**
 * Verifies a session folder, a run folder or a recording's file. Never throws for a bad one: it reports.
 * A probe's LF stream, when there is one, is verified with its AP stream.
 */
export async function verifySession(path: string, options: VerifyOptions = {}): Promise<SessionVerdict> {
  try {
    const verdicts: RecordingVerdict[] = [];
    for (const { format: name, path: found } of await findRecordings(path)) {
      const format = FORMATS.find((candidate) => candidate.name === name);
      if (format === undefined) continue;
      const verdict = await format.verify(found, options);
      const companion = name === "spikeglx" ? await lfCompanion(found) : undefined;
      const problems = companion === undefined ? [] : (await format.verify(companion, options)).problems;
      verdicts.push({ ...verdict, problems: [...verdict.problems, ...problems] });
    }
    const [first] = verdicts;
    if (verdicts.length === 1) return first;
    return { ...first, problems: verdicts.flatMap((verdict) => verdict.problems), recordings: verdicts };
  } catch (error) {
    return {
      format: "unknown",
      path: resolve(path),
      sampleCount: null,
      channelCount: null,
      samplingRateHz: null,
      gainUvPerBit: null,
      durationS: null,
      probe: null,
      problems: [problemOf(error)],
    };
  }
}

/** The `.lf.meta` beside an `.ap.meta` when it or its `.bin` is there. */
async function lfCompanion(metaPath: string): Promise<string | undefined> {
  const lf = lfMetaPathOf(metaPath);
  if (lf === undefined) return undefined;
  const files = await listFiles(dirname(metaPath), 0);
  const streams = findSpikeGlx(files.filter((file) => /\.lf\.(bin|meta)$/i.test(file)));
  return streams.includes(lf) ? lf : undefined;
}
