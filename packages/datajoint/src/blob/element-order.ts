/**
 * @module
 * Column-major (Fortran, as blobs hold arrays) to row-major (C, as ours do) and back.
 *
 * Works on 1, 2 or 4 byte words, `words` of them an element, so that no float passes through a JavaScript number: a NaN's payload and
 * an int64's bits stay as they are.
 */

type Words = Uint8Array | Uint16Array | Uint32Array;

/** Side of a square tile: 32 x 32 elements of 8 bytes stay in the first-level cache. */
const TILE = 32;

/**
 * Writes the elements of `source`, an array of `shape` in column-major order, in row-major order.
 *
 * @param words  how many words of `source` are one element
 * @returns a new array, or `source` itself when both orders are the same
 */
export function toRowMajor<T extends Words>(source: T, shape: readonly number[], words = 1): T {
  const dims = shape.filter((size) => size !== 1);
  if (dims.length < 2 || source.length === 0) return source;
  // a slice keeps the type of array; every element is overwritten
  const out = source.slice() as T;
  if (dims.length === 2) transpose(source, out, dims[0]!, dims[1]!, words);
  else reverseAxes(source, out, dims, words);
  return out;
}

/** The way back: `source` of `shape` in row-major order to column-major. */
export function toColumnMajor<T extends Words>(source: T, shape: readonly number[], words = 1): T {
  return toRowMajor(source, shape.toReversed(), words);
}

/** The order of `shape.length`-dimensional elements that are not words: at row-major place i stands column-major element `order[i]`. */
export function columnMajorIndices(shape: readonly number[]): Uint32Array {
  const count = shape.reduce((product, size) => product * size, 1);
  return toRowMajor(
    Uint32Array.from({ length: count }, (_, index) => index),
    shape,
  );
}

function transpose(source: Words, out: Words, rows: number, columns: number, words: number): void {
  for (let rowStart = 0; rowStart < rows; rowStart += TILE) {
    const rowEnd = Math.min(rowStart + TILE, rows);
    for (let columnStart = 0; columnStart < columns; columnStart += TILE) {
      const columnEnd = Math.min(columnStart + TILE, columns);
      for (let row = rowStart; row < rowEnd; row++) {
        for (let column = columnStart; column < columnEnd; column++) {
          const to = (row * columns + column) * words;
          const from = (column * rows + row) * words;
          for (let word = 0; word < words; word++) out[to + word] = source[from + word]!;
        }
      }
    }
  }
}

function reverseAxes(source: Words, out: Words, dims: readonly number[], words: number): void {
  const strides: number[] = [];
  let stride = words;
  for (const size of dims) {
    strides.push(stride);
    stride *= size;
  }
  const last = dims.length - 1;
  const lastSize = dims[last]!;
  const lastStride = strides[last]!;
  const index = new Array<number>(last).fill(0);
  let to = 0;
  while (to < out.length) {
    let from = 0;
    for (let axis = 0; axis < last; axis++) from += index[axis]! * strides[axis]!;
    for (let i = 0; i < lastSize; i++, from += lastStride) {
      for (let word = 0; word < words; word++) out[to++] = source[from + word]!;
    }
    for (let axis = last - 1; axis >= 0; axis--) {
      index[axis] = index[axis]! + 1;
      if (index[axis]! < dims[axis]!) break;
      index[axis] = 0;
    }
  }
}
