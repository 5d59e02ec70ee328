/**
 * @module
 * Stores of a schema: the tables that track their objects, the foreign keys to them, and who writes and reads values (contract:
 * datajoint.md 8.3, 8.4).
 *
 * What a newcomer would get wrong: only legacy schemas have tracking tables, one `~external_<store>` a schema and store, exactly as
 * datajoint-python 0.14 makes them; current schemas keep everything in the column.
 */
import type { Connection } from "../connection/connection.ts";
import { resolveColumnType } from "../definition/column-types.ts";
import { Heading, type HeadingAttribute } from "../definition/heading.ts";
import type { StoreReader } from "../query/query-source.ts";
import type { TableSpec } from "../sql/dialect.ts";
import type { Store } from "./bound-table.ts";
import type { StoreWriter } from "./encode-attribute.ts";
import { makeStoreFolder, storeNamed } from "./store-folder.ts";
import { makeStoreReader } from "./store-reader.ts";
import { makeStoreWriter } from "./store-writer.ts";
import { storedAs, trackingTable } from "./stored-as.ts";

/** Columns of a tracking table: name, type, comment; the first is the key. */
const trackingColumns = [
  [
    "hash",
    "uuid",
    "hash of contents (blob), of filename + contents (attach), or relative filepath (filepath)",
  ],
  ["size", "bigint unsigned", "size of object in bytes"],
  ["attachment_name", "varchar(255)", "the filename of an attachment"],
  ["filepath", "varchar(1000)", "relative filepath or attachment filename"],
  ["contents_hash", "uuid", "used for the filepath datatype"],
  ["timestamp", "timestamp", "automatic timestamp"],
] as const;
const mayBeNull: ReadonlySet<string> = new Set(["attachment_name", "filepath", "contents_hash"]);

/** The tracking table of a store in a schema. */
export function trackingSpec(schema: string, store: string): TableSpec {
  const attributes = trackingColumns.map(([name, written, comment]): HeadingAttribute => {
    const { type, kind, annotation } = resolveColumnType(written, "legacy");
    const nullable = mayBeNull.has(name);
    const value = name === "timestamp" ? "CURRENT_TIMESTAMP" : nullable ? null : undefined;
    return {
      name,
      type,
      kind,
      inKey: name === "hash",
      nullable,
      default: value,
      autoIncrement: false,
      comment,
      annotation,
    };
  });
  const heading = new Heading(attributes, "external storage tracking");
  return { schema, table: trackingTable(store), heading, foreignKeys: [], indexes: [] };
}

/**
 * Declares what a table's stored attributes need: the folders of their stores, and tracking tables that are not there.
 *
 * @throws SettingsError when a store is not known; RefusedError for a codec that this version does not write
 */
export async function declareStores(
  connection: Connection,
  spec: TableSpec,
  stores: Readonly<Record<string, Store>>,
): Promise<void> {
  const { catalogue, ddl } = connection.dialect;
  const there = new Set<string>();
  for (const attribute of stored(spec)) {
    const { store: name, generation } = storedAs(attribute);
    // the default store has no name here; it is asked for when a value is written
    if (name === "") continue;
    await makeStoreFolder(storeNamed(stores, name, `${spec.table}.${attribute.name}`));
    if (generation === "current") continue;
    if (there.size === 0)
      for (const table of await catalogue.tables(connection, spec.schema)) there.add(table);
    const tracking = trackingSpec(spec.schema, name);
    if (there.has(tracking.table)) continue;
    for (const statement of ddl.createTable(tracking)) await connection.run(statement);
    there.add(tracking.table);
  }
}

/** The foreign keys of stored attributes to their tracking tables. */
export function storeForeignKeys(spec: TableSpec): TableSpec["foreignKeys"] {
  return stored(spec).flatMap((attribute) => {
    const { store, generation } = storedAs(attribute);
    if (generation === "current") return [];
    return [
      {
        columns: [attribute.name],
        parentSchema: spec.schema,
        parentTable: trackingTable(store),
        parentColumns: ["hash"],
        onUpdate: "restrict" as const,
      },
    ];
  });
}

/** Who writes and reads the stored values of a schema. */
export function storeAccess(
  connection: Connection,
  schema: string,
  stores: Readonly<Record<string, Store>>,
): { readonly storeWriter: StoreWriter; readonly storeReader: StoreReader } {
  return {
    storeWriter: makeStoreWriter(connection, schema, stores),
    storeReader: makeStoreReader(connection, schema, stores),
  };
}

function stored({ heading }: TableSpec): readonly HeadingAttribute[] {
  return heading.attributes.filter(({ kind }) => kind === "external");
}
