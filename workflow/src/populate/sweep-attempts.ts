/**
 * @module
 * What dead processes left of their attempts: published when their rows are in the database, deleted when they are not.
 *
 * What a newcomer would get wrong: that a key is done does not say by whom. Of several attempts at one key the one with the largest token
 * made the rows, since tokens grow with every claim; and only a sealed one can have.
 */
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import {
  type AttemptNote,
  attemptPrefix,
  exists,
  oldEnding,
  publishAttempt,
  putBack,
  readNote,
} from "./attempt-folder.ts";

/** What the database says of an attempt: its key is done, its claim is held (late or not), or neither. */
export type AttemptState = "committed" | "running" | "dead";

export interface Swept {
  /** Names of the folders. */
  readonly published: string[];
  readonly deleted: string[];
  /** Folders of attempts that may be at work. */
  readonly running: string[];
}

/**
 * Publishes the attempts below `parent` whose rows are in the database and deletes those of dead claims.
 * @param stateOf  told the age of the folder in seconds, for attempts of which nothing else is known
 */
export async function sweepAttempts(
  parent: string,
  stateOf: (attempt: AttemptNote, ageS: number) => Promise<AttemptState>,
): Promise<Swept> {
  const swept: Swept = { published: [], deleted: [], running: [] };
  const names = await readdir(parent).catch(() => [] as string[]);
  const attempts = names.flatMap((name) => parseName(name) ?? []);
  // the newest first: once it is published, older ones at the same key are seen to be dead
  for (const attempt of attempts.toSorted((a, b) => (BigInt(a.token) < BigInt(b.token) ? 1 : -1))) {
    const folder = join(parent, attempt.folderName);
    const about = await stat(folder).catch(() => undefined);
    if (about === undefined) continue; // another worker was faster
    const note = (await readNote(folder)) ?? { name: attempt.name, token: attempt.token };
    const state = await stateOf(note, (Date.now() - about.mtimeMs) / 1000);
    const target = join(parent, attempt.name);
    if (state === "running") swept.running.push(attempt.folderName);
    else if (state === "committed" && note.sealed === true && (await isNewer(note.token, target))) {
      await publishAttempt({ folder, target, token: note.token });
      swept.published.push(attempt.folderName);
    } else {
      await rm(folder, { recursive: true, force: true });
      swept.deleted.push(attempt.folderName);
    }
  }
  for (const name of names) await endReplacement(parent, name);
  return swept;
}

/** Folders below `root` that hold attempts. Does not look into `except`, nor into attempts. */
export async function findAttemptParents(
  root: string,
  except: ReadonlySet<string> = new Set(),
): Promise<string[]> {
  const found: string[] = [];
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  if (folders.some((name) => name.startsWith(attemptPrefix))) found.push(root);
  for (const name of folders) {
    const path = join(root, name);
    if (!name.startsWith(".") && !except.has(path)) found.push(...(await findAttemptParents(path, except)));
  }
  return found;
}

async function isNewer(token: string, target: string): Promise<boolean> {
  const published = await readNote(target);
  return published === undefined || BigInt(token) > BigInt(published.token);
}

/** A pair of renames that was cut between its two halves: the old folder goes back unless the new one arrived. */
async function endReplacement(parent: string, folderName: string): Promise<void> {
  const [, name] = /^\.attempt-(.*)-\d+(?:-[0-9a-f]{8})?-old$/.exec(folderName) ?? [];
  if (name === undefined) return;
  const [old, target] = [join(parent, folderName), join(parent, name)];
  if (await exists(target)) await rm(old, { recursive: true, force: true });
  else await putBack(old, target);
}

function parseName(folderName: string): { folderName: string; name: string; token: string } | undefined {
  if (!folderName.startsWith(attemptPrefix) || folderName.endsWith(oldEnding)) return undefined;
  const [, name, token] = /^\.attempt-(.*)-(\d+)$/.exec(folderName) ?? [];
  return name === undefined || token === undefined ? undefined : { folderName, name, token };
}
