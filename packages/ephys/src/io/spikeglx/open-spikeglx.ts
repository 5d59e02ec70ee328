/**
 * @module
 * A SpikeGLX imec stream (`.ap.bin` or `.lf.bin` with its `.meta`) as a recording.
 */
import { readFile } from "node:fs/promises";
import type { Recording } from "../../core/recording.ts";
import { makeTraces } from "../../core/traces.ts";
import { RecordingError } from "../../errors.ts";
import { asRecordingError } from "../file-errors.ts";
import { checkRange, SampleFile } from "../sample-file.ts";
import { readColumns } from "./meta-columns.ts";
import { readGains } from "./meta-gains.ts";
import { readProbe } from "./meta-probe.ts";
import { metaNumber, parseMeta, requireMetaNumber, type SpikeGlxMeta } from "./parse-meta.ts";

/** Reads and parses a `.meta` file. @throws RecordingError `missing-meta`, `bad-meta` when it is empty or not text */
export async function readMeta(metaPath: string): Promise<SpikeGlxMeta> {
  let text: string;
  try {
    text = await readFile(metaPath, "utf8");
  } catch (error) {
    throw asRecordingError(error, metaPath, "missing-meta", "The meta file");
  }
  const meta = parseMeta(text, metaPath);
  if (meta.values.size === 0)
    throw new RecordingError(
      `'${metaPath}' holds no line 'key=value' (${text.length} characters). It was cut: copy it again from the rig.`,
      "bad-meta",
      metaPath,
    );
  return meta;
}

/** The `.bin` that belongs to a `.meta`. */
export function binPathOf(metaPath: string): string {
  return metaPath.replace(/\.meta$/i, ".bin");
}

/** The `.meta` that belongs to a `.bin`. */
export function metaPathOf(binPath: string): string {
  return /\.bin$/i.test(binPath) ? binPath.replace(/\.bin$/i, ".meta") : `${binPath}.meta`;
}

/** Sampling rate of an imec stream, Hz. @throws RecordingError `bad-meta` */
export function readSamplingRate(meta: SpikeGlxMeta): number {
  const rate = requireMetaNumber(meta, "imSampRate");
  if (rate > 0) return rate;
  throw new RecordingError(`'${meta.path}': imSampRate must be above 0, got ${rate}`, "bad-meta", meta.path);
}

/** Bytes that the meta promises. @throws RecordingError `unfinished` when SpikeGLX has not written them, as it does at the end */
export function statedBytes(meta: SpikeGlxMeta): number {
  const stated = metaNumber(meta, "fileSizeBytes");
  if (stated !== undefined && stated > 0) return stated;
  throw new RecordingError(
    `'${meta.path}' does not state fileSizeBytes, which SpikeGLX writes when a run ends. ` +
      "The run is still going on, or the program was killed: how much was recorded cannot be told.",
    "unfinished",
    meta.path,
  );
}

/**
 * Opens an imec stream.
 *
 * @param metaPath  absolute path of the `.meta`; the `.bin` is beside it
 * @throws RecordingError with a code of `verify-session.ts`; the file's size must be the meta's fileSizeBytes
 */
export async function openSpikeGlx(metaPath: string): Promise<Recording> {
  const meta = await readMeta(metaPath);
  const columns = readColumns(meta);
  const samplingRateHz = readSamplingRate(meta);
  const gainUvPerBit = readGains(meta, columns);
  const probe = readProbe(meta, columns);
  const expectedBytes = statedBytes(meta);
  const file = await SampleFile.open(
    binPathOf(metaPath),
    { type: "int16", isLittleEndian: true, columnCount: columns.columnCount, headerBytes: 0 },
    expectedBytes,
  );
  const channelCount = columns.channelColumns.length;
  return {
    source: { format: "spikeglx", path: metaPath },
    sampleCount: file.sampleCount,
    channelCount,
    samplingRateHz,
    gainUvPerBit,
    channelNames: columns.channelNames,
    probe,
    syncColumnCount: columns.syncColumns.length,
    readSync:
      columns.syncColumns.length === 0
        ? undefined
        : (start, end) => file.readIntegers(start, end, columns.syncColumns),
    startTime: meta.values.get("fileCreateTime_original") ?? meta.values.get("fileCreateTime"),
    firstSample: metaNumber(meta, "firstSample"),
    async read(start, end, out) {
      checkRange(start, end, file.sampleCount);
      const traces = makeTraces(end - start, channelCount, out);
      await file.readScaled(start, end, columns.channelColumns, gainUvPerBit, undefined, traces.data);
      return traces;
    },
    close: () => file.close(),
  };
}
