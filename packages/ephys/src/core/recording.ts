/**
 * @module
 * A recording: lazily read, in chunks of any length, in bounded memory.
 *
 * Reading is asynchronous, so that a recording can be a file, a compressed file or something in a browser. A worker thread cannot be
 * handed an open file: it is handed `source` and opens the recording again with `openRecording` of `io/`.
 */
import type { Probe } from "./probe.ts";
import type { Traces } from "./traces.ts";

/** A description from which the recording can be opened again, in another thread or process. Structured-clonable and JSON. */
export interface RecordingSource {
  /** A name of `io/formats.ts`: "spikeglx", "binary". */
  readonly format: string;
  /** Absolute path of the file that identifies the recording (`.ap.meta`, the description's JSON). */
  readonly path: string;
}

/** The number types that a raw file may hold. */
export type SampleType = "int16" | "uint16" | "int32" | "float32";

/** How the samples of a recording lie in one flat file, for programs that read it themselves (Phy, other sorters). */
export interface RecordingFile {
  /** Absolute path. */
  readonly path: string;
  readonly type: SampleType;
  /** Columns in the file, those that are not channels included. */
  readonly columnCount: number;
  readonly headerBytes: number;
  /** Column of each channel. */
  readonly channelColumns: Int32Array;
}

/** A file's own int16 rows. They keep the columns that are not channels (SpikeGLX's sync), behind the channels. */
export interface Int16Samples {
  /** Numbers in a row; the recording's channels are the first of them, in order, and uV are the number times `gainUvPerBit`. */
  readonly columnCount: number;
  /** Reads rows [start, end) as they are in the file, into Int16Array [(end - start) x columnCount]. */
  read(start: number, end: number, out: Int16Array): Promise<Int16Array>;
}

export interface Recording {
  readonly source: RecordingSource;
  readonly sampleCount: number;
  /** Channels with a contact; a sync or auxiliary column of the file is not among them. */
  readonly channelCount: number;
  readonly samplingRateHz: number;
  /** uV per bit, one per channel. */
  readonly gainUvPerBit: Float64Array;
  readonly channelNames: readonly string[];
  readonly probe: Probe;
  /**
   * Reads samples [start, end) of all channels, in uV.
   *
   * @param out  Float32Array [(end - start) x channelCount] to read into; a new one when absent
   * @throws RangeError when 0 <= start <= end <= sampleCount does not hold
   */
  read(start: number, end: number, out?: Float32Array): Promise<Traces>;
  /**
   * Reads samples [start, end) of the sync columns (`SY` of SpikeGLX), as the file's own integers; undefined when the file has none.
   *
   * @returns Int16Array [(end - start) x syncColumnCount], time-major
   * @throws RangeError like `read`
   */
  readonly readSync?: ((start: number, end: number) => Promise<Int16Array>) | undefined;
  /** Columns that `readSync` gives; 0 or undefined when the file has none. */
  readonly syncColumnCount?: number | undefined;
  /** Rows as they are in the file, for programs that scale them themselves; undefined for other types and orders of columns. */
  readonly int16Samples?: Int16Samples | undefined;
  /** Undefined for a recording that is no flat file. */
  readonly file?: RecordingFile | undefined;
  /** When the recording began, as the file writes it (local time of the rig, no zone); undefined when nothing says. */
  readonly startTime?: string | undefined;
  /** Index in the whole run of this recording's sample 0; undefined when nothing says. */
  readonly firstSample?: number | undefined;
  close(): Promise<void>;
}
