/**
 * @module
 * The manifest's tables and what a row of them says.
 */
import type { ProvedBy } from "./expected-content.ts";
import type { ObjectProblemCode } from "./file-problem.ts";

export type ObjectState =
  /** To be fetched. */
  | "pending"
  /** Ours lies there but differs from what we wrote: it is to be looked at. */
  | "suspect"
  /** A file that is not ours, of the same size, lies there: it is to be looked at. */
  | "foreign"
  /** Received and hashed; about to be renamed though nothing proves it. */
  | "publishing"
  | "done"
  | "refused"
  | "folder"
  /** Not meant by --include and --exclude. */
  | "excluded";

export interface ManifestRow {
  readonly key: string;
  readonly path: string;
  readonly size: number;
  readonly etag: string;
  readonly modifiedMs: number;
  readonly storageClass: string;
  readonly state: ObjectState;
  /** Bytes of the `.part` file that are safe on the disk. */
  readonly partBytes: number;
  /** Of the local file that we wrote or took over; undefined when there was none. */
  readonly local: LocalFile | undefined;
  readonly verifiedBy: ProvedBy | "nothing" | undefined;
}

export interface LocalFile {
  readonly size: number;
  readonly modifiedMs: number;
  /** Lower-case hex; where it proves the content. */
  readonly md5?: string;
  /** Base64; of the others. */
  readonly sha256?: string;
}

export interface NewRow {
  readonly key: string;
  readonly path: string;
  readonly fold: string;
  readonly size: number;
  readonly etag: string;
  readonly modifiedMs: number;
  readonly storageClass: string;
  readonly state: "pending" | "folder" | "excluded" | "refused";
  readonly code?: ObjectProblemCode;
  readonly message?: string;
}

export interface ManifestCount {
  readonly state: ObjectState;
  readonly verifiedBy: ProvedBy | "nothing" | undefined;
  readonly wasKept: boolean;
  readonly count: number;
  readonly bytes: number;
}

/** Tables of the manifest. */
export const manifestSchema = `
CREATE TABLE IF NOT EXISTS source (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, listing INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS object (
  source INTEGER NOT NULL, key TEXT NOT NULL, path TEXT NOT NULL, fold TEXT NOT NULL,
  size INTEGER NOT NULL, etag TEXT NOT NULL, modified_ms INTEGER NOT NULL, storage_class TEXT NOT NULL,
  listing INTEGER NOT NULL, state TEXT NOT NULL, code TEXT, message TEXT, was_changed INTEGER NOT NULL DEFAULT 0,
  was_kept INTEGER NOT NULL DEFAULT 0, part_bytes INTEGER NOT NULL DEFAULT 0, verified_by TEXT,
  local_size INTEGER, local_modified_ms REAL, local_md5 TEXT, local_sha256 TEXT,
  PRIMARY KEY (source, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS object_fold ON object (source, fold);
CREATE INDEX IF NOT EXISTS object_state ON object (source, state, key);
CREATE TABLE IF NOT EXISTS note (
  source INTEGER NOT NULL, listing INTEGER NOT NULL, code TEXT NOT NULL, place TEXT NOT NULL, message TEXT NOT NULL
);
PRAGMA user_version = 1;`;

/** A row as node:sqlite gives it. */
export function rowFrom(row: Record<string, unknown>): ManifestRow {
  const size = row["local_size"];
  const { local_md5: md5, local_sha256: sha256 } = row;
  return {
    key: String(row["key"]),
    path: String(row["path"]),
    size: Number(row["size"]),
    etag: String(row["etag"]),
    modifiedMs: Number(row["modified_ms"]),
    storageClass: String(row["storage_class"]),
    state: String(row["state"]) as ObjectState,
    partBytes: Number(row["part_bytes"]),
    verifiedBy: row["verified_by"] === null ? undefined : (String(row["verified_by"]) as ProvedBy),
    local:
      size === null
        ? undefined
        : {
            size: Number(size),
            modifiedMs: Number(row["local_modified_ms"]),
            ...(md5 === null ? {} : { md5: String(md5) }),
            ...(sha256 === null ? {} : { sha256: String(sha256) }),
          },
  };
}
