/**
 * @module
 * Reads little-endian numbers from bytes, and refuses to read past their end: every length is compared with what is left before
 * anything is allocated.
 */
import { BlobError } from "../errors.ts";

export class ByteReader {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  readonly #dims32: boolean;
  at = 0;

  /** @param dims32  whether counts are u32, as mYm wrote them on 32-bit systems, and not u64 */
  constructor(bytes: Uint8Array, dims32 = false) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#dims32 = dims32;
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  /** The bytes that one count takes. */
  get countWidth(): number {
    return this.#dims32 ? 4 : 8;
  }

  fail(message: string, at = this.at): never {
    throw new BlobError(`At byte ${at} of the blob: ${message}`, at);
  }

  /** Moves on by `length` bytes; the place where they began. @throws BlobError when there are fewer */
  skip(length: number, what: string): number {
    if (!(length <= this.left)) {
      this.fail(
        `expected ${length} bytes of ${what}, got ${this.left}. The blob was cut, or a length in it is wrong.`,
      );
    }
    const start = this.at;
    this.at += length;
    return start;
  }

  u8(what: string): number {
    return this.#view.getUint8(this.skip(1, what));
  }
  u16(what: string): number {
    return this.#view.getUint16(this.skip(2, what), true);
  }
  u32(what: string): number {
    return this.#view.getUint32(this.skip(4, what), true);
  }
  i32(what: string): number {
    return this.#view.getInt32(this.skip(4, what), true);
  }
  f64(what: string): number {
    return this.#view.getFloat64(this.skip(8, what), true);
  }
  i64(what: string): bigint {
    return this.#view.getBigInt64(this.skip(8, what), true);
  }

  /** A count: u64, or u32 with `dims32`. @throws BlobError past 2^53, which no blob can hold */
  count(what: string): number {
    if (this.#dims32) return this.u32(what);
    const value = this.#view.getBigUint64(this.skip(8, what), true);
    if (value > BigInt(Number.MAX_SAFE_INTEGER))
      this.fail(`the ${what} is ${value}, more than any blob holds.`, this.at - 8);
    return Number(value);
  }

  /** A count of things that take at least `width` bytes each. @throws BlobError when the rest of the blob cannot hold them */
  countOf(what: string, width: number): number {
    const start = this.at;
    const count = this.count(`number of ${what}`);
    this.require(count * width, `${count} ${what}`, start);
    return count;
  }

  /** @throws BlobError when fewer than `length` bytes are left */
  require(length: number, what: string, at = this.at): void {
    if (!(length <= this.left)) {
      this.fail(
        `${what} take at least ${length} bytes, ${this.left} are left. The blob was cut, or a length in it is wrong.`,
        at,
      );
    }
  }

  /** A copy of the next bytes. */
  copy(length: number, what: string): Uint8Array<ArrayBuffer> {
    const start = this.skip(length, what);
    return new Uint8Array(this.bytes.subarray(start, start + length));
  }

  text(length: number, what: string): string {
    const start = this.skip(length, what);
    try {
      return UTF8.decode(this.bytes.subarray(start, start + length));
    } catch (cause) {
      throw new BlobError(`At byte ${start} of the blob: the ${what} is not UTF-8.`, start, { cause });
    }
  }

  /** Text up to a NUL. */
  terminated(what: string): string {
    const end = this.bytes.indexOf(0, this.at);
    if (end === -1) this.fail(`the ${what} does not end with a NUL.`);
    const text = this.text(end - this.at, what);
    this.at++;
    return text;
  }
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
