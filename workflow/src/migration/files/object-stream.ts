/**
 * @module
 * An object read from some byte to its end through one request. When the connection breaks, another request goes on where it broke.
 */
import type { Readable } from "node:stream";
import type { S3Bucket } from "./s3-bucket.ts";
import { PassingError } from "./s3-failure.ts";
import { withRetry } from "./with-retry.ts";

export interface ObjectStreamOptions {
  readonly key: string;
  /** It must still have. */
  readonly etag: string;
  /** First byte. */
  readonly from: number;
  /** Of the whole object, bytes. */
  readonly size: number;
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
    const count = Math.min(this.#left.length, target.length);
    this.#take(this.#left, target, 0);
    if (count === target.length) return count;
    try {
      return await this.#receive(target, count, this.#body ?? (await this.#open()));
    } catch (error) {
      this[Symbol.dispose]();
      if (this.#options.signal.aborted) throw error;
      if (count > 0) return count;
      throw this.#bucket.failure(error, this.#options.key);
    }
  }

  async #open(): Promise<Readable> {
    const { key, etag, size } = this.#options;
    const { body } = await this.#bucket.get(key, etag, [this.#position, size]);
    this.#body = body;
    // between two pieces nobody listens: what broke is seen at the next
    body.on("error", () => undefined);
    return body;
  }

  /** Copies what fits behind `filled` bytes of `target`. @returns how many bytes that was */
  #take(chunk: Buffer, target: Uint8Array, filled: number): number {
    const count = Math.min(chunk.length, target.length - filled);
    target.set(count === chunk.length ? chunk : chunk.subarray(0, count), filled);
    this.#left = chunk.subarray(count);
    this.#position += count;
    if (count > 0) this.#options.onBytes(count);
    return count;
  }

  #receive(target: Uint8Array, already: number, body: Readable): Promise<number> {
    const { stallMs } = this.#bucket;
    const { signal, size } = this.#options;
    return new Promise((resolve, reject) => {
      let filled = already;
      const end = (error?: Error) => {
        clearTimeout(timer);
        signal.removeEventListener("abort", abort);
        for (const [name, listener] of listeners) body.off(name, listener);
        if (error === undefined || (filled > 0 && !signal.aborted)) resolve(filled);
        else reject(error);
        // the next piece comes through another connection
        if (error !== undefined) this[Symbol.dispose]();
      };
      const broken = (reason?: unknown) =>
        end(
          new PassingError(
            `the connection broke before byte ${size}`,
            true,
            reason instanceof Error ? { cause: reason } : {},
          ),
        );
      const abort = () => end(signal.reason as Error);
      const timer = setTimeout(
        () => end(new PassingError(`no byte came for ${stallMs / 1000} s`, true)),
        stallMs,
      );
      const listeners = [
        [
          "data",
          (chunk: Buffer) => {
            filled += this.#take(chunk, target, filled);
            timer.refresh();
            if (filled < target.length) return;
            end();
            // read to its end, it leaves its connection to others
            if (this.#position < size) body.pause();
          },
        ],
        ["error", broken],
        ["end", broken],
        ["close", broken],
      ] as const;
      for (const [name, listener] of listeners) body.on(name, listener);
      signal.addEventListener("abort", abort, { once: true });
      if (signal.aborted) abort();
      else if (body.destroyed || body.readableEnded) broken();
      else body.resume();
    });
  }
}
