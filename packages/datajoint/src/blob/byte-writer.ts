/**
 * @module
 * Writes little-endian numbers into a buffer that doubles when it is full.
 */
import { BlobError } from "../errors.ts";

export class ByteWriter {
  readonly #dims32: boolean;
  #buffer = Buffer.alloc(256);
  #at = 0;

  /** @param dims32  whether counts are u32, for a 32-bit mYm, and not u64 */
  constructor(dims32: boolean) {
    this.#dims32 = dims32;
  }

  finish(): Uint8Array {
    return this.#buffer.subarray(0, this.#at);
  }

  #room(length: number): number {
    const start = this.#at;
    this.#at += length;
    if (this.#at > this.#buffer.length) {
      const larger = Buffer.alloc(Math.max(this.#at, this.#buffer.length * 2));
      larger.set(this.#buffer.subarray(0, start));
      this.#buffer = larger;
    }
    return start;
  }

  bytes(bytes: Uint8Array): void {
    // #room may replace the buffer, so the place is asked for first
    const start = this.#room(bytes.length);
    this.#buffer.set(bytes, start);
  }
  u8(value: number): void {
    const start = this.#room(1);
    this.#buffer.writeUInt8(value, start);
  }
  u16(value: number): void {
    const start = this.#room(2);
    this.#buffer.writeUInt16LE(value, start);
  }
  u32(value: number): void {
    const start = this.#room(4);
    this.#buffer.writeUInt32LE(value, start);
  }
  i32(value: number): void {
    const start = this.#room(4);
    this.#buffer.writeInt32LE(value, start);
  }
  i64(value: bigint): void {
    const start = this.#room(8);
    this.#buffer.writeBigInt64LE(value, start);
  }
  f64(value: number): void {
    const start = this.#room(8);
    this.#buffer.writeDoubleLE(value, start);
  }

  /** u64, or u32 with `dims32`. @throws BlobError when u32 cannot hold it */
  count(value: number): void {
    this.#setCount(this.#room(this.#dims32 ? 4 : 8), value);
  }

  /** Leaves room for the length of what is written next. */
  reserveCount(): number {
    return this.#room(this.#dims32 ? 4 : 8);
  }

  /** Fills in the length of all that was written since `mark`. */
  fillCount(mark: number): void {
    this.#setCount(mark, this.#at - mark - (this.#dims32 ? 4 : 8));
  }

  #setCount(start: number, value: number): void {
    if (!this.#dims32) this.#buffer.writeBigUInt64LE(BigInt(value), start);
    else if (value > 0xffffffff)
      throw new BlobError(`A 32-bit mYm cannot hold the count ${value}; pack without dims32.`);
    else this.#buffer.writeUInt32LE(value, start);
  }
}
