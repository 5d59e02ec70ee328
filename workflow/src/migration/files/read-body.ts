/**
 * @module
 * Reads a body into memory that is there already, a piece at a time. A body that stands still for too long or breaks off is a passing error.
 */
import type { Readable } from "node:stream";
import { PassingError } from "./s3-failure.ts";

export interface ReadBodyOptions {
  readonly stallMs: number;
  readonly signal: AbortSignal;
  readonly onBytes: (count: number) => void;
}

export interface ReadPiece {
  /** Bytes that are in the memory now. */
  readonly count: number;
  /** What came with the last of them and had no room. */
  readonly rest: Buffer;
  /** Why the memory is not full; the body is of no use any more. */
  readonly broken: PassingError | undefined;
}

/** Fills `target` from its beginning and pauses the body. Whoever opened the body listens to its errors; here they are what broke it.
 *  @throws the signal's reason */
export function readBody(body: Readable, target: Uint8Array, options: ReadBodyOptions): Promise<ReadPiece> {
  const { stallMs, signal, onBytes } = options;
  return new Promise((resolve, reject) => {
    let count = 0;
    let rest: Buffer = Buffer.alloc(0);
    const end = (settle: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      for (const [name, listener] of listeners) body.off(name, listener);
      settle();
    };
    const abort = () =>
      end(() => {
        body.destroy();
        reject(signal.reason as Error);
      });
    const broken = (message: string, cause?: unknown) =>
      end(() => {
        body.destroy();
        resolve({ count, rest, broken: new PassingError(message, true, { cause }) });
      });
    const cut = (cause?: unknown) =>
      broken(`the connection broke after ${count} of ${target.length} bytes`, cause);
    const full = () =>
      end(() => {
        body.pause();
        resolve({ count, rest, broken: undefined });
      });
    const take = (chunk: Buffer) => {
      const fits = Math.min(chunk.length, target.length - count);
      target.set(fits === chunk.length ? chunk : chunk.subarray(0, fits), count);
      rest = chunk.subarray(fits);
      count += fits;
      onBytes(fits);
      timer.refresh();
      if (count === target.length) full();
    };
    const timer = setTimeout(() => broken(`no byte came for ${stallMs / 1000} s`), stallMs);
    const listeners = [
      ["data", take],
      ["error", cut],
      ["end", cut],
      ["close", cut],
    ] as const;
    for (const [name, listener] of listeners) body.on(name, listener);
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    else if (target.length === 0) full();
    else if (body.destroyed || body.readableEnded) cut();
    else body.resume();
  });
}
