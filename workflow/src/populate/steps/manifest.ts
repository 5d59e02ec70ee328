/**
 * @module
 * `manifest.json`: what made the files of a folder, and from what: versions, parameters, input files, host, token of the attempt.
 *
 * Each folder that a step publishes carries its own, written before it is published, so that files and manifest cannot disagree.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { readFile, stat, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { TENON_VERSION } from "@tenon/ephys";

export const manifestName = "manifest.json";

/** A file that results were computed from. */
export interface InputFile {
  /** Absolute. */
  readonly path: string;
  readonly bytes: number;
  /** Time of the last change, UTC. */
  readonly modified: string;
  /** Of files up to 16 MB; larger ones are known by size and time. */
  readonly sha256?: string;
}

export interface StepFacts {
  /** The table that the step fills: `ephys_sorter.SIClustering`. */
  readonly process: string;
  readonly key: Readonly<Record<string, unknown>>;
  readonly token: string;
  readonly parameters: unknown;
  readonly inputs: readonly InputFile[];
  /** What else a reader of the results may want to know. */
  readonly results?: Readonly<Record<string, unknown>>;
}

export interface StepManifest extends StepFacts {
  /** UTC. */
  readonly madeAt: string;
  readonly host: string;
  readonly madeBy: { readonly tenon: string; readonly sorter: string; readonly node: string };
}

/** Version of this program. */
export const programVersion: string = (
  JSON.parse(readFileSync(join(import.meta.dirname, "../../../package.json"), "utf8")) as { version: string }
).version;

/** Writes the manifest of a folder. */
export async function writeManifest(folder: string, facts: StepFacts): Promise<void> {
  const manifest: StepManifest = {
    madeAt: new Date().toISOString(),
    host: hostname(),
    madeBy: { tenon: programVersion, sorter: TENON_VERSION, node: process.version },
    ...facts,
  };
  await writeFile(join(folder, manifestName), `${JSON.stringify(manifest, plain, 2)}\n`);
}

/** The manifest of a published folder; undefined when it has none. */
export async function readManifest(folder: string): Promise<StepManifest | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, manifestName), "utf8")) as StepManifest;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

const hashedBytes = 16 * 1024 * 1024;

/** What is known of files without reading large ones. */
export async function inputFiles(paths: Iterable<string>): Promise<InputFile[]> {
  const files: InputFile[] = [];
  for (const path of paths) {
    const { size, mtime } = await stat(path);
    const known = { path, bytes: size, modified: mtime.toISOString() };
    if (size > hashedBytes) files.push(known);
    else
      files.push({
        ...known,
        sha256: createHash("sha256")
          .update(await readFile(path))
          .digest("hex"),
      });
  }
  return files;
}

function plain(_name: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  return ArrayBuffer.isView(value) && !(value instanceof DataView)
    ? Array.from(value as Float64Array)
    : value;
}
