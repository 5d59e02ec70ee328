/**
 * @module
 * Fills the platform's FileManifest from the lab's own folders, so that tables that refer to it can go on: a row for each file that has none.
 *
 * Rows are made from what the columns are called. What a newcomer would get wrong: `file` is a `filepath@data-root` as datajoint-python 0.14
 * writes it: the key of `~external_data-root`, which is the md5 of the relative path, with the md5 of the bytes beside it.
 */
import { createHash } from "node:crypto";
import type { Connection, Heading, HeadingAttribute, SqlValue } from "@tenon/datajoint";
import { md5OfFile } from "../verify/hash-file.ts";
import { dataRoot, usesStore } from "./declare-platform.ts";
import { type Platform, PlatformError } from "./find-platform.ts";
import type { ScannedFile } from "./scan-roots.ts";

export interface ManifestResult {
  /** Files that were looked at. */
  readonly files: number;
  /** Rows that were made, or would be. */
  readonly added: number;
  /** Results that were written anew since they were noted: their rows follow, or would. */
  readonly updated: number;
  /** Raw files whose row says another size: raw data do not change, so something is wrong with them. */
  readonly changed: readonly string[];
}

export interface FillOptions {
  /** Only counts. */
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  readonly onFile: (done: number) => void;
}

/** Files that are asked for and inserted together. */
const batchSize = 100;

/** Adds the rows that are missing; each batch in a transaction of its own, so that a run that was ended goes on where it was.
 * @throws PlatformError naming a column whose value is not known here */
export async function fillManifest(
  connection: Connection,
  platform: Platform,
  files: AsyncIterable<ScannedFile>,
  options: FillOptions,
): Promise<ManifestResult> {
  const { heading } = platform.manifest;
  if (heading === undefined) return countOnly(files);
  for (const attribute of heading.attributes) valueMaker(platform, attribute);
  const tally = { files: 0, added: 0, updated: 0, changed: [] as string[] };
  let batch: ScannedFile[] = [];
  const flush = async () => {
    const there = await knownSizes(connection, platform, heading, batch);
    const missing = batch.filter(({ name }) => !there.has(keyOf(platform, name)));
    for (const file of batch) {
      const known = there.get(keyOf(platform, file.name)) ?? file.size;
      if (known === file.size) continue;
      if (file.name.startsWith("inbox/")) tally.changed.push(file.path);
      else {
        if (!options.dryRun) await update(connection, platform, file, options.signal);
        tally.updated++;
      }
    }
    if (!options.dryRun && missing.length > 0)
      await insert(connection, platform, heading, missing, options.signal);
    tally.added += missing.length;
    batch = [];
  };
  for await (const file of files) {
    options.signal.throwIfAborted();
    options.onFile(++tally.files);
    batch.push(file);
    if (batch.length === batchSize) await flush();
  }
  if (batch.length > 0) await flush();
  return tally;
}

async function countOnly(files: AsyncIterable<ScannedFile>): Promise<ManifestResult> {
  let count = 0;
  for await (const _ of files) count++;
  return { files: count, added: count, updated: 0, changed: [] };
}

function keyOf({ bucketPrefix }: Platform, name: string): string {
  return `${bucketPrefix}/${name}`;
}

/** What is known of files by key: their size, null where the manifest does not say it. */
async function knownSizes(
  connection: Connection,
  { manifest, bucketPrefix }: Platform,
  heading: Heading,
  files: readonly ScannedFile[],
): Promise<ReadonlyMap<string, number | null>> {
  const { writer } = connection.dialect;
  const isStored = usesStore(heading);
  const file = heading.attributes.find(({ annotation }) => annotation === `filepath@${dataRoot}`)?.name ?? "";
  const tracking = writer.table(manifest.schema, `~external_${dataRoot}`);
  const size = isStored
    ? `(SELECT e.size FROM ${tracking} e WHERE e.hash = m.${writer.quote(file)})`
    : "NULL";
  const marks = files.map(() => "?").join(",");
  const { rows } = await connection.run({
    text: `SELECT m.remote_fullpath AS path, ${size} AS size FROM ${writer.table(manifest.schema, manifest.table)} m WHERE m.remote_fullpath IN (${marks})`,
    parameters: files.map(({ name }) => `${bucketPrefix}/${name}`),
  });
  return new Map(rows.map((row) => [String(row["path"]), row["size"] === null ? null : Number(row["size"])]));
}

async function insert(
  connection: Connection,
  platform: Platform,
  heading: Heading,
  files: readonly ScannedFile[],
  signal: AbortSignal,
): Promise<void> {
  const { writer } = connection.dialect;
  const { schema, table } = platform.manifest;
  // hashed before the transaction, which is to be short
  const known: { readonly file: ScannedFile; readonly md5: string }[] = [];
  for (const file of files)
    known.push({ file, md5: usesStore(heading) ? await md5OfFile(file.path, "", signal) : "" });
  const makers = heading.attributes.flatMap((attribute) => {
    const make = valueMaker(platform, attribute);
    return make === undefined ? [] : [{ name: attribute.name, make }];
  });
  await connection.transaction(async () => {
    if (usesStore(heading))
      await connection.run(
        writer.insert({
          schema,
          table: `~external_${dataRoot}`,
          columns: ["hash", "size", "filepath", "contents_hash"],
          rows: known.map(({ file, md5 }) => [
            pathHash(file.name),
            file.size,
            file.name,
            Buffer.from(md5, "hex"),
          ]),
          onDuplicate: "skip",
          key: ["hash"],
        }),
      );
    await connection.run(
      writer.insert({
        schema,
        table,
        columns: makers.map(({ name }) => name),
        rows: known.map(({ file }) => makers.map(({ make }) => make(file))),
        onDuplicate: "skip",
        key: heading.primaryKey,
      }),
    );
  });
}

/** Notes the size and the bytes that a file has now. */
async function update(
  connection: Connection,
  { manifest }: Platform,
  file: ScannedFile,
  signal: AbortSignal,
): Promise<void> {
  const md5 = await md5OfFile(file.path, "", signal);
  await connection.run(
    connection.dialect.writer.update({
      schema: manifest.schema,
      table: `~external_${dataRoot}`,
      assignments: new Map<string, SqlValue>([
        ["size", file.size],
        ["contents_hash", Buffer.from(md5, "hex")],
      ]),
      key: new Map([["hash", pathHash(file.name)]]),
    }),
  );
}

/** How the value of a column is made; undefined: its default is taken.
 * @throws PlatformError for one that has no default and is not known */
function valueMaker(
  platform: Platform,
  { name, annotation, nullable, default: value, autoIncrement }: HeadingAttribute,
): ((file: ScannedFile) => SqlValue) | undefined {
  if (name === "remote_fullpath") return ({ name: path }) => keyOf(platform, path);
  if (annotation === `filepath@${dataRoot}`) return ({ name: path }) => pathHash(path);
  if (/(^|_)(size|bytes|size_bytes)$/.test(name)) return ({ size }) => size;
  if (name === "wf_name" || name === "workflow" || name === "workflow_name") return () => platform.workflow;
  if (/^(wf_)?(db_)?prefix$|wf_db_prefix/i.test(name)) return () => `${platform.org}_${platform.workflow}_`;
  if (/(^|_)(mtime|last_modified|modified|upload_time|file_time)$/.test(name))
    return ({ mtimeMs }) => new Date(mtimeMs).toISOString().slice(0, 19).replace("T", " ");
  if (/^(file_?name|name)$/.test(name)) return ({ name: path }) => path.slice(path.lastIndexOf("/") + 1);
  if (nullable || value !== undefined || autoIncrement) return undefined;
  throw new PlatformError(
    `The platform's manifest has a column '${name}' without a default, and nothing here knows its value. Give it one: ALTER TABLE ... ALTER \`${name}\` SET DEFAULT ...`,
    `${platform.manifest.schema}.${platform.manifest.table}.${name}`,
  );
}

/** The key that datajoint-python gives a file: the md5 of its path below the store. */
export function pathHash(path: string): Uint8Array {
  return createHash("md5").update(path, "utf8").digest();
}
