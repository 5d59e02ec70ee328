/**
 * @module
 * Brings one object into its `.part` file, judges its bytes on their way, and puts it in its place. Small objects come whole; large ones as
 * one stream each while there are enough of them, else in ranges, several at a time. Both are written in order, so that the `.part` file of a
 * killed run is a beginning that holds.
 */
import { renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { type ExpectedContent, ownHashes, planDigests } from "./expected-content.ts";
import { askExpected, expectedFromHead } from "./expected-from-head.ts";
import { FilesError, ObjectError } from "./file-problem.ts";
import { type HashPool, LocalFileError } from "./hash-pool.ts";
import type { Finished, Publish } from "./hash-thread.ts";
import type { LocalFile, ManifestRow } from "./manifest-table.ts";
import { ObjectStream } from "./object-stream.ts";
import { readBody } from "./read-body.ts";
import type { ObjectHead, S3Bucket } from "./s3-bucket.ts";
import type { Buffers } from "./slots.ts";
import { asleepSentence, isAsleep } from "./storage-class.ts";
import type { TargetFolder } from "./target-folder.ts";
import { withRetry } from "./with-retry.ts";

/** Bytes of a range; smaller objects come whole. */
export const rangeSize = 8 * 2 ** 20;
/** Ranges of one object on their way at a time. */
const rangesAhead = 4;
/** So many bytes of a large object are brought to the disk before they count as there. */
const syncEvery = 64 * 2 ** 20;

export interface FetchTools {
  readonly bucket: S3Bucket;
  readonly target: TargetFolder;
  readonly pool: HashPool;
  readonly buffers: Buffers;
  readonly signal: AbortSignal;
  readonly onBytes: (count: number) => void;
  /** Large objects that are not there yet, this one included. */
  readonly largeLeft: () => number;
  /** So many bytes of the `.part` file are safe on the disk. */
  readonly onSafe: (bytes: number) => void;
}

export interface Fetched {
  readonly local: LocalFile;
  readonly verifiedBy: NonNullable<ManifestRow["verifiedBy"]>;
  /** Why nothing proves it, where that is so. */
  readonly unverifiable: string | undefined;
}

/** @param part  path of its `.part` file
 *  @throws ObjectError when this object cannot be had; FilesError when none can */
export async function fetchObject(row: ManifestRow, part: string, tools: FetchTools): Promise<Fetched> {
  const { target } = tools;
  const folder = dirname(row.path);
  if (folder !== ".") target.makeFolder(folder);
  const publish: Publish = { path: target.pathOf(row.path), modifiedMs: row.modifiedMs, mayReplace: false };
  try {
    // what arrives changed is fetched once more from its beginning: a wire may err, a source that differs twice does not
    for (let isFirst = true; ; isFirst = false) {
      const { finished, expected } = await (row.size <= rangeSize
        ? fetchWhole(row, part, publish, tools)
        : fetchRanges(isFirst ? row : { ...row, partBytes: 0 }, part, publish, tools));
      const { verdict } = finished;
      if (verdict.kind !== "differs") return settle(part, publish, finished);
      tools.onBytes(-expected.size);
      if (!isFirst)
        throw new ObjectError(
          "content-differs",
          `What arrives is not what the source says, twice: ${verdict.message}. It was not kept.`,
        );
    }
  } catch (error) {
    if (error instanceof LocalFileError) throw diskError(error, publish.path, target);
    throw error;
  }
}

async function fetchWhole(row: ManifestRow, part: string, publish: Publish, tools: FetchTools) {
  const { bucket, pool, signal, onBytes } = tools;
  const { bytes, head } = await withRetry(
    async () => {
      const { head: told, length, body } = await bucket.get(row.key, row.etag);
      if (length !== row.size) {
        body.destroy();
        throw new ObjectError("object-changed", `it was listed with ${row.size} bytes and has ${length}`);
      }
      // what breaks it is in the answer
      body.on("error", () => undefined);
      const memory = new Uint8Array(length);
      const { count, broken } = await readBody(body, memory, { stallMs: bucket.stallMs, signal, onBytes });
      if (broken !== undefined) {
        onBytes(-count);
        throw broken;
      }
      // read to its end, it leaves its connection to others
      body.resume();
      return { bytes: memory, head: told };
    },
    { signal },
  );
  const plain = expectedFromHead({ ...head, size: row.size });
  const expected = isProvable(plain)
    ? plain
    : await withRetry(async () => askExpected(bucket, row.key, await bucket.head(row.key)), { signal });
  const plan = planDigests(expected);
  const finished = await pool.writeWhole(part, bytes.buffer as ArrayBuffer, plan, expected, publish);
  return { finished, expected };
}

/** Whether the md5 of the whole is all that a judgement needs. */
function isProvable(expected: ExpectedContent): boolean {
  return planDigests(expected).md5;
}

async function fetchRanges(row: ManifestRow, part: string, publish: Publish, tools: FetchTools) {
  const { bucket, pool, buffers, signal, onBytes, onSafe } = tools;
  const head = await withRetry(() => bucket.head(row.key), { signal });
  refuseChanged(row, head);
  const expected: ExpectedContent = await withRetry(() => askExpected(bucket, row.key, head), { signal });
  const from = partOnDisk(part) >= row.partBytes ? row.partBytes : 0;
  onBytes(from);
  const writer = await pool.open(part, from, planDigests(expected));
  const ending = new AbortController();
  const either = AbortSignal.any([signal, ending.signal]);
  const { key, etag, size } = row;
  const open = (first: number, end: number) =>
    new ObjectStream(bucket, { key, etag, from: first, to: end, signal: either, onBytes });
  // one stream each fills the wire when there are enough of them; else each piece is a request
  let stream = tools.largeLeft() >= rangesAhead ? open(from, size) : undefined;
  const under: Promise<void>[] = [];
  let written: Promise<void> = Promise.resolve();
  let unsynced = 0;
  try {
    for (let start = from; start < row.size; start += rangeSize) {
      const [first, end] = [start, Math.min(row.size, start + rangeSize)];
      // taken in the order of ranges, so that the one that is written next always has its memory
      const buffer = await buffers.take();
      // the last one goes on in ranges
      if (stream !== undefined && tools.largeLeft() < 2) {
        stream[Symbol.dispose]();
        stream = undefined;
      }
      const received = (stream ?? open(first, end)).fill(new Uint8Array(buffer, 0, end - first));
      const before = written;
      written = (async () => {
        let back: ArrayBuffer | undefined = buffer;
        try {
          await received;
          await before;
          unsynced += end - first;
          const isSync = unsynced >= syncEvery || end === row.size;
          back = undefined;
          back = await writer.write(buffer, end - first, isSync);
          if (!isSync) return;
          unsynced = 0;
          onSafe(end);
        } finally {
          buffers.give(back);
        }
      })();
      written.catch(() => undefined);
      received.catch(() => undefined);
      under.push(written);
      if (stream !== undefined) await received;
      if (under.length >= rangesAhead) await under.shift();
    }
    await written;
  } catch (error) {
    ending.abort(error);
    await Promise.allSettled([...under, written]);
    await writer.abandon();
    throw error;
  } finally {
    stream?.[Symbol.dispose]();
  }
  return { finished: await writer.finish(expected, publish), expected };
}

function refuseChanged(row: ManifestRow, head: ObjectHead): void {
  if (isAsleep(head)) throw new ObjectError("archived-object", asleepSentence(head));
  if (head.etag !== row.etag || head.size !== row.size)
    throw new ObjectError("object-changed", "it was changed since it was listed; run again");
}

function partOnDisk(part: string): number {
  return statSync(part, { throwIfNoEntry: false })?.size ?? 0;
}

function settle(part: string, publish: Publish, finished: Finished): Fetched {
  const { verdict, digests } = finished;
  const isInTheWay =
    finished.inTheWay === true ||
    (!finished.published && statSync(publish.path, { throwIfNoEntry: false }) !== undefined);
  if (isInTheWay) {
    rmSync(part, { force: true });
    throw new ObjectError(
      "local-file-differs",
      `${publish.path} came while it was fetched; it was left alone.`,
    );
  }
  // nothing at the source proves it: its size is right, and our own hashes are kept for later
  if (!finished.published) renameSync(part, publish.path);
  const { mtimeMs, size } = statSync(publish.path);
  return {
    local: { size, modifiedMs: mtimeMs, ...ownHashes(digests) },
    verifiedBy: verdict.kind === "verified" ? verdict.by : "nothing",
    unverifiable: verdict.kind === "unverifiable" ? verdict.message : undefined,
  };
}

function diskError(error: LocalFileError, path: string, target: TargetFolder): Error {
  if (error.code === "ENOSPC" || error.code === "EDQUOT")
    return new FilesError(
      "disk-full",
      target.root,
      `The disk of ${target.root} is full. Make room and run again: what is there stays.`,
      { cause: error },
    );
  return new ObjectError("write-failed", `${basename(path)} cannot be written: ${error.message}`, {
    cause: error,
  });
}
