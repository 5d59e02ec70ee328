/**
 * @module
 * A SpikeGLX run of a few channels and samples, written for a test to read and to damage.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder that is removed when the test lets go of it (`await using`). */
export async function temporaryFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "tenon-test-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

export interface TinyRun {
  readonly samples?: Int16Array;
  readonly imec?: number;
  readonly band?: "ap" | "lf";
  /** Lines that replace or add to the meta's; null leaves a key out. */
  readonly meta?: Readonly<Record<string, string | number | null>>;
  /** Run folder's name. Default run_g0. */
  readonly run?: string;
}

export const TINY_CHANNELS = 4;
export const TINY_COLUMNS = TINY_CHANNELS + 1;

/** Sample t of column c is `10 t + c`. */
export function tinySamples(sampleCount: number): Int16Array {
  return Int16Array.from(
    { length: sampleCount * TINY_COLUMNS },
    (_, i) => 10 * Math.floor(i / TINY_COLUMNS) + (i % TINY_COLUMNS),
  );
}

/** Writes one NP1010 stream of 4 channels and a sync word below `folder`. @returns paths of its files */
export async function writeTinyRun(folder: string, options: TinyRun = {}) {
  const { samples = tinySamples(20), imec = 0, band = "ap", run = "run_g0" } = options;
  const probeFolder = join(folder, run, `${run}_imec${imec}`);
  await mkdir(probeFolder, { recursive: true });
  const stem = join(probeFolder, `${run}_t0.imec${imec}.${band}`);
  const isAp = band === "ap";
  const rate = isAp ? 30000 : 2500;
  const entries = (make: (i: number) => string) =>
    Array.from({ length: TINY_CHANNELS }, (_, i) => `(${make(i)})`).join("");
  const meta: Record<string, string | number | null> = {
    acqApLfSy: "4,4,1",
    fileCreateTime: "2026-11-24T12:00:00",
    fileSizeBytes: samples.byteLength,
    fileTimeSecs: samples.length / TINY_COLUMNS / rate,
    firstSample: 1000,
    imAiRangeMax: 0.6,
    imDatPrb_pn: "NP1010",
    imDatPrb_sn: "123456789",
    imDatPrb_type: 0,
    imMaxInt: 512,
    imSampRate: rate,
    nSavedChans: TINY_COLUMNS,
    snsApLfSy: isAp ? "4,0,1" : "0,4,1",
    snsSaveChanSubset: isAp ? "0:3,8" : "4:8",
    typeThis: "imec",
    userNotes: "a note with = in it",
    "~imroTbl": `(0,4)${entries((i) => `${i} 0 0 ${i === 1 ? 250 : 500} 125 1`)}`,
    "~snsShankMap": `(1,2,480)${entries((i) => `0:${i % 2}:${i >> 1}:${i === 3 ? 0 : 1}`)}`,
    ...options.meta,
  };
  const lines = Object.entries(meta).filter(([, value]) => value !== null);
  await writeFile(`${stem}.meta`, lines.map(([key, value]) => `${key}=${value}\r\n`).join(""));
  await writeFile(`${stem}.bin`, new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength));
  return { folder: probeFolder, runFolder: join(folder, run), bin: `${stem}.bin`, meta: `${stem}.meta` };
}
