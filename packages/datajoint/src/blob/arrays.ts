/**
 * @module
 * Arrays of numpy and MATLAB as values: n-dimensional, structured, cells, structs, sparse.
 *
 * Elements are in row-major (C) order, the last index fastest; the codec turns them from and to the column-major order of blobs.
 */
import { BlobError } from "../errors.ts";

/** Typed arrays that hold the elements of an array. */
export type TypedData =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | Float32Array
  | Float64Array;

type TypedDataConstructor = {
  new (buffer: ArrayBuffer): TypedData;
  readonly BYTES_PER_ELEMENT: number;
  readonly name: string;
};

interface ElementType {
  readonly id: number;
  readonly array: TypedDataConstructor;
}

const DATETIME_UNITS = ["Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as"] as const;

/** Units of numpy's datetime64. */
export type DatetimeUnit = (typeof DATETIME_UNITS)[number];

/** What one element is. `char` is a UTF-16 code unit, `bool` a byte 0 or 1, `object` any value that packs. */
export type Dtype =
  | "bool"
  | "char"
  | "float64"
  | "float32"
  | "int8"
  | "uint8"
  | "int16"
  | "uint16"
  | "int32"
  | "uint32"
  | "int64"
  | "uint64"
  | `datetime64[${DatetimeUnit}]`
  | "object";

/** Types whose elements are words of fixed size, by name. The ids are those of MATLAB's mxClassID, continued by datajoint. */
const ELEMENT_TYPES: ReadonlyMap<string, ElementType> = new Map([
  ["bool", { id: 3, array: Uint8Array }],
  ["char", { id: 4, array: Uint16Array }],
  ["float64", { id: 6, array: Float64Array }],
  ["float32", { id: 7, array: Float32Array }],
  ["int8", { id: 8, array: Int8Array }],
  ["uint8", { id: 9, array: Uint8Array }],
  ["int16", { id: 10, array: Int16Array }],
  ["uint16", { id: 11, array: Uint16Array }],
  ["int32", { id: 12, array: Int32Array }],
  ["uint32", { id: 13, array: Uint32Array }],
  ["int64", { id: 14, array: BigInt64Array }],
  ["uint64", { id: 15, array: BigUint64Array }],
  ...DATETIME_UNITS.map((unit, index): [string, ElementType] => [
    `datetime64[${unit}]`,
    { id: 65536 + index, array: BigInt64Array },
  ]),
]);

/** Class id of arrays of objects. */
export const OBJECT_CLASS = 5;

const DTYPE_BY_ID: ReadonlyMap<number, Dtype> = new Map([
  ...[...ELEMENT_TYPES].map(([name, type]): [number, Dtype] => [type.id, name as Dtype]),
  [OBJECT_CLASS, "object"],
]);

/** The element type of a class id; undefined for function handles, cells and unassigned ids, which no array can hold. */
export function dtypeOfClass(id: number): Dtype | undefined {
  return DTYPE_BY_ID.get(id);
}

/** The typed array and class id of a dtype with words. @throws BlobError for a dtype that blobs do not know */
export function elementType(dtype: string): ElementType {
  const type = ELEMENT_TYPES.get(dtype);
  if (type === undefined) {
    throw new BlobError(
      `Arrays of ${dtype} cannot be packed. Blobs know ${[...ELEMENT_TYPES.keys()].slice(0, 12).join(", ")}, datetime64[unit] and object; convert the array first.`,
    );
  }
  return type;
}

/** Number of elements of a shape; 1 for the empty shape. @throws BlobError when a size is no natural number */
export function elementCount(shape: readonly number[]): number {
  let count = 1;
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || size < 0)
      throw new BlobError(`Shape [${shape}] has a size that is no natural number.`);
    count *= size;
  }
  return count;
}

/**
 * An n-dimensional array in row-major order.
 *
 * `data` is a typed array of the dtype (bool: Uint8Array of 0 and 1; char: Uint16Array; datetime64: BigInt64Array since 1970, NaT the
 * least int64; object: an array of values). `imaginary` is like `data` and makes the array complex: float64 with it is complex128.
 *
 * @throws BlobError when the dtype is unknown, `data` is not its kind of array, or the shape does not hold as many elements
 */
export class NdArray {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly data: TypedData | readonly unknown[];
  readonly imaginary: TypedData | undefined;

  constructor(fields: {
    readonly dtype: Dtype;
    readonly shape: readonly number[];
    readonly data: TypedData | readonly unknown[];
    readonly imaginary?: TypedData | undefined;
  }) {
    const { dtype, shape, data, imaginary } = fields;
    const count = elementCount(shape);
    if (dtype === "object") {
      if (!Array.isArray(data)) throw new BlobError("An array of objects needs a plain array as its data.");
      if (imaginary !== undefined) throw new BlobError("An array of objects has no imaginary part.");
    } else {
      const { array } = elementType(dtype);
      for (const part of imaginary === undefined ? [data] : [data, imaginary]) {
        // Buffer is a Uint8Array of another name
        if (!(part instanceof array))
          throw new BlobError(`An array of ${dtype} needs a ${array.name} as its data.`);
      }
      if (
        imaginary !== undefined &&
        (dtype === "bool" || dtype === "char" || dtype.startsWith("datetime64"))
      ) {
        throw new BlobError(`An array of ${dtype} has no imaginary part.`);
      }
    }
    if (data.length !== count || (imaginary !== undefined && imaginary.length !== count)) {
      throw new BlobError(
        `Shape [${shape}] holds ${count} elements, the data has ${data.length}${imaginary === undefined ? "" : ` and ${imaginary.length} imaginary`}.`,
      );
    }
    this.dtype = dtype;
    this.shape = [...shape];
    this.data = data;
    this.imaginary = imaginary;
  }

  /** A one-dimensional array over a typed array, without a copy. @throws BlobError for a type that blobs do not know */
  static of(data: TypedData | Uint8ClampedArray): NdArray {
    if (data instanceof Uint8ClampedArray) {
      return new NdArray({
        dtype: "uint8",
        shape: [data.length],
        data: new Uint8Array(data.buffer, data.byteOffset, data.length),
      });
    }
    return new NdArray({ dtype: dtypeOfData(data), shape: [data.length], data });
  }

  /** A char array (one UTF-16 code unit an element) of one row, as MATLAB writes its strings. */
  static chars(text: string): NdArray {
    return new NdArray({
      dtype: "char",
      shape: [1, text.length],
      data: Uint16Array.from({ length: text.length }, (_, i) => text.charCodeAt(i)),
    });
  }

  get size(): number {
    return this.data.length;
  }

  /** Rows of a char array as strings: the last axis is joined. @throws BlobError for other arrays */
  strings(): string[] {
    if (this.dtype !== "char")
      throw new BlobError(`Only a char array has strings; this one is ${this.dtype}.`);
    const length = this.shape.at(-1) ?? 1;
    const rows = this.size === 0 ? 0 : this.size / length;
    // in pieces, since fromCharCode takes its argument list from the stack
    const text = (start: number, end: number) => {
      let out = "";
      for (let at = start; at < end; at += 8192) {
        out += String.fromCharCode(...(this.data as Uint16Array).subarray(at, Math.min(at + 8192, end)));
      }
      return out;
    };
    return Array.from({ length: rows }, (_, row) => text(row * length, (row + 1) * length));
  }
}

function dtypeOfData(data: TypedData): Dtype {
  for (const [name, type] of ELEMENT_TYPES) {
    // bool and char share their arrays with uint8 and uint16, which are what an untagged array means
    if (name !== "bool" && name !== "char" && data instanceof type.array) return name as Dtype;
  }
  throw new BlobError(
    `A ${(data as object).constructor.name} cannot be packed: blobs have no such element type. Convert it, for example to a Float32Array.`,
  );
}

/** A numpy structured array: named fields, each an array whose shape begins with that of the whole. */
export class StructuredArray {
  readonly shape: readonly number[];
  readonly fields: ReadonlyMap<string, NdArray | StructuredArray>;

  /** @throws BlobError when a field's shape does not begin with `shape` */
  constructor(shape: readonly number[], fields: ReadonlyMap<string, NdArray | StructuredArray>) {
    for (const [name, field] of fields) {
      if (shape.some((size, axis) => field.shape[axis] !== size)) {
        throw new BlobError(
          `Field "${name}" of shape [${field.shape}] is in a structured array of shape [${shape}].`,
        );
      }
    }
    this.shape = [...shape];
    this.fields = fields;
  }
}

/** A MATLAB cell array; `elements` in row-major order. @throws BlobError when the shape holds another number of elements */
export class MatCell {
  readonly shape: readonly number[];
  readonly elements: readonly unknown[];
  constructor(shape: readonly number[], elements: readonly unknown[]) {
    if (elementCount(shape) !== elements.length)
      throw new BlobError(`A cell array of shape [${shape}] has ${elements.length} elements.`);
    this.shape = [...shape];
    this.elements = elements;
  }
}

/** A MATLAB struct array: per field one value an element, in row-major order. @throws BlobError as `MatCell` */
export class MatStruct {
  readonly shape: readonly number[];
  readonly fields: ReadonlyMap<string, readonly unknown[]>;
  constructor(shape: readonly number[], fields: ReadonlyMap<string, readonly unknown[]>) {
    const count = elementCount(shape);
    for (const [name, values] of fields) {
      if (values.length !== count)
        throw new BlobError(
          `Field "${name}" of a struct array of shape [${shape}] has ${values.length} values.`,
        );
    }
    this.shape = [...shape];
    this.fields = fields;
  }
}

/**
 * A MATLAB sparse matrix in compressed columns. Python cannot read it.
 *
 * `columnStarts` [columns + 1] and `rowIndices` [nonzeros allocated] are MATLAB's jc and ir, from 0; `data` goes with `rowIndices`.
 */
export class MatSparse {
  readonly rows: number;
  readonly columns: number;
  readonly dtype: Dtype;
  readonly columnStarts: readonly number[];
  readonly rowIndices: readonly number[];
  readonly data: TypedData;
  readonly imaginary: TypedData | undefined;

  /** @throws BlobError when lengths disagree, starts fall, or a row is not in the matrix */
  constructor(fields: {
    readonly rows: number;
    readonly columns: number;
    readonly dtype: Dtype;
    readonly columnStarts: readonly number[];
    readonly rowIndices: readonly number[];
    readonly data: TypedData;
    readonly imaginary?: TypedData | undefined;
  }) {
    this.rows = fields.rows;
    this.columns = fields.columns;
    this.dtype = fields.dtype;
    this.columnStarts = fields.columnStarts;
    this.rowIndices = fields.rowIndices;
    this.data = fields.data;
    this.imaginary = fields.imaginary;
    const used = this.columnStarts.at(-1) ?? -1;
    const ordered = this.columnStarts.every((start, i) => start >= (i === 0 ? 0 : this.columnStarts[i - 1]!));
    if (
      this.columnStarts.length !== this.columns + 1 ||
      this.columnStarts[0] !== 0 ||
      !ordered ||
      used > this.rowIndices.length
    ) {
      throw new BlobError(
        `The column starts of a sparse matrix of ${this.columns} columns must be ${this.columns + 1} numbers from 0 on, none smaller than the one before, the last at most ${this.rowIndices.length}.`,
      );
    }
    if (this.rowIndices.slice(0, used).some((row) => row >= this.rows)) {
      throw new BlobError(`A row index of the sparse matrix is not below ${this.rows}.`);
    }
    if (
      !(this.data instanceof elementType(this.dtype).array) ||
      this.data.length !== this.rowIndices.length
    ) {
      throw new BlobError(
        `A sparse matrix of ${this.dtype} with ${this.rowIndices.length} row indices needs as many elements of that type.`,
      );
    }
    if (this.imaginary !== undefined && this.imaginary.length !== this.data.length) {
      throw new BlobError("Real and imaginary parts of the sparse matrix differ in length.");
    }
  }
}
