/**
 * @module
 * From an object's headers to what its content is expected to be.
 */
import { type ChecksumName, type ExpectedContent, metadataMd5 } from "./expected-content.ts";
import { partCountOf } from "./part-sizes.ts";
import type { ObjectHead, S3Bucket } from "./s3-bucket.ts";

/** Strongest first; crc64nvme and crc32c are JavaScript and slow. */
const preferred: readonly ChecksumName[] = ["sha256", "sha1", "crc32", "crc64nvme", "crc32c"];

/** What an object's headers say of its content. */
export function expectedFromHead(head: ObjectHead, firstPartSize?: number): ExpectedContent {
  const metadata = metadataMd5(head.metadata);
  const name = preferred.find((one) => head.checksums[one] !== undefined);
  return {
    size: head.size,
    etag: head.etag,
    isKeyEncrypted: head.isKeyEncrypted,
    ...(metadata === undefined ? {} : { metadataMd5: metadata }),
    ...(firstPartSize === undefined ? {} : { firstPartSize }),
    ...(name === undefined ? {} : { checksum: { name, value: head.checksums[name]! } }),
  };
}

/** The same, having asked for the size of the first part where that is the way to a proof. */
export async function askExpected(bucket: S3Bucket, key: string, head: ObjectHead): Promise<ExpectedContent> {
  const plain = expectedFromHead(head);
  const parts = partCountOf(head.etag);
  if (plain.metadataMd5 !== undefined || head.isKeyEncrypted || parts === undefined || parts === 1)
    return plain;
  return expectedFromHead(head, await bucket.firstPartSize(key, head.etag));
}
