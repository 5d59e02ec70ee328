/**
 * @module
 * A bucket as this migration sees it: a listing, an object's description, a range of its bytes. AWS's own client does the signing, the XML
 * and the addresses (docs/decisions/0005-s3-client.md); it is loaded when a bucket is opened, for it takes a tenth of a second.
 *
 * What a newcomer would get wrong: the client's own retries are off, since a body that breaks off is tried again by us; and a server may
 * ignore If-Match, so whoever reads compares the etag of the answer too.
 */
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { Readable } from "node:stream";
import { rootCertificates } from "node:tls";
import type { HeadObjectCommandOutput, S3Client } from "@aws-sdk/client-s3";
import { ObjectError } from "./file-problem.ts";
import type { S3Access } from "./s3-access.ts";
import { readFailure } from "./s3-failure.ts";
import type { S3Location } from "./s3-location.ts";
import { withRetry } from "./with-retry.ts";

export interface ListedObject {
  readonly key: string;
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
  readonly modifiedMs: number;
  readonly storageClass: string;
}

export interface ObjectHead {
  /** Of the whole object, bytes. */
  readonly size: number;
  readonly etag: string;
  readonly modifiedMs: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly storageClass: string;
  /** `ARCHIVE_ACCESS` or `DEEP_ARCHIVE_ACCESS` of an intelligent-tiering object that sleeps. */
  readonly archiveStatus: string | undefined;
  /** The header of a restore that runs or has ended. */
  readonly restore: string | undefined;
  readonly isKeyEncrypted: boolean;
  /** S3's checksums of the whole object, base64, by the client's name; those of parts are left out. */
  readonly checksums: Readonly<Record<string, string>>;
}

export interface OpenBucketOptions {
  readonly signal: AbortSignal;
  /** Most connections at a time. */
  readonly connections: number;
  /** An answer, or a piece of it, that takes longer is a broken connection. Default 30 s. */
  readonly stallMs?: number;
}

export class S3Bucket {
  readonly location: S3Location;
  /** How sentences call the server. */
  readonly server: string;
  readonly stallMs: number;
  readonly #client: S3Client;
  readonly #sdk: typeof import("@aws-sdk/client-s3");
  readonly #signal: AbortSignal;

  private constructor(
    location: S3Location,
    access: S3Access,
    sdk: typeof import("@aws-sdk/client-s3"),
    options: OpenBucketOptions,
  ) {
    this.location = location;
    this.server = access.endpoint ?? "Amazon S3";
    this.stallMs = options.stallMs ?? 30_000;
    this.#sdk = sdk;
    this.#signal = options.signal;
    const agent = { keepAlive: true, maxSockets: options.connections };
    this.#client = new sdk.S3Client({
      region: access.region,
      credentials: access.credentials,
      ...(access.endpoint === undefined ? {} : { endpoint: access.endpoint, forcePathStyle: true }),
      followRegionRedirects: true,
      maxAttempts: 1,
      // each byte is digested by us, against what the source says of the whole object
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
      requestHandler: {
        connectionTimeout: Math.min(10_000, this.stallMs),
        requestTimeout: this.stallMs,
        throwOnRequestTimeout: true,
        httpAgent: new HttpAgent(agent),
        httpsAgent: new HttpsAgent({
          ...agent,
          ...(access.ca === undefined ? {} : { ca: [...rootCertificates, access.ca] }),
        }),
      },
    });
    // the client warns of checksums that it was told to leave alone
    this.#client.config.logger = { debug() {}, info() {}, warn() {}, error() {}, trace() {} };
  }

  /** Opens a bucket; nothing is asked of the server yet. */
  static async open(location: S3Location, access: S3Access, options: OpenBucketOptions): Promise<S3Bucket> {
    return new S3Bucket(location, access, await import("@aws-sdk/client-s3"), options);
  }

  /**
   * Lists the location, a page (up to 1000 objects) at a time, in the order of keys.
   * @throws FilesError when it may not or cannot be listed; PassingError when the server is away
   */
  async *list(prefix = this.location.prefix): AsyncGenerator<readonly ListedObject[]> {
    const { ListObjectsV2Command } = this.#sdk;
    let token: string | undefined;
    let isFirst = true;
    do {
      const command = new ListObjectsV2Command({
        Bucket: this.location.bucket,
        Prefix: prefix,
        // keys may hold characters that XML cannot
        EncodingType: "url",
        ContinuationToken: token,
      });
      // a server that was never there is told of soon
      const tries = isFirst ? 4 : 10;
      const page = await withRetry(() => this.#send(() => this.#client.send(command, this.#options())), {
        tries,
        signal: this.#signal,
      });
      isFirst = false;
      const decode = (key: string) =>
        page.EncodingType === "url" ? decodeURIComponent(key.replaceAll("+", "%20")) : key;
      yield (page.Contents ?? []).map((object) => ({
        key: decode(object.Key!),
        size: object.Size ?? 0,
        etag: unquoted(object.ETag),
        modifiedMs: object.LastModified?.getTime() ?? 0,
        storageClass: object.StorageClass ?? "STANDARD",
      }));
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  /** Describes an object. @throws ObjectError, FilesError, PassingError */
  async head(key: string): Promise<ObjectHead> {
    const { GetObjectCommand, HeadObjectCommand } = this.#sdk;
    const object = { Bucket: this.location.bucket, Key: key };
    const command = new HeadObjectCommand({ ...object, ChecksumMode: "ENABLED" });
    try {
      return headFrom(await this.#send(() => this.#client.send(command, this.#options()), key));
    } catch (error) {
      if (!(error instanceof ObjectError) || error.code === "object-gone") throw error;
      // an answer to HEAD has no body to give the reason (expired, archived, forbidden); one to GET has
      const first = new GetObjectCommand({ ...object, Range: "bytes=0-0" });
      const answer = await this.#send(() => this.#client.send(first, this.#options()), key);
      (answer.Body as Readable).destroy();
      throw error;
    }
  }

  /** Size of the first part of a multipart upload, bytes; undefined when the server does not say. */
  async firstPartSize(key: string, etag: string): Promise<number | undefined> {
    const { HeadObjectCommand } = this.#sdk;
    const command = new HeadObjectCommand({ Bucket: this.location.bucket, Key: key, PartNumber: 1 });
    try {
      const answer = await this.#send(() => this.#client.send(command, this.#options()), key);
      const isOfPart = answer.PartsCount !== undefined || answer.ContentRange !== undefined;
      return isOfPart && unquoted(answer.ETag) === etag ? answer.ContentLength : undefined;
    } catch (error) {
      // servers that know no part numbers say so in many ways; the sizes are guessed then
      if (error instanceof ObjectError) return undefined;
      throw error;
    }
  }

  /**
   * Opens an object, or a range of it. The description has no checksums.
   *
   * @param etag  it must still have
   * @param range  [from, to), bytes
   * @throws ObjectError `object-changed` when it has another etag by now; FilesError, PassingError
   */
  async get(
    key: string,
    etag: string,
    range?: readonly [number, number],
  ): Promise<{ readonly head: ObjectHead; readonly length: number; readonly body: Readable }> {
    const { GetObjectCommand } = this.#sdk;
    const command = new GetObjectCommand({
      Bucket: this.location.bucket,
      Key: key,
      IfMatch: `"${etag}"`,
      // without ChecksumMode: the client would judge the bytes itself, and its verdict looks like a broken connection
      ...(range === undefined ? {} : { Range: `bytes=${range[0]}-${range[1] - 1}` }),
    });
    const answer = await this.#send(() => this.#client.send(command, this.#options()), key);
    const body = answer.Body as Readable;
    const head = headFrom(answer);
    const length = answer.ContentLength ?? 0;
    if (head.etag !== etag || (range !== undefined && length !== range[1] - range[0])) {
      body.destroy();
      throw new ObjectError("object-changed", "it was changed while it was read");
    }
    return { head, length, body };
  }

  close(): void {
    this.#client.destroy();
  }

  #options() {
    return { abortSignal: this.#signal };
  }

  async #send<T>(work: () => Promise<T>, key?: string): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#signal.throwIfAborted();
      throw this.failure(error, key);
    }
  }

  /** What an error of this bucket means. */
  failure(error: unknown, key?: string): Error {
    const { location, server } = this;
    return readFailure(error, { location, server, ...(key === undefined ? {} : { key }) });
  }
}

type Answer = Pick<
  HeadObjectCommandOutput,
  | "ArchiveStatus"
  | "ChecksumCRC32"
  | "ChecksumCRC32C"
  | "ChecksumCRC64NVME"
  | "ChecksumSHA1"
  | "ChecksumSHA256"
  | "ChecksumType"
  | "ContentLength"
  | "ContentRange"
  | "ETag"
  | "LastModified"
  | "Metadata"
  | "Restore"
  | "ServerSideEncryption"
  | "SSECustomerAlgorithm"
  | "StorageClass"
> & { readonly ArchiveStatus?: string };

function headFrom(answer: Answer): ObjectHead {
  const total = /\/(\d+)$/.exec(answer.ContentRange ?? "")?.[1];
  const checksums: Record<string, string> = {};
  for (const [name, value] of Object.entries({
    sha256: answer.ChecksumSHA256,
    sha1: answer.ChecksumSHA1,
    crc32: answer.ChecksumCRC32,
    crc64nvme: answer.ChecksumCRC64NVME,
    crc32c: answer.ChecksumCRC32C,
  }))
    if (value !== undefined && !value.includes("-") && answer.ChecksumType !== "COMPOSITE")
      checksums[name] = value;
  return {
    size: total === undefined ? (answer.ContentLength ?? 0) : Number(total),
    etag: unquoted(answer.ETag),
    modifiedMs: answer.LastModified?.getTime() ?? 0,
    metadata: answer.Metadata ?? {},
    storageClass: answer.StorageClass ?? "STANDARD",
    archiveStatus: answer.ArchiveStatus,
    restore: answer.Restore,
    isKeyEncrypted:
      /^aws:kms/.test(answer.ServerSideEncryption ?? "") || answer.SSECustomerAlgorithm !== undefined,
    checksums,
  };
}

function unquoted(etag: string | undefined): string {
  return (etag ?? "").replace(/^(W\/)?"?|"?$/g, "");
}
