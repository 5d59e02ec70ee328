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

/** Duration that meta and size may differ by: some versions round `fileTimeSecs` to a millisecond. */
const DURATION_TOLERANCE_S = 0.002;

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
  throw new RecordingError(
    `'${meta.path}': imSampRate must be above 0, got ${rate}. The meta file was edited: copy it again from the rig.`,
    "bad-meta",
    meta.path,
  );
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

/** @throws RecordingError `duration-mismatch` when the meta contradicts itself on how long the recording is */
export function checkDuration(meta: SpikeGlxMeta): void {
  const stated = metaNumber(meta, "fileTimeSecs");
  const bytes = metaNumber(meta, "fileSizeBytes");
  if (stated === undefined || bytes === undefined) return;
  const columns = requireMetaNumber(meta, "nSavedChans");
  const seconds = bytes / 2 / columns / readSamplingRate(meta);
  if (Math.abs(seconds - stated) <= DURATION_TOLERANCE_S + 1e-4 * stated) return;
  throw new RecordingError(
    `'${meta.path}': fileTimeSecs says ${stated} s; fileSizeBytes, nSavedChans and imSampRate make ${seconds.toFixed(3)} s. ` +
      "One of them was edited, and with a wrong column count every sample would be of another channel: copy the meta file again from the rig.",
    "duration-mismatch",
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
  checkDuration(meta);
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
    int16Samples: file.int16Rows(columns.channelColumns),
    file: {
      path: file.path,
      type: "int16",
      columnCount: columns.columnCount,
      headerBytes: 0,
      channelColumns: columns.channelColumns,
    },
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
