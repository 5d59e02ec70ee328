/**
 * @module
 * Some rows of a `.npy` array whose first axis is long (features of spikes), without reading the rest.
 *
 * Only arrays in C order hold rows in one piece; of others the whole file is read.
 */
import { type FileHandle, open } from "node:fs/promises";
import { RecordingError } from "../../errors.ts";
import { asRecordingError } from "../file-errors.ts";
import { formatNpyHeader, type NpyHeader, parseNpyHeader } from "./npy-header.ts";
import { npyType } from "./npy-types.ts";
import { type NpyArray, parseNpy, readNpy } from "./read-npy.ts";

/** A header of version 1 is shorter than this unless it was made to be long. */
const HEAD_BYTES = 66_000;
/** Rows this near are read in one piece, and no piece is longer. */
const GAP_BYTES = 64 * 1024;
const PIECE_BYTES = 4 * 1024 * 1024;

/** The shape of an array, without its values. @throws RecordingError `missing-npy`, `bad-npy` */
export async function readNpyShape(path: string): Promise<readonly number[]> {
  return withFile(path, async (file) => (await readHeader(file, path)).shape);
}

/**
 * Reads rows of the first axis.
 *
 * @param rows  ascending indices
 * @returns an array [rows x the other axes]
 * @throws RecordingError `missing-npy`, `bad-npy`; RangeError for a row that the array does not have
 */
export async function readNpyRows(path: string, rows: Int32Array): Promise<NpyArray> {
  return withFile(path, async (file) => {
    const header = await readHeader(file, path);
    const { shape } = header;
    const last = rows.length === 0 ? -1 : rows[rows.length - 1];
    if (shape.length === 0 || last >= shape[0] || rows[0] < 0)
      throw new RangeError(`'${path}' of shape (${shape.join(", ")}) has no row ${last}`);
    const type = npyType(header.descr.slice(1));
    if (header.isFortranOrder || type === undefined) return pickRows(await readNpy(path), rows);
    const width = shape.slice(1).reduce((product, size) => product * size, 1);
    const rowBytes = width * type.bytes;
    const bytes = await readRows(file, path, rows, rowBytes, header.dataStart);
    // a small file of the rows alone: types and byte order are parseNpy's matter
    const head = formatNpyHeader(header.descr, [rows.length, ...shape.slice(1)]);
    const whole = new Uint8Array(head.length + bytes.length);
    whole.set(head);
    whole.set(bytes, head.length);
    return parseNpy(whole, path);
  });
}

async function withFile<T>(path: string, work: (file: FileHandle) => Promise<T>): Promise<T> {
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch (error) {
    throw asRecordingError(error, path, "missing-npy", "The array file");
  }
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}

async function readHeader(file: FileHandle, path: string): Promise<NpyHeader> {
  const bytes = new Uint8Array(HEAD_BYTES);
  const { bytesRead } = await file.read(bytes, 0, HEAD_BYTES, 0);
  return parseNpyHeader(bytes.subarray(0, bytesRead), path);
}

async function readRows(
  file: FileHandle,
  path: string,
  rows: Int32Array,
  rowBytes: number,
  dataStart: number,
): Promise<Uint8Array> {
  const out = new Uint8Array(rows.length * rowBytes);
  let from = 0;
  while (from < rows.length) {
    let end = from + 1;
    while (
      end < rows.length &&
      (rows[end] - rows[end - 1]) * rowBytes <= GAP_BYTES &&
      (rows[end] - rows[from] + 1) * rowBytes <= PIECE_BYTES
    )
      end++;
    const first = rows[from];
    const piece = new Uint8Array((rows[end - 1] - first + 1) * rowBytes);
    await fill(file, path, piece, dataStart + first * rowBytes);
    for (let i = from; i < end; i++) {
      const at = (rows[i] - first) * rowBytes;
      out.set(piece.subarray(at, at + rowBytes), i * rowBytes);
    }
    from = end;
  }
  return out;
}

async function fill(file: FileHandle, path: string, piece: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < piece.length) {
    const { bytesRead } = await file.read(piece, done, piece.length - done, position + done);
    if (bytesRead === 0)
      throw new RecordingError(
        `'${path}' ends at byte ${position + done}, before the last value that its header promises. It was cut: copy it again.`,
        "bad-npy",
        path,
      );
    done += bytesRead;
  }
}

function pickRows(array: NpyArray, rows: Int32Array): NpyArray {
  const width = array.shape.slice(1).reduce((product, size) => product * size, 1);
  const values = array.values.slice(0, rows.length * width);
  for (let i = 0; i < rows.length; i++)
    for (let k = 0; k < width; k++) values[i * width + k] = array.values[rows[i] * width + k];
  return { ...array, values, shape: [rows.length, ...array.shape.slice(1)] };
}
