/**
 * @module
 * The demo's folder: made new, or made anew when it holds nothing but what an earlier demo left.
 *
 * `demo.json` says what a demo makes, before it makes it, and which process is at it. Whatever else is in the folder is someone's, and the
 * folder is refused with it.
 */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "@tenon/datajoint";
import { loadSettings, type Settings } from "../../settings/settings.ts";
import { type Context, UsageError } from "../command.ts";
import { prefix, refuseOtherSubjects } from "./schemas.ts";

const marker = "demo.json";
const configuration = "dj_local_conf.json";
const store = "datajoint-blob";

/** What `demo.json` holds. */
interface DemoNote {
  readonly madeBy: "tenon demo";
  /** Names in the folder. */
  readonly made: readonly string[];
  /** The recording's folder below raw/, and its results' below processed/. */
  readonly session: string;
  /** The process that is at work, until it is done. */
  readonly pid?: number;
}

const made = [
  marker,
  configuration,
  "raw",
  "processed",
  "tenon.sqlite",
  "tenon.sqlite-shm",
  "tenon.sqlite-wal",
];

export interface DemoFolder {
  readonly settings: Settings;
  /** Says that the demo is no longer at work. */
  release(): Promise<void>;
}

/** Makes the folder and its configuration.
 * @param session  name of the recording's folder below raw/
 * @throws UsageError, before anything is deleted, when it or its database holds anything that no demo made, or a demo is at work in it */
export async function makeDemoFolder(dir: string, session: string, env: Context["env"]): Promise<DemoFolder> {
  const earlier = await readEarlier(dir);
  await refuseOtherDatabase(dir, env);
  const note: DemoNote = { madeBy: "tenon demo", made, session };
  const write = (content: DemoNote) => writeNote(dir, content);
  if (earlier === undefined) {
    await mkdir(dir, { recursive: true });
    await write({ ...note, pid: process.pid });
  } else {
    // what the earlier demo made stays on record until it is gone
    await write({ ...earlier, pid: process.pid });
    for (const name of earlier.made)
      if (name !== marker) await rm(join(dir, name), { recursive: true, force: true });
    await write({ ...note, pid: process.pid });
  }
  for (const name of ["raw", "processed"]) await mkdir(join(dir, name));
  await writeConfiguration(dir);
  return {
    settings: loadSettings({ file: join(dir, configuration), env }),
    release: () => write(note),
  };
}

async function writeNote(dir: string, note: DemoNote): Promise<void> {
  // a demo that is killed here leaves the note of before
  const partial = join(dir, `${marker}.partial`);
  await writeFile(partial, `${JSON.stringify(note)}\n`);
  await rename(partial, join(dir, marker));
}

/** What an earlier demo said that it makes, or undefined when the folder is new or empty.
 * @throws UsageError naming what no demo made */
async function readEarlier(dir: string): Promise<DemoNote | undefined> {
  const names = await namesIn(dir);
  if (names.length === 0) return undefined;
  if (!names.includes(marker))
    throw new UsageError(
      `${dir} holds files that no demo made (${some(names)}). Give an empty or new folder with --in.`,
    );
  const note = parseNote(await readFile(join(dir, marker), "utf8"));
  if (note === undefined)
    throw new UsageError(
      `${join(dir, marker)} does not say what the demo made, so nothing in ${dir} is deleted. Give a new folder with --in.`,
    );
  if (note.pid !== undefined && isAlive(note.pid))
    throw new UsageError(
      `A demo is at work in ${dir} (process ${note.pid}). Wait for its end, or give a new folder with --in.`,
    );
  const others = [
    ...names.filter((name) => !note.made.includes(name) && name !== `${marker}.partial`),
    ...(await namesIn(join(dir, "raw"))).filter((name) => name !== note.session).map((name) => `raw/${name}`),
    ...(await namesIn(join(dir, "processed")))
      .filter((name) => name !== note.session && name !== store)
      .map((name) => `processed/${name}`),
  ];
  if (others.length > 0)
    throw new UsageError(
      `${dir} holds what no demo made (${some(others)}), so nothing in it is deleted. Give a new folder with --in.`,
    );
  return note;
}

/** A note that can be gone by: whoever wrote it, no name leads out of the folder. */
function parseNote(text: string): DemoNote | undefined {
  let value: Partial<Record<keyof DemoNote, unknown>> | null;
  try {
    value = JSON.parse(text) as typeof value;
  } catch {
    return undefined;
  }
  const isName = (name: unknown) => typeof name === "string" && /^[^/\\]+$/.test(name) && !/^\.+$/.test(name);
  const isNote =
    value !== null &&
    Array.isArray(value.made) &&
    value.made.every(isName) &&
    isName(value.session) &&
    (value.pid === undefined || Number.isInteger(value.pid));
  return isNote ? (value as unknown as DemoNote) : undefined;
}

async function namesIn(folder: string): Promise<string[]> {
  const there = await stat(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
  if (there === undefined) return [];
  if (!there.isDirectory()) throw new UsageError(`${folder} is a file. Give a new folder with --in.`);
  return (await readdir(folder)).sort();
}

function some(names: readonly string[]): string {
  return names.slice(0, 5).join(", ") + (names.length > 5 ? ` and ${names.length - 5} more` : "");
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // another user's process
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function writeConfiguration(dir: string): Promise<void> {
  const custom = {
    "database.prefix": prefix,
    raw_root_data_dir: "raw",
    processed_root_data_dir: "processed",
  };
  const stores = { "datajoint-blob": { protocol: "file", location: `processed/${store}` } };
  await writeFile(join(dir, configuration), `${JSON.stringify({ custom, stores }, null, 2)}\n`, {
    mode: 0o600,
  });
}

/** Looks into the database that the demo would make anew, before anything is deleted.
 * @throws UsageError when it holds subjects that no demo made */
async function refuseOtherDatabase(dir: string, env: Context["env"]): Promise<void> {
  // the configuration in a folder of its own: in the demo's it would be there before it is known whether that is to be one
  const elsewhere = await mkdtemp(join(tmpdir(), "tenon-demo-"));
  let settings: Settings;
  try {
    await writeConfiguration(elsewhere);
    settings = loadSettings({ file: join(elsewhere, configuration), env });
  } finally {
    await rm(elsewhere, { recursive: true });
  }
  const { database } = settings;
  const file = join(dir, "tenon.sqlite");
  if (database.kind === "sqlite" && !existsSync(file)) return;
  await using connection = await connect(database.kind === "sqlite" ? { ...database, path: file } : database);
  await refuseOtherSubjects(connection, settings.prefix);
}
