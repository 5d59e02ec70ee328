/**
 * @module
 * `manifest.json` of a sorting's folder: the manifests of its published parts in one file, and what the report page says of them.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ProvenanceRow } from "../../report/session-page.ts";
import { manifestName, readManifest, type StepManifest } from "./manifest.ts";
import { phyFolderName } from "./post-processing.ts";
import { preprocessingFolder } from "./pre-processing.ts";
import { figuresFolder } from "./probe-level-report.ts";
import { sortingFolder } from "./si-clustering.ts";
import { writeWhole } from "./write-whole.ts";

const parts = [preprocessingFolder, sortingFolder, phyFolderName, figuresFolder] as const;

/** Writes the file when a part has changed; none for a folder without parts of ours, or one that is such a part itself. */
export async function gatherManifests(folder: string): Promise<void> {
  const found = await readParts(folder);
  if (found.length === 0) return;
  const text = `${JSON.stringify({ format, version: 1, parts: Object.fromEntries(found) }, null, 2)}\n`;
  const path = join(folder, manifestName);
  const present = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (present === text || (present !== undefined && !isGathered(present))) return;
  await writeWhole(path, text);
}

const format = "tenon-manifest";

function isGathered(text: string): boolean {
  return (JSON.parse(text) as { readonly format?: unknown }).format === format;
}

/** What the page says: of each part when and where it was made, of the sorting its parameters and inputs. */
export async function provenanceOf(folder: string): Promise<ProvenanceRow[]> {
  const rows: ProvenanceRow[] = [];
  for (const [part, manifest] of await readParts(folder)) {
    const { madeAt, host, madeBy, token, process, parameters, inputs } = manifest;
    rows.push({
      what: part,
      value: `${process}, ${madeAt.slice(0, 19)} UTC on ${host}, Tenon ${madeBy.tenon} (sorter ${madeBy.sorter}), Node ${madeBy.node}, attempt ${token}`,
    });
    if (part === sortingFolder) rows.push({ what: "parameters", value: spaced(parameters) });
    if (part === preprocessingFolder)
      for (const { path, bytes, modified, sha256 } of inputs)
        rows.push({
          what: "input",
          value: `${path}, ${bytes.toLocaleString("en-US")} bytes, changed ${modified.slice(0, 19)} UTC${sha256 === undefined ? "" : `, sha256 ${sha256}`}`,
        });
  }
  return rows;
}

/** JSON that a page can break between its members. */
function spaced(value: unknown): string {
  return JSON.stringify(value, null, 1).replace(/\s+/g, " ");
}

async function readParts(folder: string): Promise<[string, StepManifest][]> {
  const found: [string, StepManifest][] = [];
  for (const part of parts) {
    const manifest = await readManifest(join(folder, part));
    if (manifest !== undefined) found.push([part, manifest]);
  }
  return found;
}
