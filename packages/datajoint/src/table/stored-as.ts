/**
 * @module
 * How an attribute that lies in a store is kept: the label of its column says codec, store and generation.
 *
 * | label | column | generation |
 * |---|---|---|
 * | `blob@raw`, `attach@raw` | 16 bytes, key of `~external_raw` | legacy |
 * | `<blob@raw>`, `<attach@raw>`, `<hash@raw>` | JSON with hash, path, store and size | current |
 */
import type { HeadingAttribute } from "../definition/heading.ts";
import { RefusedError } from "../errors.ts";
import type { Generation } from "./bound-table.ts";

export interface StoredAs {
  readonly codec: "blob" | "attach" | "hash";
  /** Empty for the default store of `<blob@>`. */
  readonly store: string;
  readonly generation: Generation;
}

const legacy = /^(\w+)@([-\w]+)$/;
const current = /^<\s*(\w+)\s*@\s*([-\w]*)\s*>$/;

/** @throws RefusedError for a codec that this version does not know */
export function storedAs(attribute: HeadingAttribute): StoredAs {
  const label = attribute.annotation ?? "";
  const old = legacy.exec(label);
  const [, codec = "", store = ""] = old ?? current.exec(label) ?? [];
  const generation = old === null ? "current" : "legacy";
  if (codec === "blob" || codec === "attach" || (codec === "hash" && generation === "current"))
    return { codec, store, generation };
  throw new RefusedError(
    `'${attribute.name}' is kept as '${label || attribute.type}', which this version neither reads nor writes; it knows blob@, attach@, <blob@>, <attach@> and <hash@>. Leave the attribute out with proj(), or use it from datajoint-python.`,
  );
}

/** Name of the table that tracks the objects of a legacy store. */
export function trackingTable(store: string): string {
  return `~external_${store}`;
}
