/**
 * @module
 * Files of one attempt at one key: written into a folder of their own, published by one rename after the COMMIT (design decision 8,
 * leases.md 5). What a dead process left is `sweep-attempts.ts`' business.
 *
 * `processed/<session>/probe_0/tenon_0/` holds published folders (`sorting/`, `phy/`); attempts are `.attempt-<name>-<token>/` beside
 * them. An attempt is *sealed* when its files are whole, just before the insert transaction: only a sealed one is ever published by
 * others. What a newcomer would get wrong: the target is never deleted before the new folder is in place, and two processes may publish
 * the same attempt at the same time.
 */
import { randomBytes } from "node:crypto";
import {
  access,
  constants,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { dirname, join } from "node:path";

/** Thrown when results cannot be written: no permission, no room. The job fails with this sentence; nothing is half-written. */
export class ResultsError extends Error {
  override readonly name = "ResultsError";
  readonly path: string;
  constructor(message: string, path: string, options?: ErrorOptions) {
    super(message, options);
    this.path = path;
  }
}

export interface Attempt {
  /** Absolute folder to write into. */
  readonly folder: string;
  /** Absolute folder that it becomes. */
  readonly target: string;
  readonly token: string;
}

/** Names of attempts' folders begin with it. */
export const attemptPrefix = ".attempt-";
const noteName = "attempt.json";

/** What `attempt.json` in the folder says: whose it is. It stays in the published folder. */
export interface AttemptNote {
  readonly name: string;
  readonly token: string;
  /** The table and the key that it computes; undefined when the process died before it was written. */
  readonly owner?: { readonly process: string; readonly key: Readonly<Record<string, unknown>> } | undefined;
  /** The files are whole. */
  readonly sealed?: true | undefined;
}

/** Makes the empty folder of an attempt at `name` (`sorting`) below `parent`.
 * @throws ResultsError when the folder cannot be made */
export async function beginAttempt(
  parent: string,
  name: string,
  token: string,
  owner?: AttemptNote["owner"],
): Promise<Attempt> {
  const folder = join(parent, `${attemptPrefix}${name}-${token}`);
  const attempt = { folder, target: join(parent, name), token };
  await explain(parent, async () => {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    try {
      await writeNote(folder, { name, token, owner });
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  });
  return attempt;
}

/** Says that the attempt's files are whole, and flushes them to the disk: from here on its rows may be committed. */
export async function sealAttempt(attempt: Attempt): Promise<void> {
  await explain(attempt.target, async () => {
    for (const file of await readdir(attempt.folder, { recursive: true, withFileTypes: true }))
      if (file.isFile()) await flush(join(file.parentPath, file.name));
    const note = await readNote(attempt.folder);
    if (note !== undefined) await writeNote(attempt.folder, { ...note, sealed: true });
  });
}

/** What makes a rename fail when another process renames the same folders. */
const raced = new Set(["ENOENT", "ENOTEMPTY", "EEXIST"]);

/** Makes the attempt the published folder. May be repeated, and by two processes at once: one that is published already is left alone. */
export async function publishAttempt(attempt: Attempt): Promise<void> {
  await explain(attempt.target, async () => {
    // of this call alone, so that nobody deletes what another put there
    const old = `${attempt.folder}-${randomBytes(4).toString("hex")}${oldEnding}`;
    for (let tries = 1; await exists(attempt.folder); tries++) {
      try {
        if (await exists(attempt.target)) await rename(attempt.target, old);
        await rename(attempt.folder, attempt.target);
      } catch (error) {
        if (await exists(old)) await putBack(old, attempt.target);
        if (tries >= 10 || !raced.has((error as NodeJS.ErrnoException).code ?? "")) throw error;
      }
    }
    await rm(old, { recursive: true, force: true });
  });
}

/** Ending of the name of a folder that a new one is taking the place of. */
export const oldEnding = "-old";

/** Puts a replaced folder back, unless something is in its place. */
export async function putBack(old: string, target: string): Promise<void> {
  try {
    await rename(old, target);
  } catch (error) {
    if (!raced.has((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}

/** Throws the attempt's files away. */
export async function dropAttempt(attempt: Attempt): Promise<void> {
  await rm(attempt.folder, { recursive: true, force: true });
}

/** The note in an attempt's folder or a published one; undefined when there is none that can be read. */
export async function readNote(folder: string): Promise<AttemptNote | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, noteName), "utf8")) as AttemptNote;
  } catch {
    return undefined; // none, or the process died while it was written: its folder's name says the rest
  }
}

async function writeNote(folder: string, note: AttemptNote): Promise<void> {
  const path = join(folder, noteName);
  await writeFile(`${path}.new`, `${JSON.stringify(note)}\n`, { flush: true });
  await rename(`${path}.new`, path);
}

async function flush(path: string): Promise<void> {
  const file = await open(path, "r");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Whether anything has this path. */
export async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

const sentences: Readonly<Record<string, string>> = {
  EACCES: "this account may not write there; give it write permission",
  EPERM: "this account may not write there; give it write permission",
  EROFS: "it is on a read-only file system; mount it writable or set custom.processed_root_data_dir",
  ENOSPC: "the disk is full; free some room and retry the job",
  EDQUOT: "the disk quota is used up; free some room and retry the job",
  ENOTDIR: "a part of the path is a file",
};

/** Why something could not be written below `folder`, or undefined when that is not what `error` says. Errors of other places, such as raw
 *  data that may not be read, are not meant. */
export function whyNotWritten(error: unknown, folder: string): string | undefined {
  if (!(error instanceof Error) || error instanceof ResultsError) return undefined;
  const { code = "", path } = error as NodeJS.ErrnoException;
  const isFull = code === "ENOSPC" || code === "EDQUOT";
  if (!isFull && !(path ?? "").startsWith(folder)) return undefined;
  const reason = sentences[code];
  return reason === undefined ? undefined : `${reason} (${code})`;
}

/** Runs file work below `path`; failures become a sentence about it. */
export async function explain<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    let code = (cause as NodeJS.ErrnoException).code ?? "";
    // a recursive mkdir on a read-only disk says ENOENT (Node 26): ask the nearest folder that exists for the true reason
    if (code === "ENOENT") code = (await whyNotWritable(path)) ?? code;
    const reason = sentences[code];
    if (reason === undefined) throw cause;
    throw new ResultsError(`Cannot write results to ${path}: ${reason} (${code}).`, path, { cause });
  }
}

async function whyNotWritable(path: string): Promise<string | undefined> {
  let folder = path;
  while (!(await exists(folder)) && dirname(folder) !== folder) folder = dirname(folder);
  return access(folder, constants.W_OK).then(
    () => undefined,
    (error: NodeJS.ErrnoException) => error.code,
  );
}
