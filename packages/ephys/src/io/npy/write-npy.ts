/**
 * @module
 * Writes NumPy `.npy` files (version 1.0, C order, little-endian), byte for byte as `numpy.save` does.
 */
import { writeFile } from "node:fs/promises";
import { endianness } from "node:os";
import { ShapeError } from "../../errors.ts";
import { formatNpyHeader } from "./npy-header.ts";
import { descrOf, type NpyValues } from "./npy-types.ts";

/**
 * The bytes of a file.
 *
 * @param values  in C order
 * @param shape  default: one axis
 * @throws ShapeError when the shape's product is not the number of values
 */
export function formatNpy(values: NpyValues, shape: readonly number[] = [values.length]): Uint8Array {
  const length = shape.reduce((product, size) => product * size, 1);
  if (length !== values.length)
    throw new ShapeError(`Shape (${shape.join(", ")}) needs ${length} values, got ${values.length}`);
  const header = formatNpyHeader(descrOf(values), shape);
  const bytes = new Uint8Array(header.length + values.byteLength);
  bytes.set(header);
  const data = bytes.subarray(header.length);
  data.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  const size = values.BYTES_PER_ELEMENT;
  if (endianness() === "BE")
    for (let start = 0; start < data.length; start += size) data.subarray(start, start + size).reverse();
  return bytes;
}

/** Writes a file. @throws ShapeError like `formatNpy`, and what the file system throws */
export async function writeNpy(path: string, values: NpyValues, shape?: readonly number[]): Promise<void> {
  await writeFile(path, formatNpy(values, shape));
}
