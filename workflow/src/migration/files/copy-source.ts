/**
 * @module
 * Copies what is below one location of a bucket into a folder: lists it, refuses what cannot be a file there, looks at the files that
 * are there already, makes sure that there is room, and fetches the rest, several objects at a time. What happened to each object is in
 * the folder's manifest, so that the same command goes on where a killed run was.
 */
import { createHash } from "node:crypto";
import { mkdirSync, rmSync, type Stats } from "node:fs";
import { join } from "node:path";
import { type CopyResult, copyResult } from "./copy-result.ts";
import { judge, ownHashes, planDigests } from "./expected-content.ts";
import { askExpected } from "./expected-from-head.ts";
import { type FetchTools, fetchObject, rangeSize } from "./fetch-object.ts";
import { type FileNote, FilesError, ObjectError } from "./file-problem.ts";
import type { GlobFilter } from "./glob-filter.ts";
import { HashPool } from "./hash-pool.ts";
import { Manifest } from "./manifest.ts";
import { rowOf } from "./manifest-row.ts";
import type { ManifestRow, NewRow } from "./manifest-table.ts";
import type { S3Access } from "./s3-access.ts";
import { S3Bucket } from "./s3-bucket.ts";
import { PassingError } from "./s3-failure.ts";
import { type S3Location, s3Text } from "./s3-location.ts";
import { Buffers } from "./slots.ts";
import { TargetFolder } from "./target-folder.ts";
import { withRetry } from "./with-retry.ts";

export interface CopyRequest {
  readonly location: S3Location;
  readonly folder: string;
  readonly access: S3Access;
}

export interface CopyOptions {
  readonly filter: GlobFilter;
  /** Objects on their way at a time. */
  readonly parallel: number;
  /** Keys that differ in case alone are two files, where the disk tells them apart. */
  readonly allowCase: boolean;
  /** Lists and looks, and fetches nothing. */
  readonly isDry: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (what: "list" | "look" | "fetch", done: number, total: number) => void;
  /** Most problems and notes of one source that are told; all are counted. Default 1000. */
  readonly mostTold?: number;
}

/** Bytes that a disk keeps free for others. */
const spareBytes = 64 * 2 ** 20;

/** @throws FilesError when the run cannot go on; what is there stays, and the same command goes on */
export async function copySource(request: CopyRequest, options: CopyOptions): Promise<CopyResult> {
  const { location, folder, access } = request;
  const { isDry, signal, parallel } = options;
  const target = isDry ? TargetFolder.look(folder) : TargetFolder.open(folder);
  using manifest = Manifest.open(isDry ? ":memory:" : join(target.own, "files.sqlite"));
  const bucket = await S3Bucket.open(location, access, { signal, connections: 4 * parallel });
  const pool = new HashPool(2);
  try {
    return await new Copy(request, options, target, manifest, bucket, pool).run();
  } catch (error) {
    if (error instanceof PassingError)
      throw new FilesError(
        "server-unreachable",
        s3Text(location),
        `${bucket.server} does not answer: ${error.message}. Run again: what is there stays.`,
        { cause: error },
      );
    throw error;
  } finally {
    bucket.close();
    await pool.close();
  }
}

class Copy {
  readonly #request: CopyRequest;
  readonly #options: CopyOptions;
  readonly #target: TargetFolder;
  readonly #manifest: Manifest;
  readonly #bucket: S3Bucket;
  readonly #pool: HashPool;
  readonly #source: number;
  readonly #listing: number;
  #doneBytes = 0;
  #fetched = 0;
  #fetchedBytes = 0;
  /** Objects above `rangeSize` that are not there yet. */
  #largeLeft = 0;

  constructor(
    request: CopyRequest,
    options: CopyOptions,
    target: TargetFolder,
    manifest: Manifest,
    bucket: S3Bucket,
    pool: HashPool,
  ) {
    this.#request = request;
    this.#options = options;
    this.#target = target;
    this.#manifest = manifest;
    this.#bucket = bucket;
    this.#pool = pool;
    const { source, listing } = manifest.beginListing(s3Text(request.location));
    this.#source = source;
    this.#listing = listing;
  }

  async run(): Promise<CopyResult> {
    const { isDry, allowCase } = this.#options;
    await this.#list();
    const alsoCase = !(allowCase && this.#target.tellsCase);
    this.#manifest.refuseCollisions(this.#source, this.#listing, alsoCase);
    await this.#look();
    const { bytes, count } = this.#waiting();
    if (isDry) {
      this.#fetched = count;
      this.#fetchedBytes = bytes;
    } else {
      this.#makeFolders();
      this.#checkRoom(bytes);
      await this.#fetchAll(bytes);
      this.#target.syncFolders();
    }
    this.#noteGone();
    const run = {
      location: this.#request.location,
      source: this.#source,
      listing: this.#listing,
      mostTold: this.#options.mostTold ?? 1000,
    };
    const done = { folder: this.#target.root, fetched: this.#fetched, fetchedBytes: this.#fetchedBytes };
    return copyResult(this.#manifest, run, done);
  }

  async #list(): Promise<void> {
    const { prefix } = this.#request.location;
    const { filter } = this.#options;
    const { rules } = this.#target;
    let count = 0;
    for await (const page of this.#bucket.list()) {
      const rows: NewRow[] = [];
      for (const object of page) {
        // the marker of the location itself
        if (object.key !== prefix)
          rows.push(
            await rowOf(object, prefix, rules, filter, (key) => this.#again(() => this.#bucket.head(key))),
          );
      }
      this.#manifest.putPage(this.#source, this.#listing, rows);
      count += rows.length;
      this.#options.onProgress("list", count, 0);
    }
    if (count === 0)
      throw new FilesError(
        "nothing-found",
        s3Text(this.#request.location),
        `There is no object below ${s3Text(this.#request.location)}/. Is the prefix right? Letters' case counts.`,
      );
  }

  /** Looks at what lies where an object should go. */
  async #look(): Promise<void> {
    let seen = 0;
    for (const row of this.#rows("pending", "publishing", "done")) {
      this.#options.signal.throwIfAborted();
      await this.#refusing(row, () => this.#lookAt(row));
      if (++seen % 500 === 0) this.#options.onProgress("look", seen, 0);
    }
  }

  async #lookAt(row: ManifestRow): Promise<void> {
    const stats = this.#target.look(row.path);
    const { local, key } = row;
    if (stats === undefined) {
      if (row.state !== "pending") this.#manifest.setState(this.#source, key, "pending");
      return;
    }
    if (!stats.isFile())
      throw new ObjectError(
        "local-file-differs",
        `${this.#target.pathOf(row.path)} is no file, but the object is. Move it away and run again.`,
      );
    const isOurs = local !== undefined && local.size === stats.size && local.modifiedMs === stats.mtimeMs;
    if (isOurs && row.state === "done" && stats.size === row.size) {
      this.#manifest.setKept(this.#source, key);
      return;
    }
    // ours, and the source has another content by now
    if (isOurs && row.state === "pending") {
      if (!this.#options.isDry) {
        const aside = this.#target.putAside(row.path);
        this.#note(
          "changed-at-source",
          key,
          `It was changed at the source; the file of before is now ${aside}.`,
        );
      }
      return;
    }
    await this.#compare(row, stats);
  }

  /** A file that is not known as ours is kept when its bytes are the object's, and never overwritten. */
  async #compare(row: ManifestRow, stats: Stats): Promise<void> {
    const path = this.#target.pathOf(row.path);
    const left = "It was left alone. Move it away and run again, if the bucket's is wanted.";
    if (stats.size !== row.size)
      throw new ObjectError(
        "local-file-differs",
        `${path} has ${stats.size} bytes, the object ${row.size}. ${left}`,
      );
    const expected = await this.#again(async () =>
      askExpected(this.#bucket, row.key, await this.#bucket.head(row.key)),
    );
    const plan = planDigests(expected);
    // of manifests that were written before there was a sha256 of every such file
    const hasOnlyMd5 = row.local?.md5 !== undefined && row.local.sha256 === undefined;
    const digests = await this.#pool.digestFile(path, stats.size, { ...plan, md5: plan.md5 || hasOnlyMd5 });
    const verdict = judge(expected, digests);
    if (verdict.kind === "differs")
      throw new ObjectError("local-file-differs", `${path} has another content: ${verdict.message}. ${left}`);
    const own = ownHashes(digests);
    const { local: known } = row;
    const isWritten =
      known !== undefined &&
      ((own.md5 !== undefined && own.md5 === known.md5) ||
        (own.sha256 !== undefined && own.sha256 === known.sha256));
    if (verdict.kind === "unverifiable" && !isWritten)
      throw new ObjectError(
        "local-file-unverifiable",
        `${path} has the object's size, and nothing tells whether it has its content: ${verdict.message}. ${left}`,
      );
    this.#manifest.setLocal(
      this.#source,
      row.key,
      "done",
      { size: stats.size, modifiedMs: stats.mtimeMs, ...own },
      verdict.kind === "verified" ? verdict.by : "nothing",
      true,
    );
  }

  #waiting(): { readonly bytes: number; readonly count: number } {
    let [bytes, count] = [0, 0];
    for (const row of this.#rows("pending")) {
      bytes += row.size;
      if (row.size > rangeSize) this.#largeLeft++;
      count++;
    }
    return { bytes, count };
  }

  #makeFolders(): void {
    for (const row of this.#rows("folder")) mkdirSync(this.#target.pathOf(row.path), { recursive: true });
  }

  #checkRoom(bytes: number): void {
    let there = 0;
    for (const row of this.#rows("pending")) there += row.partBytes;
    const [needed, free] = [bytes - there + spareBytes, this.#target.freeBytes()];
    if (bytes > 0 && needed > free)
      throw new FilesError(
        "not-enough-space",
        this.#target.root,
        `${gigabytes(bytes - there)} are to be fetched into ${this.#target.root}, and ${gigabytes(free)} are free (${gigabytes(spareBytes)} must stay free). Nothing was fetched. Make room, or fetch less with --include.`,
      );
  }

  async #fetchAll(total: number): Promise<void> {
    const { parallel, signal, onProgress } = this.#options;
    const ending = new AbortController();
    const either = AbortSignal.any([signal, ending.signal]);
    const tools: Omit<FetchTools, "onSafe"> = {
      bucket: this.#bucket,
      target: this.#target,
      pool: this.#pool,
      // memory on its way: 256 MiB
      buffers: new Buffers(32, rangeSize),
      signal: either,
      largeLeft: () => Math.min(this.#largeLeft, parallel),
      onBytes: (count) => {
        this.#doneBytes += count;
        onProgress("fetch", this.#doneBytes, total);
      },
    };
    const rows = this.#rows("pending")[Symbol.iterator]();
    const work = async () => {
      for (let next = rows.next(); next.done !== true; next = rows.next()) {
        either.throwIfAborted();
        await this.#fetchOne(next.value, tools);
        if (next.value.size > rangeSize) this.#largeLeft--;
      }
    };
    let first: unknown;
    await Promise.all(
      Array.from({ length: parallel }, () =>
        work().catch((error: unknown) => {
          first ??= error;
          ending.abort(error);
        }),
      ),
    );
    if (first !== undefined) throw first;
  }

  async #fetchOne(row: ManifestRow, tools: Omit<FetchTools, "onSafe">): Promise<void> {
    const name = createHash("md5").update(`${this.#source} ${row.key}`).digest("hex");
    const part = this.#target.partOf(name);
    const onSafe = (bytes: number) => this.#manifest.setPartBytes(this.#source, row.key, bytes);
    await this.#refusing(row, async () => {
      const { local, verifiedBy, unverifiable } = await fetchObject(row, part, { ...tools, onSafe });
      this.#manifest.setLocal(this.#source, row.key, "done", local, verifiedBy, false);
      this.#target.touched(row.path);
      if (unverifiable !== undefined)
        this.#note("unverifiable", row.key, `${unverifiable}. Its size is right, and its hash was kept.`);
      this.#fetched++;
      this.#fetchedBytes += row.size;
    }).catch((error: unknown) => {
      if (error instanceof FilesError) rmSync(part, { force: error.code === "disk-full" });
      throw error;
    });
  }

  /** What is wrong with one object is kept with it, and the run goes on. */
  async #refusing(row: ManifestRow, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (this.#options.signal.aborted) throw error;
      if (error instanceof ObjectError)
        this.#manifest.refuse(this.#source, row.key, error.code, error.message);
      else if (error instanceof PassingError && !error.isNetwork)
        this.#manifest.refuse(this.#source, row.key, "fetch-failed", `${error.message}. Run again.`);
      else throw error;
    }
  }

  #noteGone(): void {
    const gone = this.#manifest.goneCount(this.#source, this.#listing);
    if (gone > 0)
      this.#note(
        "gone-from-source",
        "",
        `${gone} objects were there in an earlier run and are not any more; their files were left alone.`,
      );
  }

  #rows(...states: readonly ManifestRow["state"][]): Generator<ManifestRow> {
    return this.#manifest.rows(this.#source, this.#listing, states);
  }

  #note(code: FileNote["code"], key: string, message: string): void {
    const where =
      key === "" ? s3Text(this.#request.location) : `s3://${this.#request.location.bucket}/${key}`;
    this.#manifest.note(this.#source, this.#listing, { code, where, message });
  }

  #again<T>(work: () => Promise<T>): Promise<T> {
    return withRetry(work, { signal: this.#options.signal });
  }
}

function gigabytes(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
