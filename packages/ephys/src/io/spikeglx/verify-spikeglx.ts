/**
 * @module
 * Whether a SpikeGLX stream is complete and makes sense: every check that can fail is made, and each failure reported.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { RecordingError } from "../../errors.ts";
import { asRecordingError } from "../file-errors.ts";
import {
  type Problem,
  type RecordingVerdict,
  tryStep,
  uniformOrList,
  type VerifyOptions,
} from "../verdict.ts";
import { type MetaColumns, readColumns } from "./meta-columns.ts";
import { readGains } from "./meta-gains.ts";
import { readIdentity, readProbe } from "./meta-probe.ts";
import { binPathOf, checkDuration, readMeta, readSamplingRate, statedBytes } from "./open-spikeglx.ts";
import type { SpikeGlxMeta } from "./parse-meta.ts";

/** A file that changed so lately may still be being written or copied. */
const GROWING_WITHIN_MS = 60_000;

/** Verifies an imec stream. Never throws for a bad recording. @param metaPath  absolute path, whether or not the file is there */
export async function verifySpikeGlx(
  metaPath: string,
  options: VerifyOptions = {},
): Promise<RecordingVerdict> {
  const problems: Problem[] = [];
  const binPath = binPathOf(metaPath);
  const size = await tryStep(problems, () => checkBin(binPath));
  const meta = await tryStep(problems, () => readMeta(metaPath));
  if (meta === undefined) return emptyVerdict(metaPath, problems);
  const columns = await tryStep(problems, () => readColumns(meta));
  const rate = await tryStep(problems, () => readSamplingRate(meta));
  const gains = columns && (await tryStep(problems, () => readGains(meta, columns)));
  const probe = columns && (await tryStep(problems, () => readProbe(meta, columns)));
  checkIdentity(meta, problems);
  await tryStep(problems, () => checkDuration(meta));
  if (size !== undefined) {
    await tryStep(problems, () => checkSize(meta, binPath, size.bytes, columns));
    // a short file that changed just now is more likely still on its way than cut
    const age = (options.now ?? Date.now()) - size.modifiedMs;
    if (problems.some(({ code }) => code === "truncated" || code === "unfinished") && age < GROWING_WITHIN_MS)
      problems.push({
        code: "growing",
        message: `'${binPath}' changed ${Math.max(0, Math.round(age / 1000))} s ago: it may still be being written or copied. Verify again in a minute.`,
      });
    if (options.checkSha1 === true) await tryStep(problems, () => checkSha1(meta, binPath));
  }
  const sampleCount = size && columns ? Math.floor(size.bytes / (2 * columns.columnCount)) : null;
  const identity = readIdentity(meta);
  return {
    format: "spikeglx",
    path: metaPath,
    sampleCount,
    channelCount: columns?.channelIds.length ?? null,
    samplingRateHz: rate ?? null,
    gainUvPerBit: uniformOrList(gains),
    durationS: sampleCount === null || rate === undefined ? null : sampleCount / rate,
    probe: { part: identity.part, serial: identity.serial, contactCount: probe?.x.length ?? 0 },
    problems,
  };
}

function emptyVerdict(path: string, problems: readonly Problem[]): RecordingVerdict {
  return {
    format: "spikeglx",
    path,
    sampleCount: null,
    channelCount: null,
    samplingRateHz: null,
    gainUvPerBit: null,
    durationS: null,
    probe: null,
    problems,
  };
}

async function checkBin(binPath: string): Promise<{ bytes: number; modifiedMs: number }> {
  try {
    const { size, mtimeMs } = await stat(binPath);
    return { bytes: size, modifiedMs: mtimeMs };
  } catch (error) {
    throw asRecordingError(error, binPath, "missing-bin", "The file of samples");
  }
}

function checkIdentity(meta: SpikeGlxMeta, problems: Problem[]): void {
  const { part, layout } = readIdentity(meta);
  if (part !== "unknown" && layout !== undefined) return;
  const named = meta.values.get("imDatPrb_pn") ?? "";
  problems.push({
    code: "unknown-probe",
    message:
      `'${meta.path}': probe part '${named}' (type ${meta.values.get("imDatPrb_type") ?? "not stated"}) is not in the table of parts. ` +
      (layout === undefined
        ? "Electrode numbers cannot be told. Correct imDatPrb_pn in the meta file, or add the part to core/probe-parts.ts."
        : "The layout of its type is assumed. Correct imDatPrb_pn in the meta file."),
  });
}

/** Compares size, meta and column count; a file of no bytes, a cut one and one with other columns are told apart. */
function checkSize(
  meta: SpikeGlxMeta,
  binPath: string,
  bytes: number,
  columns: MetaColumns | undefined,
): void {
  if (bytes === 0)
    throw new RecordingError(
      `'${binPath}' has 0 bytes: the recording did not run, or the copy failed. Copy it again from the rig.`,
      "empty",
      binPath,
    );
  const expected = statedBytes(meta);
  if (bytes !== expected)
    throw new RecordingError(
      `'${binPath}' has ${bytes} bytes, expected ${expected} (fileSizeBytes): ` +
        (bytes < expected
          ? `${expected - bytes} bytes are missing. `
          : `${bytes - expected} bytes too many. `) +
        "Copy it again from the rig.",
      bytes < expected ? "truncated" : "size-mismatch",
      binPath,
    );
  if (columns !== undefined && bytes % (2 * columns.columnCount) !== 0)
    throw new RecordingError(
      `'${binPath}' has ${bytes} bytes, which is no whole number of samples of ${columns.columnCount} columns ` +
        `(${2 * columns.columnCount} bytes each; expected ${bytes - (bytes % (2 * columns.columnCount))}). ` +
        "It was cut, or nSavedChans is wrong: copy both files again from the rig.",
      "truncated",
      binPath,
    );
}

async function checkSha1(meta: SpikeGlxMeta, binPath: string): Promise<void> {
  const stated = meta.values.get("fileSHA1") ?? "";
  if (!/^[0-9a-f]{40}$/i.test(stated))
    throw new RecordingError(`'${meta.path}' states no fileSHA1 to compare with`, "no-sha1", meta.path);
  const hash = createHash("sha1");
  await pipeline(createReadStream(binPath), hash);
  const got = hash.digest("hex");
  if (got === stated.toLowerCase()) return;
  throw new RecordingError(
    `'${binPath}' has SHA1 ${got}, the meta says ${stated.toLowerCase()}: its content changed. Copy it again from the rig.`,
    "sha1-mismatch",
    binPath,
  );
}
