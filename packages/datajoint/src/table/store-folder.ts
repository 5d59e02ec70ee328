/**
 * @module
 * A store as a folder of files: objects are written whole or not at all, and never changed.
 */
import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { DataJointError, SettingsError } from "../errors.ts";
import type { Store } from "./bound-table.ts";

/** Makes the folder of a store that is used for the first time. */
export async function makeStoreFolder({ location }: Store): Promise<void> {
  await mkdir(resolve(location), { recursive: true });
}

/** The store with this name. @throws SettingsError naming the stores that there are */
export function storeNamed(stores: Readonly<Record<string, Store>>, name: string, what: string): Store {
  const store = Object.hasOwn(stores, name) ? stores[name] : undefined;
  if (store === undefined) {
    const known = Object.keys(stores);
    const there =
      known.length === 0 ? "none were given" : `there: ${known.map((one) => `'${one}'`).join(", ")}`;
    throw new SettingsError(
      `${what} lies in the store '${name}', which is not among the schema's stores (${there}). Add it to \`stores\`: { "${name}": { protocol: "file", location: "..." } }.`,
      `stores.${name}`,
    );
  }
  if (store.protocol !== "file")
    throw new SettingsError(
      `The store '${name}' has the protocol '${store.protocol}'; this version reads and writes 'file' only.`,
      `stores.${name}.protocol`,
    );
  return store;
}

/**
 * Writes an object, unless one of the same size is there: names tell contents.
 *
 * @param path  below the store's folder, with `/`
 * @throws DataJointError when the store's folder is away
 */
export async function writeObject({ location }: Store, path: string, bytes: Uint8Array): Promise<void> {
  const full = resolve(location, path);
  if ((await sizeOf(full)) === bytes.length) return;
  if ((await sizeOf(resolve(location))) === undefined)
    throw new DataJointError(
      `The store's folder ${resolve(location)} is not there. Is its disk mounted? If it is new, make the folder.`,
    );
  await mkdir(dirname(full), { recursive: true });
  const unfinished = `${full}.${randomUUID()}.tmp`;
  try {
    const file = await open(unfinished, "wx");
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, full);
  } catch (cause) {
    await rm(unfinished, { force: true });
    throw new DataJointError(
      `An object of ${bytes.length} bytes could not be written to ${full}: ${(cause as Error).message}`,
      { cause },
    );
  }
}

/** Reads an object; undefined when it is not there. */
export async function readObject({ location }: Store, path: string): Promise<Uint8Array | undefined> {
  try {
    const { buffer, byteOffset, length } = await readFile(resolve(location, path));
    // what users see is bytes, not Node's Buffer
    return new Uint8Array(buffer, byteOffset, length);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Path of the object whose name begins with `prefix`; undefined when there is none. */
export async function findObject({ location }: Store, prefix: string): Promise<string | undefined> {
  try {
    const names = await readdir(resolve(location, dirname(prefix)));
    const found = names.find((name) => name.startsWith(basename(prefix)) && !name.endsWith(".tmp"));
    return found === undefined ? undefined : `${dirname(prefix)}/${found}`;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** A name in subfolders of its first letters: `abcdef` with [2, 2] is `ab/cd/abcdef`. */
export function folded(name: string, lengths: readonly number[]): string {
  const folders: string[] = [];
  let from = 0;
  for (const length of lengths) {
    folders.push(name.slice(from, from + length));
    from += length;
  }
  return [...folders, name].join("/");
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENOTDIR";
}
