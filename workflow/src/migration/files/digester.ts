/**
 * @module
 * Digests of a stream of bytes, all that a plan asks for in one pass.
 */
import { createHash, type Hash } from "node:crypto";
import { crc32 } from "node:zlib";
import { Crc32c, Crc64Nvme } from "@aws-sdk/checksums/crc";
import type { ChecksumName } from "./expected-content.ts";

export interface DigestPlan {
  /** The md5 of the whole. */
  readonly md5: boolean;
  /** Bytes a part, for each multipart etag to make. */
  readonly partSizes: readonly number[];
  readonly checksums: readonly ChecksumName[];
}

export interface Digests {
  /** Bytes that were digested. */
  readonly size: number;
  /** Lower-case hex; where the plan asks for it. */
  readonly md5?: string;
  /** By part size: `md5-N`, lower-case hex. */
  readonly multipartEtags: Readonly<Record<number, string>>;
  /** Base64, as S3 writes them. */
  readonly checksums: Readonly<Partial<Record<ChecksumName, string>>>;
}

interface Checksum {
  update(bytes: Uint8Array): void;
  digest(): Promise<Uint8Array> | Uint8Array;
}

export class Digester {
  readonly #md5: Hash | undefined;
  readonly #parts: readonly PartDigester[];
  readonly #checksums: readonly (readonly [ChecksumName, Checksum])[];
  #size = 0;

  constructor(plan: DigestPlan) {
    this.#md5 = plan.md5 ? createHash("md5") : undefined;
    this.#parts = plan.partSizes.map((size) => new PartDigester(size));
    this.#checksums = plan.checksums.map((name) => [name, makeChecksum(name)] as const);
  }

  update(bytes: Uint8Array): void {
    this.#size += bytes.length;
    this.#md5?.update(bytes);
    for (const part of this.#parts) part.update(bytes);
    for (const [, checksum] of this.#checksums) checksum.update(bytes);
  }

  /** Ends the digests; the object is of no use afterwards. */
  async digest(): Promise<Digests> {
    const checksums: Partial<Record<ChecksumName, string>> = {};
    for (const [name, checksum] of this.#checksums)
      checksums[name] = Buffer.from(await checksum.digest()).toString("base64");
    return {
      size: this.#size,
      ...(this.#md5 === undefined ? {} : { md5: this.#md5.digest("hex") }),
      multipartEtags: Object.fromEntries(this.#parts.map((part) => [part.size, part.etag()])),
      checksums,
    };
  }
}

/** The etag of an upload in parts of one size. */
class PartDigester {
  readonly size: number;
  readonly #whole = createHash("md5");
  #part: Hash = createHash("md5");
  #inPart = 0;
  #count = 0;

  constructor(size: number) {
    this.size = size;
  }

  update(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length; ) {
      const to = Math.min(bytes.length, from + this.size - this.#inPart);
      this.#part.update(bytes.subarray(from, to));
      this.#inPart += to - from;
      if (this.#inPart === this.size) this.#endPart();
      from = to;
    }
  }

  etag(): string {
    if (this.#inPart > 0 || this.#count === 0) this.#endPart();
    return `${this.#whole.digest("hex")}-${this.#count}`;
  }

  #endPart(): void {
    this.#whole.update(this.#part.digest());
    this.#part = createHash("md5");
    this.#inPart = 0;
    this.#count++;
  }
}

function makeChecksum(name: ChecksumName): Checksum {
  if (name === "sha256" || name === "sha1") {
    const hash = createHash(name);
    return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest() };
  }
  if (name === "crc32") {
    let value = 0;
    return {
      update(bytes) {
        value = crc32(bytes, value);
      },
      digest() {
        const out = Buffer.alloc(4);
        out.writeUInt32BE(value >>> 0);
        return out;
      },
    };
  }
  return name === "crc32c" ? new Crc32c() : new Crc64Nvme();
}
