/**
 * @module
 * What the source says of an object's content, and whether bytes that were received are that content. The order of proof is the
 * contract's (pipeline.md 8.4): size, `contents_hash`, the etag, the etag rebuilt from parts, S3's own checksums.
 *
 * What a newcomer would get wrong: an etag is an md5 only when it looks like one and the object is not encrypted with KMS; and where the
 * source gives several proofs, the first that can be checked decides, so a wrong `contents_hash` is not excused by a right etag.
 */
import type { DigestPlan, Digests } from "./digester.ts";
import { candidatePartSizes, partCountOf } from "./part-sizes.ts";

export type ChecksumName = "sha256" | "sha1" | "crc32" | "crc32c" | "crc64nvme";

export interface ExpectedContent {
  /** Bytes. */
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
  /** Encrypted with a KMS or customer's key: the etag says nothing of the content. */
  readonly isKeyEncrypted: boolean;
  /** md5 of the content that the uploader wrote into the metadata, lower-case hex, and where. */
  readonly metadataMd5?: { readonly name: "contents_hash" | "md5chksum"; readonly md5: string };
  /** Size of the first part, bytes, where the server says it. */
  readonly firstPartSize?: number;
  /** S3's checksum of the whole object (not one of parts), base64. */
  readonly checksum?: { readonly name: ChecksumName; readonly value: string };
}

export type ProvedBy = "contents_hash" | "md5chksum" | "etag" | "multipart-etag" | ChecksumName;

export type Verdict =
  | { readonly kind: "verified"; readonly by: ProvedBy }
  | { readonly kind: "differs"; readonly message: string }
  | { readonly kind: "unverifiable"; readonly message: string };

/** Metadata of an object as md5: djsciops and datajoint write `contents_hash`, a UUID of the md5; rclone `md5chksum`, base64. */
export function metadataMd5(metadata: Readonly<Record<string, string>>): ExpectedContent["metadataMd5"] {
  const hash = metadata["contents_hash"]?.trim().replaceAll("-", "").toLowerCase();
  if (hash !== undefined && /^[0-9a-f]{32}$/.test(hash)) return { name: "contents_hash", md5: hash };
  const base64 = metadata["md5chksum"]?.trim();
  if (base64 !== undefined && /^[A-Za-z0-9+/]{22}==$/.test(base64))
    return { name: "md5chksum", md5: Buffer.from(base64, "base64").toString("hex") };
  return undefined;
}

/** The digests that a judgement needs. Where that is not the md5 of the whole, the sha256 is made beside it: of every file one hash is kept by
 *  which it is known again without its source. It takes less than half the time of an md5. */
export function planDigests(expected: ExpectedContent): DigestPlan {
  if (expected.metadataMd5 !== undefined || hasPlainEtag(expected))
    return { md5: true, partSizes: [], checksums: [] };
  const parts = expected.isKeyEncrypted ? undefined : partCountOf(expected.etag);
  const checksums: ChecksumName[] = ["sha256"];
  if (expected.checksum !== undefined) checksums.push(expected.checksum.name);
  const partSizes =
    parts === undefined ? [] : candidatePartSizes(expected.size, parts, expected.firstPartSize);
  return { md5: false, partSizes, checksums: [...new Set(checksums)] };
}

/** The hashes by which a file is known again. */
export function ownHashes({ md5, checksums: { sha256 } }: Digests): {
  readonly md5?: string;
  readonly sha256?: string;
} {
  return { ...(md5 === undefined ? {} : { md5 }), ...(sha256 === undefined ? {} : { sha256 }) };
}

/** Whether bytes with these digests are the object's content. */
export function judge(expected: ExpectedContent, digests: Digests): Verdict {
  if (digests.size !== expected.size)
    return { kind: "differs", message: `expected ${expected.size} bytes, got ${digests.size}` };
  const { metadataMd5: metadata, etag, checksum } = expected;
  const compare = (by: ProvedBy, told: string, got: string | undefined): Verdict =>
    told === got
      ? { kind: "verified", by }
      : { kind: "differs", message: `expected ${by} ${told}, got ${got} (${digests.size} bytes)` };
  if (metadata !== undefined) return compare(metadata.name, metadata.md5, digests.md5);
  if (hasPlainEtag(expected)) return compare("etag", etag.toLowerCase(), digests.md5);
  const rebuilt = Object.values(digests.multipartEtags);
  if (rebuilt.includes(etag.toLowerCase())) return { kind: "verified", by: "multipart-etag" };
  if (checksum !== undefined) {
    const got = digests.checksums[checksum.name];
    if (got !== undefined) return compare(checksum.name, checksum.value, got);
  }
  // parts of one size, told by the server: then the etag is a proof, and it failed
  if (rebuilt.length === 1 && expected.firstPartSize !== undefined)
    return { kind: "differs", message: `expected multipart etag ${etag}, got ${rebuilt[0]}` };
  return {
    kind: "unverifiable",
    message: expected.isKeyEncrypted
      ? "no checksum at the source: it is encrypted with a key of its own and has no contents_hash"
      : partCountOf(etag) === undefined
        ? "no checksum at the source: no contents_hash, and the etag is no md5"
        : `no checksum at the source: no contents_hash, and no known part size makes the etag ${etag}`,
  };
}

function hasPlainEtag({ etag, isKeyEncrypted }: ExpectedContent): boolean {
  return !isKeyEncrypted && /^[0-9a-f]{32}$/i.test(etag);
}
