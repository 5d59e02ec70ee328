/**
 * @module
 * The recording formats that can be read. To add one: a folder here with its reader, and an entry in FORMATS.
 */
import type { Recording } from "../core/recording.ts";
import { findBinary } from "./binary/find-binary.ts";
import { openBinary } from "./binary/open-binary.ts";
import { verifyBinary } from "./binary/verify-binary.ts";
import { findSpikeGlx } from "./spikeglx/find-spikeglx.ts";
import { metaPathOf, openSpikeGlx } from "./spikeglx/open-spikeglx.ts";
import { verifySpikeGlx } from "./spikeglx/verify-spikeglx.ts";
import type { RecordingVerdict, VerifyOptions } from "./verdict.ts";

export interface RecordingFormat {
  /** The name that `RecordingSource.format` carries. */
  readonly name: string;
  /** One line for a person: which files. */
  readonly summary: string;
  /** The path that identifies the recording which `file` belongs to; undefined when the name is not of this format. */
  readonly identify: (file: string) => string | undefined;
  /** Identifying paths of all recordings of this format among the files of a folder. */
  readonly find: (files: readonly string[]) => Promise<string[]>;
  /** @throws RecordingError */
  readonly open: (path: string) => Promise<Recording>;
  readonly verify: (path: string, options: VerifyOptions) => Promise<RecordingVerdict>;
}

export const FORMATS: readonly RecordingFormat[] = [
  {
    name: "spikeglx",
    summary: "SpikeGLX: run_g0_t0.imec0.ap.bin (or .lf.bin) with its .meta beside it",
    identify: (file) => {
      if (/\.meta$/i.test(file)) return file;
      return /\.bin$/i.test(file) ? metaPathOf(file) : undefined;
    },
    find: async (files) => findSpikeGlx(files),
    open: openSpikeGlx,
    verify: verifySpikeGlx,
  },
  {
    name: "binary",
    summary:
      "plain binary: a .json that states data, dtype, channelCount, samplingRateHz, gainUvPerBit and probe",
    identify: (file) => (/\.json$/i.test(file) ? file : undefined),
    find: findBinary,
    open: openBinary,
    verify: verifyBinary,
  },
];
