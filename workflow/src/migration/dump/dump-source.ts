/**
 * @module
 * A dump file as a stream of SQL bytes: plain, gzip or zstd, told apart by content and not by name.
 *
 * `identity` names the file for ever: its size and a hash of its first and last MiB, as it lies there; not its name, path or time.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { DumpError } from "./dump-error.ts";

export interface DumpSource {
  readonly path: string;
  /** Of the file as it lies there. */
  readonly bytes: number;
  readonly identity: string;
  readonly compression: "none" | "gzip" | "zstd";
  /** Bytes of the file that were read so far. */
  position(): number;
  /** Fills `into` from `at` on; resolves to how many bytes came, 0 at the end. */
  read(into: Buffer, at: number): Promise<number>;
  close(): Promise<void>;
}

const mebibyte = 2 ** 20;

/** First bytes of what is no dump, and what to do about it. */
const foreign: readonly (readonly [string, readonly number[], string])[] = [
  ["a bzip2 file", [0x42, 0x5a, 0x68], "Unpack it with bunzip2"],
  ["an xz file", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], "Unpack it with unxz"],
  ["a zip file", [0x50, 0x4b, 3, 4], "Unpack it with unzip"],
  [
    "UTF-16 text (PowerShell's > writes that)",
    [0xff, 0xfe],
    "Convert it with iconv -f UTF-16 -t UTF-8, or better dump again with --result-file",
  ],
  ["an XML dump", [0x3c, 0x3f, 0x78, 0x6d, 0x6c], "Dump again without --xml"],
  ["a SQLite database", [...Buffer.from("SQLite format 3")], "It needs no import: set database.path to it"],
];

/**
 * Opens a dump.
 * @throws DumpError `dump-unreadable` when it cannot be opened, is empty or of another kind
 */
export async function openDump(path: string): Promise<DumpSource> {
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch (cause) {
    throw new DumpError(
      "dump-unreadable",
      path,
      `The dump ${path} cannot be opened: ${(cause as Error).message}`,
      { cause },
    );
  }
  try {
    const { bytes, identity, head } = await identify(file, path);
    if (bytes === 0)
      throw new DumpError("dump-unreadable", path, `The dump ${path} is empty (0 bytes). Get it again.`);
    const kind = foreign.find(([, start]) => start.every((byte, i) => head[i] === byte));
    if (kind !== undefined)
      throw new DumpError(
        "dump-unreadable",
        path,
        `${path} is ${kind[0]}, expected SQL text, gzip or zstd. ${kind[2]}.`,
      );
    const compression = compressionOf(head);
    return compression === "none"
      ? plainSource(file, path, bytes, identity)
      : packedSource(file, path, bytes, identity, compression);
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function identify(file: FileHandle, path: string) {
  const stat = await file.stat();
  if (!stat.isFile())
    throw new DumpError("dump-unreadable", path, `${path} is no file. Name the dump files one by one.`);
  const bytes = stat.size;
  const head = Buffer.alloc(Math.min(bytes, mebibyte));
  await file.read(head, 0, head.length, 0);
  const tail = Buffer.alloc(Math.min(bytes, mebibyte));
  await file.read(tail, 0, tail.length, bytes - tail.length);
  const hash = createHash("sha256").update(`${bytes}\n`).update(head).update(tail).digest("hex");
  return { bytes, identity: hash.slice(0, 40), head };
}

function compressionOf(head: Buffer): DumpSource["compression"] {
  if (head[0] === 0x1f && head[1] === 0x8b) return "gzip";
  // a frame of zstd, or a skippable one as parallel compressors write
  if (
    head.length >= 4 &&
    (head.readUInt32LE(0) === 0xfd2fb528 || (head.readUInt32LE(0) & 0xfffffff0) >>> 0 === 0x184d2a50)
  )
    return "zstd";
  return "none";
}

function plainSource(file: FileHandle, path: string, bytes: number, identity: string): DumpSource {
  let position = 0;
  return {
    path,
    bytes,
    identity,
    compression: "none",
    position: () => position,
    async read(into, at) {
      const { bytesRead } = await file.read(into, at, into.length - at, position);
      position += bytesRead;
      return bytesRead;
    },
    close: () => file.close(),
  };
}

function packedSource(
  file: FileHandle,
  path: string,
  bytes: number,
  identity: string,
  compression: "gzip" | "zstd",
): DumpSource {
  const packed = createReadStream("", { fd: file, start: 0, autoClose: false, highWaterMark: mebibyte });
  const unpacker =
    compression === "gzip"
      ? createGunzip({ chunkSize: mebibyte })
      : createZstdDecompress({ chunkSize: mebibyte });
  let failure: unknown;
  packed.on("error", (error) => unpacker.destroy(error));
  const chunks = packed.pipe(unpacker)[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let rest: Buffer = Buffer.alloc(0);
  return {
    path,
    bytes,
    identity,
    compression,
    position: () => packed.bytesRead,
    async read(into, at) {
      if (failure !== undefined) throw failure;
      if (rest.length === 0) {
        try {
          const { value, done } = await chunks.next();
          if (done === true) return 0;
          rest = value;
        } catch (cause) {
          const isCut =
            (cause as NodeJS.ErrnoException).code === "Z_BUF_ERROR" ||
            /unexpected end/i.test((cause as Error).message);
          failure = new DumpError(
            isCut ? "dump-truncated" : "dump-unreadable",
            path,
            `${path} cannot be unpacked (${compression}): ${(cause as Error).message}. ${isCut ? "It is cut short" : "It is damaged"}: get it again.`,
            { cause },
          );
          throw failure;
        }
      }
      const count = Math.min(rest.length, into.length - at);
      rest.copy(into, at, 0, count);
      rest = rest.subarray(count);
      return count;
    },
    async close() {
      packed.destroy();
      unpacker.destroy();
      await file.close();
    },
  };
}
