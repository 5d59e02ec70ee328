/**
 * @module
 * Reads values out of stores, and checks that the object is what its hash says.
 *
 * What a newcomer would get wrong: a joined query may hold values of another schema, and an attribute does not say of which. Since hashes
 * name contents, any activated schema's object with that hash is the value; a query's own schema is looked at first.
 */
import { createHash } from "node:crypto";
import { unpackAsync } from "../blob/decode.ts";
import type { Connection } from "../connection/connection.ts";
import type { SqlValue } from "../connection/driver.ts";
import type { HeadingAttribute } from "../definition/heading.ts";
import { DataJointError, MissingExternalFile, MissingTableError } from "../errors.ts";
import { fetched } from "../query/decode-row.ts";
import type { StoreReader } from "../query/query-source.ts";
import type { Store } from "./bound-table.ts";
import { findObject, readObject, storeNamed } from "./store-folder.ts";
import { base32, legacyPath } from "./store-writer.ts";
import { type StoredAs, storedAs, trackingTable } from "./stored-as.ts";

type Stores = Readonly<Record<string, Store>>;

/** Stores of the schemas that were activated on a connection. */
const activated = new WeakMap<Connection, Map<string, Stores>>();

export function makeStoreReader(connection: Connection, schema: string, stores: Stores): StoreReader {
  const known = activated.get(connection) ?? new Map<string, Stores>();
  known.set(schema, stores);
  activated.set(connection, known);
  return {
    read(attribute, stored) {
      const as = storedAs(attribute);
      if (as.generation === "current") return readCurrent(attribute, as, stores, stored);
      const others = [...known].filter(([name, have]) => name !== schema && Object.hasOwn(have, as.store));
      return readLegacy(connection, attribute, as, [[schema, stores], ...others], stored);
    },
  };
}

async function readLegacy(
  connection: Connection,
  attribute: HeadingAttribute,
  as: StoredAs,
  places: readonly (readonly [schema: string, stores: Stores])[],
  stored: SqlValue,
): Promise<unknown> {
  if (!(stored instanceof Uint8Array) || stored.length !== 16)
    throw new DataJointError(
      `'${attribute.name}' (${attribute.annotation}) should hold the 16 bytes of a hash.`,
    );
  for (const [schema, stores] of places) {
    const store = storeNamed(stores, as.store, `'${attribute.name}'`);
    const path = legacyPath(schema, store, stored);
    if (as.codec === "attach") {
      const found = await findObject(store, `${path}.`);
      const bytes = found === undefined ? undefined : await readObject(store, found);
      if (found === undefined || bytes === undefined) continue;
      const filename = found.slice(path.length + 1);
      check(
        attribute,
        createHash("md5").update(`${filename}\0`, "utf8").update(bytes).digest(),
        stored,
        found,
      );
      return { filename, bytes };
    }
    const bytes = await readObject(store, path);
    if (bytes === undefined) continue;
    check(attribute, createHash("md5").update(bytes).digest(), stored, path);
    return unpackAsync(bytes, fetched);
  }
  const old = as.codec === "blob" ? await readMigrated(connection, as, places, stored) : undefined;
  if (old !== undefined) return unpackAsync(old, fetched);
  const [schema, stores] = places[0]!;
  const { location } = stores[as.store]!;
  throw new MissingExternalFile(
    `The object of '${attribute.name}' (${attribute.annotation}) is not in its store: expected ${location}/${legacyPath(schema, stores[as.store]!, stored)}. Is the store's folder the right one, and complete?`,
  );
}

/** Blobs that datajoint-python 0.11 wrote: their tracking row says where they are, and their hash is another one. */
async function readMigrated(
  connection: Connection,
  as: StoredAs,
  places: readonly (readonly [schema: string, stores: Stores])[],
  digest: Uint8Array,
): Promise<Uint8Array | undefined> {
  const { writer } = connection.dialect;
  for (const [schema, stores] of places) {
    try {
      const table = writer.table(schema, trackingTable(as.store));
      const { rows } = await connection.run({
        text: `SELECT filepath FROM ${table} WHERE hash=? AND filepath IS NOT NULL`,
        parameters: [digest],
      });
      const path = rows[0]?.filepath;
      const bytes = typeof path === "string" ? await readObject(stores[as.store]!, path) : undefined;
      if (bytes !== undefined) return bytes;
    } catch (error) {
      // a schema that does not use this store has no tracking table
      if (!(error instanceof MissingTableError)) throw error;
    }
  }
  return undefined;
}

interface CurrentEntry {
  readonly hash?: unknown;
  readonly path?: unknown;
  readonly store?: unknown;
}

async function readCurrent(
  attribute: HeadingAttribute,
  as: StoredAs,
  stores: Stores,
  stored: SqlValue,
): Promise<unknown> {
  const entry = entryOf(attribute, stored);
  const named = typeof entry.store === "string" && entry.store !== "" ? entry.store : as.store;
  const names = Object.keys(stores);
  const name = named !== "" ? named : names.length === 1 ? names[0]! : "default";
  const store = storeNamed(stores, name, `'${attribute.name}'`);
  const bytes = await readObject(store, entry.path);
  if (bytes === undefined)
    throw new MissingExternalFile(
      `The object of '${attribute.name}' (${attribute.annotation}) is not in the store '${name}': expected ${store.location}/${entry.path}.`,
    );
  const hash = base32(createHash("md5").update(bytes).digest());
  if (typeof entry.hash === "string" && entry.hash !== hash) throw damaged(attribute, entry.path);
  switch (as.codec) {
    case "hash":
      return bytes;
    case "blob":
      return unpackAsync(bytes, fetched);
    default: {
      const end = bytes.indexOf(0);
      if (end < 0) throw damaged(attribute, entry.path);
      return {
        filename: Buffer.from(bytes.subarray(0, end)).toString("utf8"),
        bytes: bytes.subarray(end + 1),
      };
    }
  }
}

function entryOf(attribute: HeadingAttribute, stored: SqlValue): CurrentEntry & { readonly path: string } {
  // JSON that a driver has parsed already, or text
  const entry = (typeof stored === "string" ? JSON.parse(stored) : stored) as CurrentEntry | null;
  const path = entry?.path;
  if (typeof path !== "string" || path.split("/").includes("..") || path.startsWith("/"))
    throw new DataJointError(
      `'${attribute.name}' (${attribute.annotation}) should hold JSON with the path of an object below its store.`,
    );
  return { ...entry, path };
}

function check(attribute: HeadingAttribute, digest: Uint8Array, expected: Uint8Array, path: string): void {
  if (Buffer.compare(digest, expected) !== 0) throw damaged(attribute, path);
}

function damaged(attribute: HeadingAttribute, path: string): DataJointError {
  return new DataJointError(
    `The object of '${attribute.name}' (${attribute.annotation}) is damaged: ${path} does not have the contents that its hash says. Restore it from a backup.`,
  );
}
