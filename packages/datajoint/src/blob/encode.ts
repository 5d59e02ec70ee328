/**
 * @module
 * Values to blobs that datajoint-python (both generations) and, where the whole tree is arrays, cells and structs, mYm can read.
 *
 * number with an integer value (up to 2^53) -> int, other number -> float; bigint -> int; Uint8Array -> bytes; other typed arrays ->
 * one-dimensional array; Array -> list; object and Map -> dict; Set -> set; null -> None. See python-values.ts and arrays.ts for the rest.
 */
import { BlobError } from "../errors.ts";
import {
  type Dtype,
  elementType,
  MatCell,
  MatSparse,
  MatStruct,
  NdArray,
  OBJECT_CLASS,
  StructuredArray,
  type TypedData,
} from "./arrays.ts";
import { ByteWriter } from "./byte-writer.ts";
import { deflated, deflatedAsync } from "./compress.ts";
import { toColumnMajor } from "./element-order.ts";
import { DEEPEST } from "./nesting.ts";
import { Complex, DateTime, Decimal, Float, Tuple, Uuid } from "./python-values.ts";

export interface PackOptions {
  /** Compress blobs over 1000 bytes that shrink. Default true, as datajoint-python. */
  readonly compress?: boolean;
  /** Write counts as u32 for a 32-bit mYm. Default false. */
  readonly dims32?: boolean;
}

/** Writes a value as a blob. @throws BlobError naming the place (`.units[3]`) of what cannot be packed, and what to do */
export function pack(value: unknown, options: PackOptions = {}): Uint8Array {
  return deflated(writePlain(value, options), options.compress ?? true);
}

/** Like `pack`; deflates off the main thread what is larger than 1 MB. The value is read before the first await. */
export async function packAsync(value: unknown, options: PackOptions = {}): Promise<Uint8Array> {
  return deflatedAsync(writePlain(value, options), options.compress ?? true);
}

function writePlain(value: unknown, options: PackOptions): Uint8Array {
  const encoder = new Encoder(options.dims32 ?? false);
  encoder.node(value);
  return encoder.finish();
}

class Encoder {
  readonly #out: ByteWriter;
  readonly #path: string[] = [];
  /** Whether MATLAB's mYm knows all that was written. */
  #mym = true;
  #depth = 0;

  constructor(dims32: boolean) {
    this.#out = new ByteWriter(dims32);
    this.#out.bytes(Buffer.from("mYm\0", "latin1"));
  }

  finish(): Uint8Array {
    const bytes = this.#out.finish();
    if (!this.#mym) bytes.set(Buffer.from("dj0", "latin1"));
    return bytes;
  }

  node(value: unknown): void {
    if (++this.#depth > DEEPEST) this.#fail(`is nested more than ${DEEPEST} deep, or holds itself.`);
    if (value instanceof NdArray) this.#array(value);
    else if (value instanceof MatCell) this.#cell(value);
    else if (value instanceof MatStruct) this.#struct(value);
    else if (value instanceof MatSparse) this.#sparse(value);
    else if (ArrayBuffer.isView(value) && !(value instanceof Uint8Array))
      this.#array(this.#typedArray(value));
    else {
      this.#mym = false;
      this.#python(value);
    }
    this.#depth--;
  }

  #python(value: unknown): void {
    const out = this.#out;
    if (value === null) out.u8(0xff);
    else if (typeof value === "object") this.#object(value);
    else if (typeof value === "string") this.#text(0x05, value);
    else if (typeof value === "bigint") this.#int(value);
    else if (typeof value === "number") {
      if (Number.isSafeInteger(value) && !Object.is(value, -0)) this.#int(BigInt(value));
      else this.#float(value);
    } else if (typeof value === "boolean") {
      out.u8(0x0b);
      out.u8(value ? 1 : 0);
    } else this.#fail(`is ${typeof value}, which Python has no value for. Use null for None.`);
  }

  #object(value: object): void {
    const out = this.#out;
    if (value instanceof Uint8Array) {
      out.u8(0x06);
      out.count(value.length);
      out.bytes(value);
    } else if (value instanceof Tuple) this.#items(0x01, value);
    else if (Array.isArray(value)) this.#items(0x02, value);
    else if (value instanceof Set) {
      for (const item of value) this.#requireHashable(item, "a set");
      this.#items(0x03, [...value]);
    } else if (value instanceof Map) this.#dict(value);
    else if (value instanceof Float) this.#float(value.value);
    else if (value instanceof Complex) {
      out.u8(0x0c);
      out.f64(value.re);
      out.f64(value.im);
    } else if (value instanceof Decimal) this.#text(0x64, value.text);
    else if (value instanceof DateTime) {
      out.u8(0x74);
      out.i32(value.date);
      out.i64(BigInt(value.time));
    } else if (value instanceof Uuid) {
      out.u8(0x75);
      out.bytes(Buffer.from(value.text.replaceAll("-", ""), "hex"));
    } else if (value instanceof StructuredArray) this.#structured(value);
    else if (value instanceof Date) {
      this.#fail(
        'is a Date: an instant, but blobs hold wall-clock times without a zone. Use new DateTime("2024-01-31 05:06:07").',
      );
    } else {
      const prototype = Object.getPrototypeOf(value);
      // realms other than ours (vm, workers' structured clones) have an Object of their own
      if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
        this.#fail(
          `is a ${prototype.constructor?.name || "class instance"}, which cannot be packed. Use a plain object, or a class of the blob room.`,
        );
      }
      this.#dict(new Map(Object.entries(value)));
    }
  }

  #fail(problem: string): never {
    throw new BlobError(
      `Cannot pack the value${this.#path.length === 0 ? "" : ` at ${this.#path.join("")}`}: it ${problem}`,
    );
  }

  /** Python's sets and dict keys hold values that cannot change. */
  #requireHashable(value: unknown, where: string): void {
    if (value instanceof Tuple) {
      for (const item of value) this.#requireHashable(item, where);
      return;
    }
    const refused =
      Array.isArray(value) ||
      value instanceof Set ||
      value instanceof Map ||
      ARRAY_CLASSES.some((type) => value instanceof type) ||
      (ArrayBuffer.isView(value) && !(value instanceof Uint8Array)) ||
      (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype);
    if (refused) this.#fail(`has a value in ${where} that Python cannot hash. Use a Tuple there.`);
  }

  #in(step: string, write: () => void): void {
    this.#path.push(step);
    write();
    this.#path.pop();
  }

  /** A node after its length in bytes. */
  #sized(step: string, value: unknown): void {
    const mark = this.#out.reserveCount();
    this.#in(step, () => this.node(value));
    this.#out.fillCount(mark);
  }

  #items(code: number, items: readonly unknown[]): void {
    this.#out.u8(code);
    this.#out.count(items.length);
    for (let i = 0; i < items.length; i++) this.#sized(`[${i}]`, items[i]);
  }

  #dict(map: ReadonlyMap<unknown, unknown>): void {
    this.#out.u8(0x04);
    this.#out.count(map.size);
    for (const [key, value] of map) {
      this.#requireHashable(key, "the keys of a dict");
      const step = typeof key === "string" ? `.${key}` : `[${String(key)}]`;
      this.#sized(`${step} (key)`, key);
      this.#sized(step, value);
    }
  }

  #text(code: number, text: string): void {
    if (!text.isWellFormed()) this.#fail("is text with half of a surrogate pair, which is not Unicode text.");
    const bytes = Buffer.from(text, "utf8");
    this.#out.u8(code);
    this.#out.count(bytes.length);
    this.#out.bytes(bytes);
  }

  #float(value: number): void {
    this.#out.u8(0x0d);
    this.#out.f64(value);
  }

  #int(value: bigint): void {
    const hex = (value < 0n ? -value : value).toString(2);
    const length = Math.floor((value === 0n ? 0 : hex.length) / 8) + 1;
    if (length > 0xffff) this.#fail("is an integer of more than 65535 bytes.");
    const digits = BigInt.asUintN(length * 8, value)
      .toString(16)
      .padStart(length * 2, "0");
    this.#out.u8(0x0a);
    this.#out.u16(length);
    this.#out.bytes(Buffer.from(digits, "hex").reverse());
  }

  #shape(shape: readonly number[]): void {
    this.#out.count(shape.length);
    for (const size of shape) this.#out.count(size);
  }

  #typedArray(view: ArrayBufferView): NdArray {
    try {
      // an unknown kind of view is refused by name
      return NdArray.of(view as TypedData);
    } catch (error) {
      if (error instanceof BlobError) this.#fail(`cannot be an array. ${error.message}`);
      throw error;
    }
  }

  #array(array: NdArray): void {
    const { dtype, shape, data, imaginary } = array;
    if (shape.length === 0 || dtype === "object" || dtype.startsWith("datetime64")) this.#mym = false;
    this.#out.u8(0x41);
    this.#shape(shape);
    this.#out.u32(dtype === "object" ? OBJECT_CLASS : elementType(dtype).id);
    this.#out.u32(imaginary === undefined ? 0 : 1);
    if (dtype === "object") {
      for (const index of columnOrder(shape, data.length)) this.#sized(`[${index}]`, data[index]);
      return;
    }
    // the constructor of NdArray has checked that data is of the dtype
    this.#words(dtype, shape, data as TypedData);
    if (imaginary !== undefined) this.#words(dtype, shape, imaginary);
  }

  #words(dtype: Dtype, shape: readonly number[], data: TypedData): void {
    const width = elementType(dtype).array.BYTES_PER_ELEMENT;
    const word = width === 1 ? Uint8Array : width === 2 ? Uint16Array : Uint32Array;
    const words = new word(
      data.buffer as ArrayBuffer,
      data.byteOffset,
      (data.length * width) / word.BYTES_PER_ELEMENT,
    );
    const ordered = toColumnMajor(words, shape, width === 8 ? 2 : 1);
    this.#out.bytes(new Uint8Array(ordered.buffer, ordered.byteOffset, ordered.byteLength));
  }

  #cell({ shape, elements }: MatCell): void {
    this.#out.u8(0x43);
    this.#shape(shape);
    for (const index of columnOrder(shape, elements.length)) this.#sized(`{${index}}`, elements[index]);
  }

  #fieldNames(names: readonly string[]): void {
    this.#out.u32(names.length);
    for (const name of names) {
      if (name === "" || name.includes("\0") || !name.isWellFormed())
        this.#fail(`has a field named ${JSON.stringify(name)}.`);
      this.#out.bytes(Buffer.from(`${name}\0`, "utf8"));
    }
  }

  #struct({ shape, fields }: MatStruct): void {
    this.#out.u8(0x53);
    this.#shape(shape);
    this.#fieldNames([...fields.keys()]);
    if (fields.size === 0) return;
    const count = fields.values().next().value!.length;
    for (const index of columnOrder(shape, count)) {
      for (const [name, values] of fields) this.#sized(`(${index}).${name}`, values[index]);
    }
  }

  #structured({ fields }: StructuredArray): void {
    this.#out.u8(0x46);
    this.#fieldNames([...fields.keys()]);
    for (const [name, field] of fields) {
      this.#in(`.${name}`, () => (field instanceof NdArray ? this.#array(field) : this.#structured(field)));
    }
  }

  #sparse(matrix: MatSparse): void {
    this.#out.u8(0x50);
    for (const count of [matrix.rows, matrix.columns, matrix.rowIndices.length]) this.#out.count(count);
    this.#out.u32(elementType(matrix.dtype).id);
    this.#out.u32(matrix.imaginary === undefined ? 0 : 1);
    for (const start of matrix.columnStarts) this.#out.count(start);
    for (const row of matrix.rowIndices) this.#out.count(row);
    this.#words(matrix.dtype, [matrix.data.length], matrix.data);
    if (matrix.imaginary !== undefined) this.#words(matrix.dtype, [matrix.data.length], matrix.imaginary);
  }
}

const ARRAY_CLASSES = [NdArray, StructuredArray, MatCell, MatStruct, MatSparse];

/** Row-major places of the elements, in column-major order. */
function columnOrder(shape: readonly number[], count: number): Uint32Array {
  return toColumnMajor(
    Uint32Array.from({ length: count }, (_, index) => index),
    shape,
  );
}
