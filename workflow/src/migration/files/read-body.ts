/**
 * @module
 * Reads a body into memory that is there already. A body that stands still for too long, breaks off or is longer than it said is a
 * passing error.
 */
import type { Readable } from "node:stream";
import { PassingError } from "./s3-failure.ts";

export interface ReadBodyOptions {
  /** Bytes that must come. */
  readonly length: number;
  readonly stallMs: number;
  readonly signal: AbortSignal;
  readonly onBytes: (count: number) => void;
}

/** Fills the beginning of `target`. @throws PassingError */
export function readBody(body: Readable, target: Uint8Array, options: ReadBodyOptions): Promise<void> {
  const { length, stallMs, signal, onBytes } = options;
  return new Promise((resolve, reject) => {
    let position = 0;
    const end = (error?: Error) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      body.removeAllListeners("data");
      if (error === undefined) return resolve();
      onBytes(-position);
      // its own error is told already
      body.on("error", () => undefined);
      body.destroy();
      reject(error);
    };
    const broken = (message: string, cause?: unknown) =>
      end(new PassingError(message, true, cause === undefined ? {} : { cause }));
    const abort = () => end(signal.reason as Error);
    const timer = setTimeout(() => broken(`no byte came for ${stallMs / 1000} s`), stallMs);
    signal.addEventListener("abort", abort, { once: true });
    body.on("data", (chunk: Buffer) => {
      if (position + chunk.length > length) return broken(`more than the announced ${length} bytes came`);
      target.set(chunk, position);
      position += chunk.length;
      onBytes(chunk.length);
      timer.refresh();
    });
    body.once("error", (error) => broken(`the connection broke after ${position} of ${length} bytes`, error));
    body.once("close", () => {
      if (position === length) end();
      else broken(`the connection ended after ${position} of ${length} bytes`);
    });
    body.once("end", () => {
      if (position === length) end();
      else broken(`the connection ended after ${position} of ${length} bytes`);
    });
    if (signal.aborted) abort();
  });
}
