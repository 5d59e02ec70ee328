/** @module The disk of processed/ is full for a while; then there is room again and an operator frees the failed jobs. */
import { open, rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import { freeJobs } from "@tenon/datajoint";
import type { Fault } from "../stage.ts";

/** A disk larger than this is not filled up: it is none that was made for it. */
const largest = 1 << 30;

/** Thrown when the disk that was given is not a small one. */
export class LargeDiskError extends Error {
  override readonly name = "LargeDiskError";
}

export const disk: Fault = {
  name: "disk",
  what: "the disk of processed/ is full for a while; failed jobs are freed when there is room again",
  cannot: ({ smallDisk }) =>
    smallDisk === undefined ? "no small disk was given (--small-disk DIR, e.g. a tmpfs of 16 MB)" : undefined,
  async strike({ processedRoot, untilDone, isOver, pause, queue, crew }) {
    const filler = join(processedRoot, "filler");
    let times = 0;
    for (const share of [0.15, 0.5]) {
      await untilDone(share);
      if (isOver()) break;
      await fill(filler, processedRoot);
      times++;
      const failed = crew.counts.failed;
      for (let waited = 0; crew.counts.failed === failed && waited < 100; waited++) await pause(0.1);
      await rm(filler);
      const jobs = await queue();
      if (jobs !== undefined) await freeJobs(jobs, "error");
    }
    // what failed in the moment before there was room
    while (!isOver()) {
      const jobs = await queue();
      if (jobs !== undefined) await freeJobs(jobs, "error");
      await pause(0.5);
    }
    return times;
  },
};

async function fill(path: string, folder: string): Promise<void> {
  const { blocks, bsize } = await statfs(folder);
  if (blocks * bsize > largest)
    throw new LargeDiskError(
      `--small-disk ${folder} has ${Math.round((blocks * bsize) / 1e6)} MB: expected at most ${largest / 1e6} MB, so that no real disk is filled up.`,
    );
  await using file = await open(path, "w");
  for (let size = 1 << 20; size >= 512; size = size === 1 << 20 ? 4096 : size / 2) {
    const block = Buffer.alloc(size);
    try {
      for (;;) if ((await file.write(block)).bytesWritten < size) break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    }
  }
}
