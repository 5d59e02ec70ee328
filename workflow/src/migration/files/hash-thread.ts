/**
 * @module
 * A thread that digests and writes: it owns the open `.part` files, so the network's thread neither hashes nor waits for a disk. Bytes
 * come as transferred buffers and go back when they are written; every byte is hashed on its way to the disk and read never again, but
 * for the beginning of a file that an earlier run left.
 */
import {
  closeSync,
  constants,
  fdatasyncSync,
  fsyncSync,
  ftruncateSync,
  futimesSync,
  lstatSync,
  openSync,
  readSync,
  renameSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { parentPort } from "node:worker_threads";
import { Digester, type DigestPlan, type Digests } from "./digester.ts";
import { type ExpectedContent, judge, type Verdict } from "./expected-content.ts";

/** What is asked of the thread. `file` is a number that the asker chooses. */
export type HashRequest =
  | {
      readonly kind: "open";
      readonly file: number;
      readonly path: string;
      /** Bytes of the file that hold from an earlier run. */
      readonly from: number;
      readonly plan: DigestPlan;
    }
  | {
      readonly kind: "write";
      readonly file: number;
      readonly buffer: ArrayBuffer;
      readonly length: number;
      readonly sync: boolean;
    }
  | {
      readonly kind: "finish";
      readonly file: number;
      readonly expected: ExpectedContent;
      readonly publish: Publish;
    }
  | { readonly kind: "abandon"; readonly file: number }
  | {
      readonly kind: "whole";
      readonly path: string;
      readonly buffer: ArrayBuffer;
      readonly plan: DigestPlan;
      readonly expected: ExpectedContent;
      readonly publish: Publish;
    }
  | { readonly kind: "digest"; readonly path: string; readonly plan: DigestPlan };

/** Where a verified file goes. */
export interface Publish {
  readonly path: string;
  /** Time of change that it gets, ms. */
  readonly modifiedMs: number;
  /** Whether a file there is ours and may be replaced. */
  readonly mayReplace: boolean;
}

export interface Finished {
  readonly digests: Digests;
  readonly verdict: Verdict;
  /** False: it stays a `.part`, because it differs, cannot be verified, or something else lies in its place. */
  readonly published: boolean;
  /** Something lies where it should go. */
  readonly inTheWay?: true;
}

export type HashAnswer =
  | { readonly id: number; readonly result: unknown; readonly buffer?: ArrayBuffer }
  | { readonly id: number; readonly error: { readonly message: string; readonly code: string | undefined } };

interface OpenFile {
  readonly fd: number;
  readonly path: string;
  readonly digester: Digester;
  position: number;
}

const files = new Map<number, OpenFile>();
const readSize = 2 ** 20;
const sliceSize = 2 ** 17;

async function answer(request: HashRequest): Promise<{ result: unknown; buffer?: ArrayBuffer }> {
  switch (request.kind) {
    case "open": {
      const file = openPart(request.path, request.from, request.plan);
      files.set(request.file, file);
      return { result: undefined };
    }
    case "write": {
      const file = files.get(request.file)!;
      append(file, new Uint8Array(request.buffer, 0, request.length));
      if (request.sync) fdatasyncSync(file.fd);
      return { result: undefined, buffer: request.buffer };
    }
    case "finish": {
      const file = files.get(request.file)!;
      files.delete(request.file);
      return { result: await finish(file, request.expected, request.publish) };
    }
    case "abandon": {
      const file = files.get(request.file);
      files.delete(request.file);
      if (file !== undefined) closeSync(file.fd);
      return { result: undefined };
    }
    case "whole": {
      const file = openPart(request.path, 0, request.plan);
      try {
        append(file, new Uint8Array(request.buffer));
      } catch (error) {
        closeSync(file.fd);
        throw error;
      }
      return { result: await finish(file, request.expected, request.publish) };
    }
    case "digest":
      return { result: await digestFile(request.path, request.plan) };
  }
}

function openPart(path: string, from: number, plan: DigestPlan): OpenFile {
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o666);
  const file: OpenFile = { fd, path, digester: new Digester(plan), position: 0 };
  try {
    ftruncateSync(fd, from);
    if (from > 0) readInto(file, from);
    return file;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Digests the first `end` bytes of a file, or all of them. */
function readInto(file: OpenFile, end = Number.POSITIVE_INFINITY): void {
  const buffer = new Uint8Array(readSize);
  while (file.position < end) {
    const count = readSync(file.fd, buffer, 0, Math.min(readSize, end - file.position), file.position);
    if (count === 0) return;
    file.digester.update(buffer.subarray(0, count));
    file.position += count;
  }
}

/** In slices that are still in the processor's cache when the second digest, and then the disk, takes them. */
function append(file: OpenFile, bytes: Uint8Array): void {
  for (let start = 0; start < bytes.length; start += sliceSize) {
    const end = Math.min(bytes.length, start + sliceSize);
    file.digester.update(bytes.subarray(start, end));
    for (let from = start; from < end; ) {
      const count = writeSync(file.fd, bytes, from, end - from, file.position);
      from += count;
      file.position += count;
    }
  }
}

async function finish(file: OpenFile, expected: ExpectedContent, publish: Publish): Promise<Finished> {
  let verdict: Verdict;
  let digests: Digests;
  try {
    digests = await file.digester.digest();
    verdict = judge(expected, digests);
    if (verdict.kind !== "differs") {
      futimesSync(file.fd, publish.modifiedMs / 1000, publish.modifiedMs / 1000);
      fsyncSync(file.fd);
    }
  } finally {
    closeSync(file.fd);
  }
  if (verdict.kind === "differs") unlinkSync(file.path);
  if (verdict.kind !== "verified") return { digests, verdict, published: false };
  if (!publish.mayReplace && lstatSync(publish.path, { throwIfNoEntry: false }) !== undefined)
    return { digests, verdict, published: false, inTheWay: true };
  renameSync(file.path, publish.path);
  return { digests, verdict, published: true };
}

async function digestFile(path: string, plan: DigestPlan): Promise<Digests> {
  const fd = openSync(path, constants.O_RDONLY);
  try {
    const file: OpenFile = { fd, path, digester: new Digester(plan), position: 0 };
    readInto(file);
    return await file.digester.digest();
  } finally {
    closeSync(fd);
  }
}

// one after the other: a file's writes must not pass each other
let last: Promise<void> = Promise.resolve();
parentPort?.on("message", ({ id, request }: { id: number; request: HashRequest }) => {
  last = last.then(async () => {
    try {
      const { result, buffer } = await answer(request);
      const reply: HashAnswer = { id, result, ...(buffer === undefined ? {} : { buffer }) };
      parentPort!.postMessage(reply, buffer === undefined ? [] : [buffer]);
    } catch (error) {
      const { message, code } = error as NodeJS.ErrnoException;
      const reply: HashAnswer = { id, error: { message, code } };
      parentPort!.postMessage(reply);
    }
  });
});
