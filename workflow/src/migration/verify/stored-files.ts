/**
 * @module
 * Every file that a tracking table (`~external_<store>`) knows: there, of the right size, of the right bytes (contract: pipeline.md 8.3).
 *
 * | kind | file below the store's folder | what its hash says |
 * |---|---|---|
 * | blob | `schema/ab/cd/<hash>` | hash = md5 of the bytes |
 * | attach | `schema/ab/cd/<hash>.<name>` | hash = md5 of name, NUL, bytes |
 * | filepath | `filepath` | contents_hash = md5 of the bytes, NULL for a file that was too large |
 * | blob of version 0.11 | `filepath` | nothing: only the size |
 *
 * What a newcomer would get wrong: a row may be of a value that was deleted; its missing file hurts nobody. So each row is asked whether any
 * column uses it.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type SqlRow, unpack, uuidText } from "@tenon/datajoint";
import type { StoreSettings } from "../../settings/settings.ts";
import { type Check, counted, type DatabaseTable, nameOf } from "./check.ts";
import { fileSize, forEachAtOnce, md5OfFile } from "./hash-file.ts";
import { below, placesOf } from "./local-paths.ts";

/** What was found of one tracking table. */
export interface StoreResult {
  readonly table: string;
  readonly store: string;
  readonly files: number;
  readonly bytes: number;
  readonly used: number;
  /** Files whose bytes have the hash that the row says. */
  readonly verified: number;
  /** Blobs of the store that were decoded. */
  readonly decoded: number;
}

type Codec = "blob" | "attach" | "filepath";

/** A column that holds keys of a tracking table. */
interface User {
  readonly table: DatabaseTable;
  readonly column: string;
  readonly codec: Codec;
}

interface Tracked {
  readonly hash: string;
  readonly size: number;
  readonly attachmentName: string | undefined;
  readonly filepath: string | undefined;
  readonly contentsHash: string | undefined;
  readonly usedAs: ReadonlySet<Codec>;
}

/** Objects larger than this are not decoded in one piece; bytes. */
const largestDecoded = 2 ** 31 - 1;

/** Checks every tracking table of the schemas.
 * @param sample  decodes at most so many blobs of each; undefined: all */
export async function checkStoredFiles(check: Check, sample?: number): Promise<StoreResult[]> {
  const results: StoreResult[] = [];
  for (const table of check.tables.filter(({ table: name }) => name.startsWith("~external_")))
    results.push(await checkStore(check, table, sample));
  return results;
}

async function checkStore(
  check: Check,
  table: DatabaseTable,
  sample: number | undefined,
): Promise<StoreResult> {
  const { connection, settings, findings } = check;
  const store = table.table.slice("~external_".length);
  const folder = Object.hasOwn(settings.stores, store) ? settings.stores[store] : undefined;
  const users = usersOf(check.tables, table, store);
  const total = await count(check, table);
  const tally = { files: 0, bytes: 0, used: 0, verified: 0, decoded: 0, unused: 0, unhashed: 0 };
  if (folder === undefined && total > 0)
    findings.problem(
      "store-not-configured",
      nameOf(table),
      `${counted(total, "file")} of the store '${store}' cannot be looked for: the configuration names no folder for it. Add "stores": {"${store}": {"protocol": "file", "location": "..."}}.`,
    );
  const rows = connection.stream({ text: selectTracked(check, table, users), parameters: [] });
  await forEachAtOnce(rows, async (row) => {
    check.signal.throwIfAborted();
    const tracked = trackedOf(row, users);
    tally.files++;
    tally.bytes += tracked.size;
    if (tracked.usedAs.size > 0) tally.used++;
    else tally.unused++;
    check.progress(`files of ${nameOf(table)}`, tally.files, total);
    if (folder === undefined) return;
    const decode = sample === undefined || tally.decoded < sample;
    const seen = await checkFile(check, table, folder, tracked, decode);
    if (seen.verified) tally.verified++;
    else if (seen.unhashed) tally.unhashed++;
    if (seen.decoded) tally.decoded++;
  });
  if (tally.unused > 0)
    findings.note(
      "stored-file-unused",
      nameOf(table),
      `${counted(tally.unused, "file")} of '${store}' used by no row.`,
    );
  if (tally.unhashed > 0)
    findings.note(
      "stored-file-without-hash",
      nameOf(table),
      `${counted(tally.unhashed, "file")} of '${store}' without a hash: compared by size.`,
    );
  const { files, bytes, used, verified, decoded } = tally;
  return { table: nameOf(table), store, files, bytes, used, verified, decoded };
}

async function count({ connection }: Check, { schema, table }: DatabaseTable): Promise<number> {
  const { rows } = await connection.run({
    text: `SELECT COUNT(*) AS n FROM ${connection.dialect.writer.table(schema, table)}`,
    parameters: [],
  });
  return Number(rows[0]!["n"]);
}

/** The columns of a schema that are kept in a store, by their labels. */
function usersOf(tables: readonly DatabaseTable[], tracking: DatabaseTable, store: string): User[] {
  return tables
    .filter(({ schema, table }) => schema === tracking.schema && !table.startsWith("~"))
    .flatMap((table) =>
      table.heading.attributes.flatMap(({ name, annotation }) => {
        const [, codec, of] = /^(blob|attach|filepath)@([-\w]+)$/.exec(annotation ?? "") ?? [];
        return of === store ? [{ table, column: name, codec: codec as Codec }] : [];
      }),
    );
}

function selectTracked({ connection }: Check, table: DatabaseTable, users: readonly User[]): string {
  const { writer } = connection.dialect;
  const used = users.map((user, i) => {
    const from = writer.table(user.table.schema, user.table.table);
    return `, (EXISTS (SELECT 1 FROM ${from} u WHERE u.${writer.quote(user.column)} = e.hash)) AS used_${i}`;
  });
  return `SELECT e.hash AS hash, e.size AS size, e.attachment_name AS attachment_name, e.filepath AS filepath, e.contents_hash AS contents_hash${used.join("")} FROM ${writer.table(table.schema, table.table)} e`;
}

function trackedOf(row: SqlRow, users: readonly User[]): Tracked {
  const text = (value: unknown) => (value === null || value === undefined ? undefined : String(value));
  const hex = (value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString("hex") : undefined;
  return {
    hash: hex(row["hash"]) ?? "",
    size: Number(row["size"]),
    attachmentName: text(row["attachment_name"]),
    filepath: text(row["filepath"]),
    contentsHash: hex(row["contents_hash"]),
    usedAs: new Set(users.filter((_, i) => Number(row[`used_${i}`]) === 1).map(({ codec }) => codec)),
  };
}

/** Where a file may be, what its bytes must hash to, and what comes before them in the hash. */
interface Expected {
  readonly places: readonly string[] | undefined;
  readonly path: string;
  readonly md5: string | undefined;
  readonly before: string;
  readonly isBlob: boolean;
}

function expectedOf(check: Check, schema: string, store: StoreSettings, tracked: Tracked): Expected {
  const { hash, attachmentName, filepath, contentsHash, usedAs } = tracked;
  if (filepath !== undefined) {
    const isBlob = usedAs.has("blob");
    // the platform's inbox and outbox are the lab's own folders here
    const own = below([store.location], filepath);
    const mapped = placesOf(check.settings, filepath);
    const places = own === undefined || mapped === undefined ? undefined : [...own, ...mapped];
    return { places, path: filepath, md5: contentsHash, before: "", isBlob };
  }
  const path = `${schema}/${hash.slice(0, 2)}/${hash.slice(2, 4)}/${hash}`;
  if (attachmentName !== undefined) {
    const full = `${path}.${attachmentName}`;
    return {
      places: below([store.location], full),
      path: full,
      md5: hash,
      before: `${attachmentName}\0`,
      isBlob: false,
    };
  }
  return { places: [join(store.location, path)], path, md5: hash, before: "", isBlob: true };
}

async function checkFile(
  check: Check,
  table: DatabaseTable,
  store: StoreSettings,
  tracked: Tracked,
  decode: boolean,
): Promise<{ readonly verified: boolean; readonly unhashed: boolean; readonly decoded: boolean }> {
  const { findings } = check;
  const nothing = { verified: false, unhashed: false, decoded: false };
  const expected = expectedOf(check, table.schema, store, tracked);
  const where = `${nameOf(table)} ${uuidText(Buffer.from(tracked.hash, "hex"))}`;
  if (expected.places === undefined) {
    findings.problem("stored-path-outside", where, `'${expected.path}' leads out of ${store.location}.`);
    return nothing;
  }
  let found: { readonly path: string; readonly size: number } | undefined;
  for (const path of expected.places) {
    const size = await fileSize(path);
    if (size !== undefined) {
      found = { path, size };
      break;
    }
  }
  if (found === undefined) {
    if (tracked.usedAs.size > 0)
      findings.problem(
        "stored-file-missing",
        where,
        `${expected.places.join(" or ")} is not there; a row uses it.`,
      );
    return nothing;
  }
  if (found.size !== tracked.size) {
    findings.problem(
      "stored-file-size",
      where,
      `${found.path} has ${found.size} bytes, ${tracked.size} expected.`,
    );
    return nothing;
  }
  if (expected.md5 === undefined) return { ...nothing, unhashed: true };
  const md5 = await md5OfFile(found.path, expected.before, check.signal);
  if (md5 !== expected.md5) {
    findings.problem(
      "stored-file-content",
      where,
      `${found.path} has the right size and other bytes: md5 ${md5}, ${expected.md5} expected.`,
    );
    return nothing;
  }
  return {
    verified: true,
    unhashed: false,
    decoded: expected.isBlob && decode && (await decodes(check, where, found)),
  };
}

async function decodes(
  { findings }: Check,
  where: string,
  { path, size }: { readonly path: string; readonly size: number },
): Promise<boolean> {
  if (size > largestDecoded) return false;
  try {
    unpack(await readFile(path));
    return true;
  } catch (error) {
    findings.problem("blob-undecodable", where, `${path}: ${(error as Error).message}`);
    return false;
  }
}
