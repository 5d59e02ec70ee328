/**
 * @module
 * Files of one attempt at one key: written into a folder of their own, published by one rename after the COMMIT, swept when the attempt
 * is dead (design decision 8, leases.md 5).
 *
 * `processed/<session>/probe_0/tenon_0/` holds published folders (`sorting/`, `phy/`); attempts are `.attempt-<step>-<token>/` beside
 * them. A rename that was missed (the process died between COMMIT and rename) is repeated by `sweepAttempts`, which asks the database
 * whether the attempt's key is done. What a newcomer would get wrong: the target is never deleted before the new folder is in place.
 */
import { access, constants, mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
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

const prefix = ".attempt-";
const note = "attempt.json";

/** What `attempt.json` in the folder says: whose it is. */
export interface AttemptNote {
  readonly name: string;
  readonly token: string;
  /** The table and the key that it computes; undefined when the process died before it was written. */
  readonly owner?: { readonly process: string; readonly key: Readonly<Record<string, unknown>> } | undefined;
}

/** Makes the empty folder of an attempt at `name` (`sorting`) below `parent`.
 * @throws ResultsError when the folder cannot be made */
export async function beginAttempt(
  parent: string,
  name: string,
  token: string,
  owner?: AttemptNote["owner"],
): Promise<Attempt> {
  const folder = join(parent, `${prefix}${name}-${token}`);
  const attempt = { folder, target: join(parent, name), token };
  await explain(parent, async () => {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, note), `${JSON.stringify({ name, token, owner })}\n`);
  });
  return attempt;
}

/** Makes the attempt the published folder. May be repeated: an attempt that is published already is left alone. */
export async function publishAttempt(attempt: Attempt): Promise<void> {
  await explain(attempt.target, async () => {
    if ((await exists(attempt.folder)) === false) return;
    const old = `${attempt.folder}-old`;
    if (await exists(attempt.target)) await rename(attempt.target, old);
    await rename(attempt.folder, attempt.target);
    await rm(old, { recursive: true, force: true });
  });
}

/** Throws the attempt's files away. */
export async function dropAttempt(attempt: Attempt): Promise<void> {
  await rm(attempt.folder, { recursive: true, force: true });
}

/**
 * Publishes the attempts below `parent` whose rows are in the database and deletes those of dead claims.
 * @param stateOf  what the database says of an attempt: its rows are committed, its claim is alive, or neither
 * @returns names of the folders published and deleted
 */
export async function sweepAttempts(
  parent: string,
  stateOf: (attempt: AttemptNote) => Promise<"committed" | "running" | "dead">,
): Promise<{ published: string[]; deleted: string[] }> {
  const published: string[] = [];
  const deleted: string[] = [];
  const names = await readdir(parent).catch(() => [] as string[]);
  for (const folderName of names.filter((name) => name.startsWith(prefix) && !name.endsWith("-old"))) {
    const folder = join(parent, folderName);
    const found = await readNote(folder, folderName);
    const { name, token } = found;
    const state = await stateOf(found);
    if (state === "running") continue;
    if (state === "committed") {
      await publishAttempt({ folder, target: join(parent, name), token });
      published.push(folderName);
    } else {
      await rm(folder, { recursive: true, force: true });
      deleted.push(folderName);
    }
  }
  // a rename pair that was cut between its two halves: put the old folder back unless the new one arrived
  for (const folderName of names.filter((name) => name.startsWith(prefix) && name.endsWith("-old"))) {
    const { name } = nameOf(folderName.slice(0, -"-old".length));
    if (await exists(join(parent, name)))
      await rm(join(parent, folderName), { recursive: true, force: true });
    else await rename(join(parent, folderName), join(parent, name));
  }
  return { published, deleted };
}

async function readNote(folder: string, folderName: string): Promise<AttemptNote> {
  try {
    return JSON.parse(await readFile(join(folder, note), "utf8")) as AttemptNote;
  } catch {
    return nameOf(folderName); // the process died before the note was written: its name says the same
  }
}

function nameOf(folderName: string): { name: string; token: string } {
  const [, name = "", token = ""] = /^\.attempt-(.*)-([^-]+)$/.exec(folderName) ?? [];
  return { name, token };
}

async function exists(path: string): Promise<boolean> {
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
