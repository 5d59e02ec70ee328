/**
 * @module
 * The files of the raw roots and of the processed root as the platform named them: `inbox/...` and `outbox/...`.
 *
 * What a newcomer would get wrong: a file that is still being copied has no hash yet, so what changed a moment ago is left for the next time;
 * and files of attempts, parts and hidden files were never on the platform.
 */
import { opendir, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";

export interface ScannedFile {
  /** Absolute. */
  readonly path: string;
  /** `inbox/...` or `outbox/...` */
  readonly name: string;
  readonly size: number;
  readonly mtimeMs: number;
}

/** Files that changed within this time may still be written, ms. */
const settledMs = 60_000;

export interface ScanOptions {
  /** Left for the next time. */
  readonly onUnsettled: (path: string) => void;
  readonly signal: AbortSignal;
  /** The clock, ms. */
  readonly now: () => number;
  /** Folders that are passed over: stores of blobs. */
  readonly except: ReadonlySet<string>;
}

/** Walks a root. Order is that of the disk. */
export async function* scanRoot(
  root: string,
  name: "inbox" | "outbox",
  options: ScanOptions,
): AsyncIterable<ScannedFile> {
  yield* walk(root, root, name, options);
}

async function* walk(
  root: string,
  folder: string,
  name: string,
  options: ScanOptions,
): AsyncIterable<ScannedFile> {
  for await (const entry of await opendir(folder)) {
    options.signal.throwIfAborted();
    const path = join(folder, entry.name);
    if (entry.name.startsWith(".") || options.except.has(path)) continue;
    if (entry.isDirectory()) yield* walk(root, path, name, options);
    // links are not followed: they may lead out of the root
    else if (entry.isFile() && !/\.(part|tmp)$/.test(entry.name)) {
      const { size, mtimeMs } = await stat(path);
      if (options.now() - mtimeMs < settledMs) options.onUnsettled(path);
      else yield { path, name: `${name}/${relative(root, path).split(sep).join("/")}`, size, mtimeMs };
    }
  }
}
