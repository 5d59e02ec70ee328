/**
 * @module
 * Writes values into stores: the object first, then in legacy schemas its tracking row; what it returns goes into the column.
 *
 * Objects are named by a hash of what they hold, so the same value is kept once. What a newcomer would get wrong: a transaction that fails
 * afterwards leaves the object, which nothing refers to and a clean-up removes; never the other way round.
 */
import { createHash } from "node:crypto";
import { packAsync } from "../blob/encode.ts";
import type { Connection } from "../connection/connection.ts";
import type { SqlValue } from "../connection/driver.ts";
import type { HeadingAttribute } from "../definition/heading.ts";
import { ValueError } from "../errors.ts";
import type { Store } from "./bound-table.ts";
import { attachmentOf, type StoreWriter, unfit } from "./encode-attribute.ts";
import { folded, storeNamed, writeObject } from "./store-folder.ts";
import { type StoredAs, storedAs, trackingTable } from "./stored-as.ts";

/** What becomes an object. */
interface Content {
  readonly bytes: Uint8Array;
  /** Of attachments. */
  readonly filename: string | undefined;
}

export function makeStoreWriter(
  connection: Connection,
  schema: string,
  stores: Readonly<Record<string, Store>>,
): StoreWriter {
  return {
    async write(attribute, value) {
      const as = storedAs(attribute);
      if (as.store === "")
        throw new ValueError(
          `'${attribute.name}' (${attribute.annotation}) names no store. Declare it with one: <${as.codec}@store>.`,
          attribute.name,
        );
      const store = storeNamed(stores, as.store, `'${attribute.name}'`);
      const content = await contentOf(attribute, as, value);
      return as.generation === "legacy"
        ? writeLegacy(connection, schema, store, as, content)
        : writeCurrent(schema, store, as, content);
    },
  };
}

async function contentOf(attribute: HeadingAttribute, as: StoredAs, value: unknown): Promise<Content> {
  switch (as.codec) {
    case "attach":
      return attachmentOf(attribute, value);
    case "hash":
      if (value instanceof Uint8Array) return { bytes: value, filename: undefined };
      throw unfit(attribute, value, "a Uint8Array");
    case "blob":
      try {
        return { bytes: await packAsync(value), filename: undefined };
      } catch (cause) {
        throw new ValueError(
          `'${attribute.name}' (${attribute.annotation}): ${(cause as Error).message}`,
          attribute.name,
          { cause },
        );
      }
    default: {
      const never: never = as.codec;
      return never;
    }
  }
}

/** The name of an attachment counts into its hash, and its file has it behind the hash. */
async function writeLegacy(
  connection: Connection,
  schema: string,
  store: Store,
  as: StoredAs,
  { bytes, filename }: Content,
): Promise<SqlValue> {
  const hash = createHash("md5");
  if (filename !== undefined) hash.update(`${filename}\0`, "utf8");
  const digest = hash.update(bytes).digest();
  const path = legacyPath(schema, store, digest);
  await writeObject(store, filename === undefined ? path : `${path}.${filename}`, bytes);
  const columns = filename === undefined ? ["hash", "size"] : ["hash", "size", "attachment_name"];
  await connection.run(
    connection.dialect.writer.insert({
      schema,
      table: trackingTable(as.store),
      columns,
      rows: [[digest, bytes.length, ...(filename === undefined ? [] : [filename])]],
      onDuplicate: "skip",
      key: ["hash"],
    }),
  );
  return digest;
}

async function writeCurrent(
  schema: string,
  store: Store,
  as: StoredAs,
  { bytes, filename }: Content,
): Promise<SqlValue> {
  const object =
    filename === undefined ? bytes : Buffer.concat([Buffer.from(`${filename}\0`, "utf8"), bytes]);
  const hash = base32(createHash("md5").update(object).digest());
  const path = `_hash/${schema}/${folded(hash, store.subfolding ?? [])}`;
  await writeObject(store, path, object);
  return JSON.stringify({ hash, path, schema, store: as.store, size: object.length });
}

/** Path of an object of a legacy store, below its folder. */
export function legacyPath(schema: string, store: Store, digest: Uint8Array): string {
  const hex = Buffer.from(digest).toString("hex");
  return `${schema}/${folded(hex, store.subfolding ?? [2, 2])}`;
}

/** RFC 4648 in lower case, without padding. */
export function base32(bytes: Uint8Array): string {
  const letters = "abcdefghijklmnopqrstuvwxyz234567";
  let text = "";
  let [bits, count] = [0, 0];
  for (const byte of bytes) {
    bits = ((bits << 8) | byte) & 0xfff;
    count += 8;
    while (count >= 5) {
      count -= 5;
      text += letters[(bits >> count) & 31];
    }
  }
  return count === 0 ? text : text + letters[(bits << (5 - count)) & 31];
}
