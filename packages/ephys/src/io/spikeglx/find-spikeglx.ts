/**
 * @module
 * SpikeGLX recordings among the files of a folder: `run_g0_t0.imec0.ap.bin` and its companions.
 *
 * A recording is one probe in one file: the `.ap` stream, or the `.lf` one where there is no `.ap`. A `.bin` without its `.meta` (and the
 * other way round) is found too, so that it can be reported.
 */

const STREAM_FILE = /\.(ap|lf)\.(?:bin|meta)$/i;

/** Paths of the `.meta` files (there or not) that identify the recordings among `files`, in their order. */
export function findSpikeGlx(files: readonly string[]): string[] {
  const found = new Map<string, { ap: string | undefined; lf: string | undefined }>();
  for (const file of files) {
    const match = STREAM_FILE.exec(file);
    if (match === null) continue;
    const stem = file.slice(0, match.index);
    const streams = found.get(stem) ?? { ap: undefined, lf: undefined };
    const band = match[1].toLowerCase() === "ap" ? "ap" : "lf";
    streams[band] ??= `${file.slice(0, file.lastIndexOf("."))}.meta`;
    found.set(stem, streams);
  }
  return [...found.values()].map(({ ap, lf }) => ap ?? lf ?? "").filter((path) => path !== "");
}

/** The path of the LF stream that belongs to an AP stream, whether or not it is there; undefined for a path that is none. */
export function lfMetaPathOf(apMetaPath: string): string | undefined {
  const lf = apMetaPath.replace(/\.ap\.meta$/i, ".lf.meta");
  return lf === apMetaPath ? undefined : lf;
}
