/**
 * @module
 * A window on a dump's bytes that moves forward, and the line it stands at.
 */
import type { DumpSource } from "./dump-source.ts";

export interface DumpWindowOptions {
  readonly signal?: AbortSignal;
  /** Told now and then: bytes of the file read, of how many. */
  readonly onProgress?: (read: number, total: number) => void;
  /** Bytes read at a time; rows are handed on in pieces of about this size. Default: 1 MiB. */
  readonly windowBytes?: number;
}

/** A search of `bytes` from `from` (inclusive) to `end` (exclusive): the place, or -1 when it is not there yet. */
type Search = (bytes: Buffer, from: number, end: number) => number;

/** Bytes [position, end) of `bytes` are read and not used. A buffer is never written again where a piece of it may have been handed on. */
export class DumpWindow {
  bytes: Buffer = Buffer.alloc(0);
  position = 0;
  end = 0;
  isAtEnd = false;
  /** Of `bytes[0]` in the unpacked text. */
  base = 0;
  readonly #source: DumpSource;
  readonly #options: DumpWindowOptions;
  /** The line of `bytes[lineAt]`. */
  #line = 1;
  #lineAt = 0;

  constructor(source: DumpSource, options: DumpWindowOptions) {
    this.#source = source;
    this.#options = options;
  }

  /** Gets more bytes behind those that are not used; false at the end of the file. `bytes` may be another buffer then. */
  async fill(): Promise<boolean> {
    if (this.isAtEnd) return false;
    this.#options.signal?.throwIfAborted();
    const { windowBytes = 2 ** 20 } = this.#options;
    const rest = this.end - this.position;
    if (this.bytes.length - this.end < windowBytes / 4) {
      this.#countLines();
      const next = Buffer.allocUnsafeSlow(Math.max(windowBytes, rest * 2 + windowBytes / 2));
      this.bytes.copy(next, 0, this.position, this.end);
      this.base += this.position;
      this.#lineAt -= this.position;
      this.bytes = next;
      this.position = 0;
      this.end = rest;
    }
    const count = await this.#source.read(this.bytes, this.end);
    this.end += count;
    if (count === 0) this.isAtEnd = true;
    this.#options.onProgress?.(this.#source.position(), this.#source.bytes);
    return count > 0;
  }

  /** At least `count` bytes, unless the file ends. */
  async need(count: number): Promise<void> {
    while (this.end - this.position < count && (await this.fill()));
  }

  /** Of the position, from 1. */
  get line(): number {
    this.#countLines();
    return this.#line;
  }

  where(line = this.line): string {
    return `${this.#source.path}:${line}`;
  }

  /** At most `count` bytes from the position on, each a character. */
  text(count: number): string {
    return this.bytes.toString("latin1", this.position, Math.min(this.end, this.position + count));
  }

  /** Searches from the position on, reading more as needed; the place in `bytes` (which may have moved), -1 at the end of the file or beyond `limit` bytes. */
  async find(search: Search, limit = Number.POSITIVE_INFINITY): Promise<number> {
    for (let searched = 0; ; ) {
      // searched again when twice as much is there, so that no byte is looked at more than a few times
      if (this.end - this.position >= searched * 2 || this.isAtEnd) {
        const found = search(this.bytes, this.position, this.end);
        if (found >= 0 || this.isAtEnd) return found;
        searched = this.end - this.position;
        if (searched > limit) return -1;
      }
      await this.fill();
    }
  }

  /** The line feed that ends this line, or the end of the file. */
  async findLineEnd(): Promise<number> {
    const found = await this.find((bytes, from, end) => {
      const at = bytes.indexOf(0x0a, from);
      return at < end ? at : -1;
    });
    return found < 0 ? this.end : found;
  }

  #countLines(): void {
    for (;;) {
      const found = this.bytes.indexOf(0x0a, this.#lineAt);
      if (found < 0 || found >= this.position) break;
      this.#line++;
      this.#lineAt = found + 1;
    }
    // never back: what was looked at ahead is not counted twice
    this.#lineAt = Math.max(this.#lineAt, this.position);
  }
}
