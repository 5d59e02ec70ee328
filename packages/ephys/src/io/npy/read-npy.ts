/**
 * @module
 * Reads NumPy `.npy` files: every whole-number and float type, booleans, C and Fortran order, either byte order, versions 1 to 3.
 */
import { open } from "node:fs/promises";
import { endianness } from "node:os";
import { RecordingError } from "../../errors.ts";
import { asRecordingError } from "../file-errors.ts";
import { parseNpyHeader } from "./npy-header.ts";
import { type NpyValues, npyType } from "./npy-types.ts";

/** An array of any shape. */
export interface NpyArray {
  /** In C order (the last index runs fastest), whatever order the file has. */
  readonly values: NpyValues;
  readonly shape: readonly number[];
  readonly isBoolean: boolean;
}

const NATIVE = endianness() === "LE" ? "<" : ">";

/** Reads a file. @throws RecordingError `missing-npy`, `bad-npy` with what is wrong: type, shape, or a length that does not fit */
export async function readNpy(path: string): Promise<NpyArray> {
  let bytes: Uint8Array;
  try {
    bytes = await readWhole(path);
  } catch (error) {
    throw asRecordingError(error, path, "missing-npy", "The array file");
  }
  return parseNpy(bytes, path);
}

/** Node's readFile ends at 2 GiB, which the features of ten million spikes pass. */
async function readWhole(path: string): Promise<Uint8Array> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const bytes = new Uint8Array(size);
    let done = 0;
    while (done < size) {
      const { bytesRead } = await file.read(bytes, done, Math.min(size - done, 2 ** 30), done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return bytes.subarray(0, done);
  } finally {
    await file.close();
  }
}

/** Reads the bytes of a file. @param path  only for messages; @throws RecordingError `bad-npy` */
export function parseNpy(bytes: Uint8Array, path: string): NpyArray {
  const { descr, isFortranOrder, shape, dataStart } = parseNpyHeader(bytes, path);
  const order = descr[0];
  const name = descr.slice(1);
  const type = /^[<>|=]/.test(descr) ? npyType(name) : undefined;
  if (type === undefined)
    throw new RecordingError(
      `'${path}' holds values of type '${descr}', which are no real numbers. Read are b1, i1-i8, u1-u8 and f2-f8.`,
      "bad-npy",
      path,
    );
  const length = shape.reduce((product, size) => product * size, 1);
  const stored = bytes.length - dataStart;
  if (stored !== length * type.bytes)
    throw new RecordingError(
      `'${path}' says shape (${shape.join(", ")}) of ${descr}, that is ${length * type.bytes} bytes, and holds ${stored}. ` +
        (stored < length * type.bytes ? "It was cut: copy it again." : "It is not what its header says."),
      "bad-npy",
      path,
    );
  const isSwapped = type.bytes > 1 && order !== "=" && order !== "|" && order !== NATIVE;
  const raw = bytes.slice(dataStart);
  if (isSwapped) swapBytes(raw, type.bytes);
  const values = name === "f2" ? halfFloats(raw) : type.make(length);
  if (name !== "f2") new Uint8Array(values.buffer).set(raw);
  return {
    values: isFortranOrder && shape.length > 1 ? fromFortran(values, shape, type.make(length)) : values,
    shape,
    isBoolean: name === "b1",
  };
}

/** The values as numbers. @throws RecordingError `bad-npy` when a 64-bit whole number has no exact double */
export function npyNumbers(array: NpyArray, path: string): Float64Array {
  const { values } = array;
  if (!(values instanceof BigInt64Array) && !(values instanceof BigUint64Array))
    return Float64Array.from(values);
  return Float64Array.from(values, (value) => {
    const number = Number(value);
    if (!Number.isSafeInteger(number))
      throw new RecordingError(`'${path}' holds ${value}, which has no exact number here`, "bad-npy", path);
    return number;
  });
}

function swapBytes(bytes: Uint8Array, size: number): void {
  for (let start = 0; start < bytes.length; start += size) bytes.subarray(start, start + size).reverse();
}

function halfFloats(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: bytes.length / 2 }, (_, i) => {
    const half = view.getUint16(2 * i, NATIVE === "<");
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >> 10) & 0x1f;
    const fraction = half & 0x3ff;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    return sign * (1024 + fraction) * 2 ** (exponent - 25);
  });
}

/** Reorders values in which the first index runs fastest. */
function fromFortran(values: NpyValues, shape: readonly number[], out: NpyValues): NpyValues {
  const index = new Array<number>(shape.length).fill(0);
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((product, size) => product * size, 1));
  let from = 0;
  for (let to = 0; to < out.length; to++) {
    out[to] = values[from];
    // count up in C order, keeping the place in Fortran order
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++index[axis] < shape[axis]) break;
      from -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return out;
}
