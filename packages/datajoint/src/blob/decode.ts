/**
 * @module
 * Blobs of datajoint-python and mYm (MATLAB) to values. The format is in mym-format.md.
 *
 * By default values are what JavaScript has for them: float, int and numpy scalars are numbers (a bigint past 2^53), a dict with text
 * keys is an object, a MATLAB string a string. `exact: true` keeps what that loses, so that `pack` gives the same bytes again.
 */
import { BlobError } from "../errors.ts";
import {
  type Dtype,
  dtypeOfClass,
  elementType,
  MatCell,
  MatSparse,
  MatStruct,
  NdArray,
  StructuredArray,
  type TypedData,
} from "./arrays.ts";
import { ByteReader } from "./byte-reader.ts";
import { inflated, inflatedAsync } from "./compress.ts";
import { columnMajorIndices, toRowMajor } from "./element-order.ts";
import { DEEPEST } from "./nesting.ts";
import { Complex, DateTime, Decimal, Float, Tuple, Uuid } from "./python-values.ts";

export interface UnpackOptions {
  /** Keep Python's types where JavaScript has one for several: `Float`, every dict a Map, 0-dimensional and char arrays. Default false. */
  readonly exact?: boolean;
  /** Drop array axes of size 1; an array of one element becomes the element. As datajoint-python's `squeeze`. Default false. */
  readonly squeeze?: boolean;
  /** Give one-dimensional arrays of real numbers as typed arrays, which `pack` writes as they were. Default false: as NdArray. */
  readonly typedVectors?: boolean;
  /** Counts are u32, as mYm wrote them on 32-bit systems; nothing in the blob tells. Default false. */
  readonly dims32?: boolean;
}

/**
 * Reads a blob.
 *
 * @throws BlobError with the `offset` (bytes, into the inflated blob) where the bytes are not what the format says
 *
 * Never allocates more than the bytes can hold. Source: contract/datajoint.md 8.1 and 8.2.
 */
export function unpack(bytes: Uint8Array, options: UnpackOptions = {}): unknown {
  return readPlain(inflated(bytes), options);
}

/** Like `unpack`; inflates off the main thread what is larger than 1 MB. */
export async function unpackAsync(bytes: Uint8Array, options: UnpackOptions = {}): Promise<unknown> {
  return readPlain(await inflatedAsync(bytes), options);
}

function readPlain(plain: Uint8Array, options: UnpackOptions): unknown {
  const header = Buffer.from(plain.subarray(0, 4)).toString("latin1");
  if (header !== "mYm\0" && header !== "dj0\0") {
    throw new BlobError(
      `A blob begins with "mYm\\0", "dj0\\0" or "ZL123\\0"; these ${plain.length} bytes begin with ${JSON.stringify(header)}. They were not written by DataJoint, or are damaged.`,
      0,
    );
  }
  const reader = new ByteReader(plain, options.dims32);
  reader.at = 4;
  const value = new Decoder(reader, options).node();
  if (reader.left > 0) {
    reader.fail(
      `the value ends here, but ${reader.left} bytes follow.${options.dims32 ? "" : " A blob of a 32-bit mYm needs the option dims32."}`,
    );
  }
  return value;
}

class Decoder {
  readonly #in: ByteReader;
  readonly #exact: boolean;
  readonly #squeeze: boolean;
  readonly #typedVectors: boolean;
  #depth = 0;

  constructor(reader: ByteReader, options: UnpackOptions) {
    this.#in = reader;
    this.#exact = options.exact ?? false;
    this.#squeeze = options.squeeze ?? false;
    this.#typedVectors = options.typedVectors ?? false;
  }

  node(): unknown {
    const start = this.#in.at;
    const code = this.#in.u8("a type code");
    if (++this.#depth > DEEPEST) this.#in.fail(`values are nested more than ${DEEPEST} deep.`, start);
    const value = this.#value(code, start);
    this.#depth--;
    return value;
  }

  #value(code: number, start: number): unknown {
    const input = this.#in;
    switch (code) {
      case 0x41:
        return this.#presented(this.#array());
      case 0x43:
        return this.#cell();
      case 0x53:
        return this.#struct();
      case 0x50:
        return this.#sparse();
      case 0x46:
        return this.#structured();
      case 0xff:
        return null;
      case 0x01:
        return Tuple.make(this.#items("items of a tuple"));
      case 0x02:
        return this.#items("items of a list");
      case 0x03:
        return new Set(this.#items("items of a set"));
      case 0x04:
        return this.#dict();
      case 0x05:
        return input.text(input.count("length of a text"), "text");
      case 0x06:
        return input.copy(input.count("length of bytes"), "bytes");
      case 0x0a:
        return this.#int();
      case 0x0b:
        return input.u8("a bool") !== 0;
      case 0x0c:
        return new Complex(input.f64("a complex number"), input.f64("a complex number"));
      case 0x0d: {
        const value = input.f64("a float");
        return this.#exact && Number.isInteger(value) ? new Float(value) : value;
      }
      case 0x64:
        return this.#at(start, () => new Decimal(input.text(input.count("length of a decimal"), "decimal")));
      case 0x74:
        return DateTime.fromNumbers(input.i32("a date"), Number(input.i64("a time")), start);
      case 0x75: {
        const hex = Buffer.from(input.copy(16, "a UUID")).toString("hex");
        return new Uuid(hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5"));
      }
      default:
        return input.fail(`type code 0x${code.toString(16).padStart(2, "0")} is unknown.`, start);
    }
  }

  /** Gives an error of a value's constructor the offset. */
  #at<T>(start: number, make: () => T): T {
    try {
      return make();
    } catch (error) {
      if (error instanceof BlobError && error.offset === undefined) this.#in.fail(error.message, start);
      throw error;
    }
  }

  /** A node that says how long it is. */
  #sized(): unknown {
    const length = this.#in.count("length of an element");
    this.#in.require(length, "an element's bytes");
    const start = this.#in.at;
    const value = this.node();
    if (this.#in.at - start !== length) {
      this.#in.fail(`an element says it has ${length} bytes, but takes ${this.#in.at - start}.`, start);
    }
    return value;
  }

  #items(what: string): unknown[] {
    const count = this.#in.countOf(what, this.#in.countWidth + 1);
    return Array.from({ length: count }, () => this.#sized());
  }

  #dict(): unknown {
    const count = this.#in.countOf("entries of a dict", 2 * (this.#in.countWidth + 1));
    const map = new Map<unknown, unknown>();
    for (let i = 0; i < count; i++) map.set(this.#sized(), this.#sized());
    if (this.#exact || ![...map.keys()].every((key) => typeof key === "string")) return map;
    // fromEntries defines properties, so that "__proto__" is a key like any other
    return Object.fromEntries(map as Map<string, unknown>);
  }

  #int(): number | bigint {
    const bytes = this.#in.copy(this.#in.u16("length of an int"), "int");
    if (bytes.length === 0) return 0;
    const value = BigInt.asIntN(
      bytes.length * 8,
      BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`),
    );
    return plainNumber(value);
  }

  #shape(): { shape: number[]; count: number } {
    const axes = this.#in.countOf("array axes", this.#in.countWidth);
    const shape = Array.from({ length: axes }, () => this.#in.count("size of an array axis"));
    // an axis of size 0 first: the product of the others may be infinite
    return { shape, count: shape.includes(0) ? 0 : shape.reduce((product, size) => product * size, 1) };
  }

  #array(): NdArray {
    const input = this.#in;
    const { shape, count } = this.#shape();
    const classAt = input.at;
    const dtype = dtypeOfClass(input.u32("an array's class"));
    const complex = input.u32("an array's complex flag") !== 0;
    if (dtype === undefined) {
      return input.fail(
        "the array's class is none whose elements can be read (a function handle, or a type newer than this reader).",
        classAt,
      );
    }
    if (dtype === "object") {
      input.require(count * (input.countWidth + 1), `${count} objects of an array`);
      const elements = Array.from({ length: count }, () => this.#sized());
      if (complex) input.fail("an array of objects cannot be complex.", classAt);
      return new NdArray({ dtype, shape, data: rowMajorValues(elements, shape) });
    }
    const data = this.#words(dtype, shape, count);
    const imaginary = complex ? this.#words(dtype, shape, count) : undefined;
    return this.#at(classAt, () => new NdArray({ dtype, shape, data, imaginary }));
  }

  /** `count` elements of fixed width, turned to row-major order. */
  #words(dtype: Dtype, shape: readonly number[], count: number): TypedData {
    const { array } = elementType(dtype);
    const width = array.BYTES_PER_ELEMENT;
    const { buffer } = this.#in.copy(count * width, `an array of ${count} ${dtype}`);
    const words =
      width === 1 ? new Uint8Array(buffer) : width === 2 ? new Uint16Array(buffer) : new Uint32Array(buffer);
    return new array(toRowMajor(words, shape, width === 8 ? 2 : 1).buffer as ArrayBuffer);
  }

  /** An array as the options want it. */
  #presented(array: NdArray): unknown {
    if (this.#exact) return array;
    const { shape, dtype, data } = array;
    if (dtype === "char") {
      const isRow = shape.length === 1 || (shape.length === 2 && shape[0] === 1);
      const text = isRow ? array.strings().join("") : "";
      // half a surrogate pair is no text that could be packed again
      return (isRow || array.size === 0) && text.isWellFormed() ? text : array;
    }
    const kept = this.#squeeze ? shape.filter((size) => size !== 1) : shape;
    if (this.#typedVectors && kept.length === 1 && isPlainVector(array)) return data;
    if (kept.length > 0) return kept.length === shape.length ? array : new NdArray({ ...array, shape: kept });
    if (dtype.startsWith("datetime64")) return new NdArray({ ...array, shape: kept });
    if (dtype === "object") return this.#squeeze ? data[0] : array;
    const element = plainElement(dtype, data[0]);
    return array.imaginary === undefined ? element : new Complex(Number(element), Number(array.imaginary[0]));
  }

  #squeezed(shape: readonly number[]): readonly number[] {
    return this.#squeeze ? shape.filter((size) => size !== 1) : shape;
  }

  #cell(): MatCell {
    const { shape, count } = this.#shape();
    this.#in.require(count * (this.#in.countWidth + 1), `${count} cells`);
    const elements = Array.from({ length: count }, () => this.#sized());
    return new MatCell(this.#squeezed(shape), rowMajorValues(elements, shape));
  }

  #struct(): MatStruct {
    const { shape, count } = this.#shape();
    const names = this.#fieldNames();
    this.#in.require(
      count * names.length * (this.#in.countWidth + 1),
      `${count} structs of ${names.length} fields`,
    );
    const columns = names.map((): unknown[] => []);
    if (names.length > 0) {
      for (let i = 0; i < count; i++) for (const column of columns) column.push(this.#sized());
    } else if (count !== 1 && !Number.isSafeInteger(count)) {
      this.#in.fail("the struct array has more elements than any blob holds.");
    }
    return new MatStruct(
      this.#squeezed(shape),
      new Map(names.map((name, i) => [name, rowMajorValues(columns[i]!, shape)])),
    );
  }

  #fieldNames(): string[] {
    const start = this.#in.at;
    const count = this.#in.u32("number of fields");
    this.#in.require(count, `names of ${count} fields`);
    const names = Array.from({ length: count }, () => this.#in.terminated("name of a field"));
    if (new Set(names).size !== count) this.#in.fail(`a field is named twice: ${names.join(", ")}.`, start);
    return names;
  }

  #structured(): StructuredArray {
    const start = this.#in.at;
    const fields = new Map<string, NdArray | StructuredArray>();
    for (const name of this.#fieldNames()) {
      const fieldAt = this.#in.at;
      const code = this.#in.u8("a type code");
      if (code !== 0x41 && code !== 0x46)
        this.#in.fail(`field "${name}" of a structured array is no array.`, fieldAt);
      if (++this.#depth > DEEPEST) this.#in.fail(`values are nested more than ${DEEPEST} deep.`, fieldAt);
      fields.set(name, code === 0x41 ? this.#array() : this.#structured());
      this.#depth--;
    }
    // a field that is an array itself has further axes: the shape of the whole is the shortest
    const shapes = [...fields.values()].map((field) => field.shape).sort((a, b) => a.length - b.length);
    return this.#at(start, () => new StructuredArray(shapes[0] ?? [], fields));
  }

  #sparse(): MatSparse {
    const start = this.#in.at;
    const input = this.#in;
    const [rows, columns, count] = [
      input.count("rows of a sparse matrix"),
      input.count("columns"),
      input.count("nonzeros"),
    ];
    const dtype = dtypeOfClass(input.u32("an array's class"));
    const complex = input.u32("an array's complex flag") !== 0;
    if (dtype === undefined || dtype === "object")
      return input.fail("a sparse matrix holds numbers only.", start);
    input.require((columns + 1 + count) * input.countWidth, "column starts and row indices");
    const columnStarts = Array.from({ length: columns + 1 }, () => input.count("start of a column"));
    const rowIndices = Array.from({ length: count }, () => input.count("row index"));
    const data = this.#words(dtype, [count], count);
    const imaginary = complex ? this.#words(dtype, [count], count) : undefined;
    return this.#at(
      start,
      () => new MatSparse({ rows, columns, dtype, columnStarts, rowIndices, data, imaginary }),
    );
  }
}

function rowMajorValues(elements: unknown[], shape: readonly number[]): unknown[] {
  if (shape.filter((size) => size !== 1).length < 2) return elements;
  return Array.from(columnMajorIndices(shape), (index) => elements[index]);
}

function plainNumber(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Whether the typed array alone tells all: a Uint8Array is bytes, a bool is one too, and dates are BigInt64Arrays. */
function isPlainVector({ dtype, imaginary }: NdArray): boolean {
  return imaginary === undefined && dtype !== "uint8" && /^(u?int|float)\d+$/.test(dtype);
}

function plainElement(dtype: Dtype, element: unknown): unknown {
  if (dtype === "bool") return element !== 0;
  return typeof element === "bigint" ? plainNumber(element) : element;
}
