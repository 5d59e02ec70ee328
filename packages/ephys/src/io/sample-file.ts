/**
 * @module
 * A file of raw samples: fixed-size columns, sample after sample, read at any place without reading the rest.
 *
 * Samples are scaled while they are copied, through a buffer of at most 4 MiB, so that memory does not depend on the length asked for.
 * The file's size and time of change are looked at with every read: a recording that is still being written, or was cut meanwhile, is
 * an error and never a shorter answer.
 */
import { type FileHandle, open } from "node:fs/promises";
import { endianness } from "node:os";
import type { Int16Samples, SampleType } from "../core/recording.ts";
import { RecordingError } from "../errors.ts";
import { asRecordingError } from "./file-errors.ts";

export type { SampleType } from "../core/recording.ts";

/** How samples lie in the file. */
export interface SampleLayout {
  readonly type: SampleType;
  readonly isLittleEndian: boolean;
  /** Columns in the file, those that are not channels included. */
  readonly columnCount: number;
  readonly headerBytes: number;
}

/** Bytes of one number. */
export function bytesOfType(type: SampleType): number {
  return type === "int32" || type === "float32" ? 4 : 2;
}

const BUFFER_BYTES = 4 * 1024 * 1024;

export class SampleFile {
  readonly path: string;
  readonly layout: SampleLayout;
  readonly sampleCount: number;
  readonly #file: FileHandle;
  readonly #size: number;

  private constructor(path: string, layout: SampleLayout, file: FileHandle, size: number) {
    this.path = path;
    this.layout = layout;
    this.#file = file;
    this.#size = size;
    this.sampleCount = (size - layout.headerBytes) / (layout.columnCount * bytesOfType(layout.type));
  }

  /**
   * Opens a file of whole samples.
   *
   * @param expectedBytes  the size that the file's description states; undefined when it states none
   * @throws RecordingError `missing-bin`, `empty`, `truncated`, `size-mismatch`
   */
  static async open(path: string, layout: SampleLayout, expectedBytes?: number): Promise<SampleFile> {
    let file: FileHandle;
    try {
      file = await open(path, "r");
    } catch (error) {
      throw asRecordingError(error, path, "missing-bin", "The file of samples");
    }
    try {
      const { size } = await file.stat();
      checkSize(path, layout, size, expectedBytes);
      return new SampleFile(path, layout, file, size);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /**
   * Reads samples [start, end) of the first `out.length / (end - start)` columns as `value * gains[column] + offsets[column]`.
   *
   * @param out  Float32Array [(end - start) x channelCount], time-major
   * @param gains  one per channel; @param offsets  one per channel, or undefined for none
   */
  async readScaled(
    start: number,
    end: number,
    channels: Int32Array,
    gains: Float64Array,
    offsets: Float64Array | undefined,
    out: Float32Array,
  ): Promise<void> {
    const channelCount = channels.length;
    await this.#readPieces(start, end, (view, first, count) => {
      scale(view, this.layout, count, channels, gains, offsets, out, (first - start) * channelCount);
    });
  }

  /** Reads samples [start, end) of some columns as they are in an int16 file. @returns Int16Array [(end - start) x columns] */
  async readIntegers(start: number, end: number, columns: Int32Array): Promise<Int16Array> {
    const out = new Int16Array((end - start) * columns.length);
    const { columnCount, isLittleEndian } = this.layout;
    await this.#readPieces(start, end, (view, first, count) => {
      let o = (first - start) * columns.length;
      for (let t = 0; t < count; t++)
        for (let i = 0; i < columns.length; i++)
          out[o++] = view.getInt16(2 * (t * columnCount + columns[i]), isLittleEndian);
    });
    return out;
  }

  /** The file's own rows; undefined unless it is of native int16 and the channels are its first columns, in order. */
  int16Rows(channels: Int32Array): Int16Samples | undefined {
    const { type, isLittleEndian, columnCount } = this.layout;
    const isPlain = type === "int16" && isLittleEndian === NATIVE_IS_LITTLE;
    if (!isPlain || channels.some((column, c) => column !== c)) return undefined;
    return {
      columnCount,
      read: async (start, end, out) => {
        await this.#readPieces(start, end, (view, first, count) =>
          out.set(new Int16Array(view.buffer, 0, count * columnCount), (first - start) * columnCount),
        );
        return out;
      },
    };
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #readPieces(
    start: number,
    end: number,
    use: (view: DataView<ArrayBuffer>, first: number, count: number) => void,
  ): Promise<void> {
    checkRange(start, end, this.sampleCount);
    if (start === end) return;
    const { columnCount, type, headerBytes } = this.layout;
    const sampleBytes = columnCount * bytesOfType(type);
    const perPiece = Math.min(end - start, Math.max(1, Math.floor(BUFFER_BYTES / sampleBytes)));
    const bytes = new Uint8Array(perPiece * sampleBytes);
    for (let first = start; first < end; first += perPiece) {
      const count = Math.min(perPiece, end - first);
      await this.#fill(bytes, count * sampleBytes, headerBytes + first * sampleBytes);
      use(new DataView(bytes.buffer, 0, count * sampleBytes), first, count);
    }
    const { size } = await this.#file.stat();
    if (size !== this.#size)
      throw new RecordingError(
        `'${this.path}' changed while it was being read: it had ${this.#size} bytes when opened and has ${size} now. ` +
          "Wait until the recording or the copy is finished, then open it again.",
        size > this.#size ? "growing" : "truncated",
        this.path,
      );
  }

  async #fill(bytes: Uint8Array, length: number, position: number): Promise<void> {
    let done = 0;
    while (done < length) {
      const { bytesRead } = await this.#file.read(bytes, done, length - done, position + done);
      if (bytesRead === 0)
        throw new RecordingError(
          `'${this.path}' ends at byte ${position + done}, ${length - done} bytes before what was asked for; ` +
            `it had ${this.#size} bytes when opened. It was cut while open: copy it again.`,
          "truncated",
          this.path,
        );
      done += bytesRead;
    }
  }
}

/** Checks a stretch of samples. @throws RangeError when 0 <= start <= end <= sampleCount does not hold, or a bound is no whole number */
export function checkRange(start: number, end: number, sampleCount: number): void {
  if (Number.isInteger(start) && Number.isInteger(end) && 0 <= start && start <= end && end <= sampleCount)
    return;
  throw new RangeError(
    `Samples [${start}, ${end}) are not in the recording, which has samples [0, ${sampleCount})`,
  );
}

function checkSize(
  path: string,
  layout: SampleLayout,
  size: number,
  expectedBytes: number | undefined,
): void {
  const dataBytes = size - layout.headerBytes;
  if (dataBytes <= 0)
    throw new RecordingError(
      `'${path}' holds no samples: it has ${size} bytes, of which ${layout.headerBytes} are header. ` +
        "The recording did not run, or the copy failed.",
      "empty",
      path,
    );
  if (expectedBytes !== undefined && size !== expectedBytes)
    throw new RecordingError(
      `'${path}' has ${size} bytes, its description says ${expectedBytes}. ` +
        "It is still being copied, or the copy is not complete: copy it again.",
      size < expectedBytes ? "truncated" : "size-mismatch",
      path,
    );
  const sampleBytes = layout.columnCount * bytesOfType(layout.type);
  if (dataBytes % sampleBytes !== 0)
    throw new RecordingError(
      `'${path}' has ${dataBytes} bytes of samples, which is not a multiple of ${sampleBytes} ` +
        `(${layout.columnCount} columns of ${layout.type}): ${dataBytes % sampleBytes} bytes are left over. ` +
        "It was cut, or the column count is wrong: copy it again, or correct its description.",
      "truncated",
      path,
    );
}

const NATIVE_IS_LITTLE = endianness() === "LE";

function scale(
  view: DataView<ArrayBuffer>,
  layout: SampleLayout,
  count: number,
  channels: Int32Array,
  gains: Float64Array,
  offsets: Float64Array | undefined,
  out: Float32Array,
  outStart: number,
): void {
  const { type, isLittleEndian, columnCount } = layout;
  const offset = offsets ?? new Float64Array(channels.length);
  if (type === "int16" && isLittleEndian === NATIVE_IS_LITTLE) {
    const values = new Int16Array(view.buffer, 0, count * columnCount);
    scaleInt16(values, count, columnCount, channels, gains, offset, out, outStart);
    return;
  }
  scaleAny(view, count, columnCount, type, isLittleEndian, channels, gains, offset, out, outStart);
}

// the product's path: every SpikeGLX file on the machines that people have
function scaleInt16(
  values: Int16Array,
  count: number,
  columnCount: number,
  channels: Int32Array,
  gains: Float64Array,
  offsets: Float64Array,
  out: Float32Array,
  outStart: number,
): void {
  const channelCount = channels.length;
  let o = outStart;
  for (let t = 0; t < count; t++) {
    const row = t * columnCount;
    for (let c = 0; c < channelCount; c++) out[o++] = values[row + channels[c]] * gains[c] + offsets[c];
  }
}

function scaleAny(
  view: DataView,
  count: number,
  columnCount: number,
  type: SampleType,
  isLittleEndian: boolean,
  channels: Int32Array,
  gains: Float64Array,
  offsets: Float64Array,
  out: Float32Array,
  outStart: number,
): void {
  const bytes = bytesOfType(type);
  const channelCount = channels.length;
  let o = outStart;
  for (let t = 0; t < count; t++) {
    const row = t * columnCount;
    for (let c = 0; c < channelCount; c++) {
      const at = (row + channels[c]) * bytes;
      let value = 0;
      if (type === "int16") value = view.getInt16(at, isLittleEndian);
      else if (type === "uint16") value = view.getUint16(at, isLittleEndian);
      else if (type === "int32") value = view.getInt32(at, isLittleEndian);
      else value = view.getFloat32(at, isLittleEndian);
      out[o++] = value * gains[c] + offsets[c];
    }
  }
}
