/**
 * @module
 * A stretch of an object, read through one request. When the connection breaks, another request goes on where it broke.
 */
import type { Readable } from "node:stream";
import { readBody } from "./read-body.ts";
import type { S3Bucket } from "./s3-bucket.ts";
import { withRetry } from "./with-retry.ts";

export interface ObjectStreamOptions {
  readonly key: string;
  /** It must still have. */
  readonly etag: string;
  /** First byte. */
  readonly from: number;
  /** Behind the last byte. */
  readonly to: number;
  readonly signal: AbortSignal;
  readonly onBytes: (count: number) => void;
}

export class ObjectStream implements Disposable {
  readonly #bucket: S3Bucket;
  readonly #options: ObjectStreamOptions;
  /** Of the next byte that is not handed on. */
  #position: number;
  #body: Readable | undefined;
  /** What came and was not asked for yet. */
  #left: Buffer = Buffer.alloc(0);

  constructor(bucket: S3Bucket, options: ObjectStreamOptions) {
    this.#bucket = bucket;
    this.#options = options;
    this.#position = options.from;
  }

  /** Fills `target` with the next bytes. One call at a time.
   *  @throws PassingError after ten tries in a row that brought nothing; ObjectError when it is another object by now */
  async fill(target: Uint8Array): Promise<void> {
    const { signal } = this.#options;
    for (let filled = 0; filled < target.length; )
      filled += await withRetry(() => this.#fillSome(target.subarray(filled)), { signal });
  }

  [Symbol.dispose](): void {
    this.#body?.destroy();
    this.#body = undefined;
    this.#left = Buffer.alloc(0);
  }

  /** Fills `target` or, when the connection breaks, a part of it.
   *  @returns how many bytes; more than none */
  async #fillSome(target: Uint8Array): Promise<number> {
    if (this.#left.length > 0) {
      const count = Math.min(this.#left.length, target.length);
      target.set(this.#left.subarray(0, count));
      this.#left = this.#left.subarray(count);
      this.#position += count;
      this.#options.onBytes(count);
      return count;
    }
    const { signal, onBytes, to } = this.#options;
    const { stallMs } = this.#bucket;
    const body = this.#body ?? (await this.#open());
    const { count, rest, broken } = await readBody(body, target, { stallMs, signal, onBytes });
    this.#left = rest;
    this.#position += count;
    // the next piece comes through another connection
    if (broken !== undefined) this.#body = undefined;
    if (broken !== undefined && count === 0) throw broken;
    // read to its end, it leaves its connection to others
    if (this.#position === to) body.resume();
    return count;
  }

  async #open(): Promise<Readable> {
    const { key, etag, to } = this.#options;
    const { body } = await this.#bucket.get(key, etag, [this.#position, to]);
    this.#body = body;
    // between two pieces nobody listens: what broke is seen at the next
    body.on("error", () => undefined);
    return body;
  }
}
