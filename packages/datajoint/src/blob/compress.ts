/**
 * @module
 * The outer container: `"ZL123\0" u64(length) zlib(plain)`. Large values are deflated and inflated on libuv's threads.
 */
import { promisify } from "node:util";
import { type Deflate, deflate, deflateSync, type Inflate, inflate, inflateSync } from "node:zlib";
import { BlobError } from "../errors.ts";

const HEADER = Buffer.from("ZL123\0", "latin1");
const HEADER_LENGTH = HEADER.length + 8;
/** As datajoint-python: up to here a blob is never compressed. Bytes. */
const SMALL = 1000;
/** From here on zlib works off the main thread. Bytes; at 1 MB deflate takes some 30 ms. */
const LARGE = 1_000_000;
/** deflate cannot shrink further than 1032:1 (zlib's technical notes), so a length beyond that is a lie. */
const BEST_RATIO = 1032;

interface Inflated {
  readonly buffer: Buffer;
  readonly engine: Inflate | Deflate;
}

/** The blob that stands for `plain`: compressed when that is allowed, worth a try, and shrinks it. */
export function deflated(plain: Uint8Array, compress: boolean): Uint8Array {
  if (!compress || plain.length <= SMALL) return plain;
  return smaller(plain, deflateSync(plain));
}

/** Like `deflated`; off the main thread for more than 1 MB. */
export async function deflatedAsync(plain: Uint8Array, compress: boolean): Promise<Uint8Array> {
  if (!compress || plain.length <= LARGE) return deflated(plain, compress);
  return smaller(plain, await promisify<Uint8Array, Buffer>(deflate)(plain));
}

function smaller(plain: Uint8Array, body: Uint8Array): Uint8Array {
  if (HEADER_LENGTH + body.length >= plain.length) return plain;
  const out = Buffer.alloc(HEADER_LENGTH + body.length);
  out.set(HEADER);
  out.writeBigUInt64LE(BigInt(plain.length), HEADER.length);
  out.set(body, HEADER_LENGTH);
  return out;
}

/** The plain bytes of a blob. @throws BlobError when the stream is broken, longer, shorter, or followed by more bytes */
export function inflated(blob: Uint8Array): Uint8Array {
  const container = readContainer(blob);
  if (container === undefined) return blob;
  try {
    // @types/node leaves out that `info: true` returns the engine beside the buffer
    return checked(inflateSync(container.body, options(container.length)) as unknown as Inflated, container);
  } catch (cause) {
    throw zlibError(cause, container.length);
  }
}

/** Like `inflated`; off the main thread for more than 1 MB. */
export async function inflatedAsync(blob: Uint8Array): Promise<Uint8Array> {
  const container = readContainer(blob);
  if (container === undefined || container.length <= LARGE) return inflated(blob);
  const run = promisify<Uint8Array, object, unknown>(inflate);
  try {
    return checked((await run(container.body, options(container.length))) as Inflated, container);
  } catch (cause) {
    throw zlibError(cause, container.length);
  }
}

interface Container {
  readonly body: Uint8Array;
  readonly length: number;
}

function readContainer(blob: Uint8Array): Container | undefined {
  if (blob.length < HEADER.length || HEADER.compare(blob, 0, HEADER.length) !== 0) return undefined;
  if (blob.length < HEADER_LENGTH) {
    throw new BlobError(
      `A compressed blob of ${blob.length} bytes ends before its length does.`,
      HEADER.length,
    );
  }
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  const length = view.getBigUint64(HEADER.length, true);
  const body = blob.subarray(HEADER_LENGTH);
  if (length > BigInt(body.length) * BigInt(BEST_RATIO)) {
    throw new BlobError(
      `A compressed blob says it holds ${length} bytes; its ${body.length} compressed bytes cannot hold as many.`,
      HEADER.length,
    );
  }
  return { body, length: Number(length) };
}

function options(length: number): { info: true; maxOutputLength: number } {
  return { info: true, maxOutputLength: Math.max(1, length) };
}

function checked({ buffer, engine }: Inflated, { body, length }: Container): Uint8Array {
  if (buffer.length !== length) {
    throw new BlobError(
      `A compressed blob says it holds ${length} bytes, but inflates to ${buffer.length}.`,
      HEADER.length,
    );
  }
  if (engine.bytesWritten !== body.length) {
    const at = HEADER_LENGTH + engine.bytesWritten;
    throw new BlobError(
      `At byte ${at} of the compressed blob: ${body.length - engine.bytesWritten} bytes follow its end.`,
      at,
    );
  }
  return buffer;
}

function zlibError(cause: unknown, length: number): unknown {
  if (cause instanceof BlobError) return cause;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  if (code === "ERR_BUFFER_TOO_LARGE") {
    return new BlobError(
      `A compressed blob says it holds ${length} bytes, but inflates to more.`,
      HEADER.length,
      { cause },
    );
  }
  return new BlobError(`The compressed bytes of a blob are broken (${code || cause}).`, HEADER_LENGTH, {
    cause,
  });
}
