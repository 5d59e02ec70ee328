/**
 * @module
 * What each column of a SpikeGLX `.bin` is: which band, which acquired channel, and how many sync words follow.
 *
 * Columns are in the order AP, LF, SY, each kind in the order of its acquired ids. `snsApLfSy` counts the *saved* columns of each kind,
 * `acqApLfSy` the acquired ones; `snsSaveChanSubset` lists acquired ids, in which LF comes after all AP and SY after all LF.
 */
import { RecordingError } from "../../errors.ts";
import { parseIdRuns, requireMetaNumber, type SpikeGlxMeta, toNumber } from "./parse-meta.ts";

export type Band = "ap" | "lf";

export interface MetaColumns {
  readonly band: Band;
  /** Columns of the file. */
  readonly columnCount: number;
  /** Columns of the band's channels, in file order. */
  readonly channelColumns: Int32Array;
  /** Acquired id of each channel, counted in its band from 0: the entry of `imroTbl` and the `n` of the name `APn`. */
  readonly channelIds: Int32Array;
  readonly channelNames: readonly string[];
  readonly syncColumns: Int32Array;
  /** Acquired channels of the band. */
  readonly acquiredCount: number;
}

/**
 * Reads the columns of an imec stream.
 *
 * @throws RecordingError `not-imec` for a nidq or OneBox stream, `channel-count-mismatch`, `bad-meta`
 */
export function readColumns(meta: SpikeGlxMeta): MetaColumns {
  const kind = meta.values.get("typeThis") ?? "imec";
  const counts = meta.values.get("snsApLfSy");
  if (kind !== "imec" || counts === undefined)
    throw new RecordingError(
      `'${meta.path}' describes a stream of type '${kind}'${counts === undefined ? " without 'snsApLfSy'" : ""}; ` +
        "only imec probes (.ap, .lf) have electrodes. Name the probe's .ap.meta.",
      kind === "imec" ? "bad-meta" : "not-imec",
      meta.path,
    );
  const [apCount, lfCount, syncCount] = threeCounts(counts, meta, "snsApLfSy");
  const columnCount = requireMetaNumber(meta, "nSavedChans");
  if (apCount + lfCount + syncCount !== columnCount)
    throw new RecordingError(
      `'${meta.path}': snsApLfSy=${counts} makes ${apCount + lfCount + syncCount} columns, nSavedChans says ${columnCount}. ` +
        "The meta file was edited or belongs to another recording: copy it again from the rig.",
      "channel-count-mismatch",
      meta.path,
    );
  const band = bandOf(meta, apCount, lfCount);
  const [acquiredAp, acquiredLf, acquiredSync] = acquiredCounts(meta);
  const ids = savedIds(meta, columnCount, acquiredAp, acquiredLf, acquiredSync, counts);
  const first = band === "ap" ? 0 : apCount;
  const count = band === "ap" ? apCount : lfCount;
  const firstId = band === "ap" ? 0 : acquiredAp;
  const acquiredCount = band === "ap" ? acquiredAp : acquiredLf;
  const channelIds = ids.slice(first, first + count).map((id) => id - firstId);
  checkIds(meta, channelIds, acquiredCount, band);
  return {
    band,
    columnCount,
    channelColumns: Int32Array.from({ length: count }, (_, i) => first + i),
    channelIds,
    channelNames: Array.from(channelIds, (id) => `${band.toUpperCase()}${id}`),
    syncColumns: Int32Array.from({ length: syncCount }, (_, i) => apCount + lfCount + i),
    acquiredCount,
  };
}

function bandOf(meta: SpikeGlxMeta, apCount: number, lfCount: number): Band {
  if (apCount === 0 && lfCount === 0)
    throw new RecordingError(
      `'${meta.path}' saved no AP and no LF channel, only sync: there is nothing to read.`,
      "empty",
      meta.path,
    );
  if (apCount === 0) return "lf";
  return lfCount > 0 && /\.lf\.meta$/i.test(meta.path) ? "lf" : "ap";
}

function acquiredCounts(meta: SpikeGlxMeta): [number, number, number] {
  const text = meta.values.get("acqApLfSy");
  if (text !== undefined && !meta.values.has("snsSaveChanSubset_orig"))
    return threeCounts(text, meta, "acqApLfSy");
  // versions that lack the key: imroTbl has an entry per acquired channel, and 1.0 probes as many LF as AP
  const acquired = meta.tables.get("imroTbl")?.entries ?? [];
  const hasLf = (acquired[0]?.length ?? 0) >= 5 && meta.values.get("imChan0lfGain") !== "0";
  return [acquired.length, hasLf ? acquired.length : 0, 1];
}

function savedIds(
  meta: SpikeGlxMeta,
  columnCount: number,
  ap: number,
  lf: number,
  sync: number,
  counts: string,
): Int32Array {
  const subset = meta.values.get("snsSaveChanSubset") ?? "all";
  // IBL's splitting by shank numbers the subset anew from 0 and keeps the acquired ids in `_orig`
  const runs = meta.values.get("snsSaveChanSubset_orig") ?? subset;
  const text = /^all$/i.test(runs.trim()) || runs.trim() === "" ? undefined : runs;
  const ids =
    text === undefined ? allIds(counts, meta, ap, lf, sync) : parseIdRuns(text, meta, "snsSaveChanSubset");
  if (ids.length !== columnCount)
    throw new RecordingError(
      `'${meta.path}': snsSaveChanSubset=${runs} lists ${ids.length} channels, nSavedChans says ${columnCount}. ` +
        "The meta file was edited or belongs to another recording: copy it again from the rig.",
      "channel-count-mismatch",
      meta.path,
    );
  return ids;
}

function allIds(counts: string, meta: SpikeGlxMeta, ap: number, lf: number, sync: number): Int32Array {
  const [savedAp, savedLf, savedSync] = threeCounts(counts, meta, "snsApLfSy");
  // "all" of a band's file means all of that band and the sync words
  const run = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i);
  return Int32Array.from([
    ...run(0, Math.min(savedAp, ap)),
    ...run(ap, Math.min(savedLf, lf)),
    ...run(ap + lf, Math.min(savedSync, sync)),
  ]);
}

function checkIds(meta: SpikeGlxMeta, ids: Int32Array, acquiredCount: number, band: Band): void {
  const wrong = ids.find((id) => id < 0 || id >= acquiredCount);
  if (wrong === undefined) return;
  throw new RecordingError(
    `'${meta.path}': saved ${band.toUpperCase()} channel ${wrong} is not one of the ${acquiredCount} acquired; ` +
      "snsApLfSy, acqApLfSy and snsSaveChanSubset contradict each other.",
    "channel-count-mismatch",
    meta.path,
  );
}

function threeCounts(text: string, meta: SpikeGlxMeta, key: string): [number, number, number] {
  const counts = text.split(",").map((part) => toNumber(part, meta, key));
  if (counts.length !== 3)
    throw new RecordingError(
      `'${meta.path}': ${key} must be three numbers (AP,LF,SY), got '${text}'`,
      "bad-meta",
      meta.path,
    );
  return [counts[0], counts[1], counts[2]];
}
