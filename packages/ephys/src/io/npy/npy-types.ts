/**
 * @module
 * The number types of `.npy` files and the typed arrays that hold them.
 *
 * Booleans come as Uint8Array of 0 and 1 with `isBoolean`, half floats as Float32Array. Complex numbers, texts, dates and Python objects
 * are not numbers of this package and are refused.
 */

export type NpyValues =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

/** How a type is read: the array it becomes, and its numbers' size in the file. */
export interface NpyType {
  readonly bytes: number;
  readonly make: (length: number) => NpyValues;
}

const TYPES: Readonly<Record<string, NpyType>> = {
  b1: { bytes: 1, make: (length) => new Uint8Array(length) },
  i1: { bytes: 1, make: (length) => new Int8Array(length) },
  u1: { bytes: 1, make: (length) => new Uint8Array(length) },
  i2: { bytes: 2, make: (length) => new Int16Array(length) },
  u2: { bytes: 2, make: (length) => new Uint16Array(length) },
  i4: { bytes: 4, make: (length) => new Int32Array(length) },
  u4: { bytes: 4, make: (length) => new Uint32Array(length) },
  i8: { bytes: 8, make: (length) => new BigInt64Array(length) },
  u8: { bytes: 8, make: (length) => new BigUint64Array(length) },
  f2: { bytes: 2, make: (length) => new Float32Array(length) },
  f4: { bytes: 4, make: (length) => new Float32Array(length) },
  f8: { bytes: 8, make: (length) => new Float64Array(length) },
};

/** The type that a `descr` without its byte order names ("f4"); undefined when it is not a number's. */
export function npyType(name: string): NpyType | undefined {
  return TYPES[name];
}

/** The `descr` that numpy gives an array, little-endian. */
export function descrOf(values: NpyValues): string {
  if (values instanceof Int8Array) return "|i1";
  if (values instanceof Uint8Array) return "|u1";
  if (values instanceof Int16Array) return "<i2";
  if (values instanceof Uint16Array) return "<u2";
  if (values instanceof Int32Array) return "<i4";
  if (values instanceof Uint32Array) return "<u4";
  if (values instanceof BigInt64Array) return "<i8";
  if (values instanceof BigUint64Array) return "<u8";
  return values instanceof Float32Array ? "<f4" : "<f8";
}
