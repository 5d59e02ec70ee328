/**
 * @module
 * The codes of `tenon migrate verify`: what each means and what to do. Scripts rely on the names; `docs/how-to/migrate.md` lists them, and a
 * test compares that page with this list.
 *
 * A problem makes the certificate not ok. A note is something to know that takes nothing away from the data.
 */

/** Problems by code, each with what to do about it. */
export const problemCodes = {
  "dump-truncated": "the dump ends in the middle: ask for it again, and compare its size with the sender's",
  "dump-without-schema": "the dump names no schema: give --schema NAME",
  "schema-missing": "the database lacks a schema of the dump: run `tenon migrate db` with every dump",
  "table-missing":
    "the database lacks a table of the dump: run `tenon migrate db` again, it goes on where it stopped",
  "columns-missing":
    "a table lacks columns of the dump: it was there before the import; import into an empty schema",
  "rows-missing":
    "the table has fewer rows than the dump: import it again into an empty schema, or find who deleted them",
  "reference-without-parent":
    "a foreign key leads to a table that is in no dump: ask for the dump of that schema",
  "orphan-rows":
    "rows refer to rows that are not there: the dump was made while the platform worked; ask for one made at rest, or delete these rows",
  "store-not-configured":
    "add the store to `stores` in the configuration: {protocol: file, location: FOLDER}",
  "stored-file-missing": "a row's file is not in its store: run `tenon migrate files` again",
  "stored-file-size":
    "a store's file has another size than its row says: fetch it again with `tenon migrate files`",
  "stored-file-content":
    "a store's file has the right size and other bytes: delete it and fetch it again with `tenon migrate files`",
  "stored-path-outside": "a row's path leads out of its store: it is never read; correct or delete the row",
  "session-folder-missing":
    "a session's folder is not below a raw root: run `tenon migrate files`, or correct custom.raw_root_data_dir",
  "session-incomplete":
    "a recording is cut or contradicts its description: fetch it again with `tenon migrate files`",
  "raw-file-missing": "a recording's file is not below a raw root: run `tenon migrate files` again",
  "output-folder-missing":
    "results of a finished clustering are not below the processed root: run `tenon migrate files` for the outbox",
  "manifest-file-missing": "a file of the platform's manifest is not here: run `tenon migrate files` again",
  "path-outside": "a row's path leads out of the root: it is never read; correct or delete the row",
  "blob-undecodable":
    "a value cannot be read: compare with the dump; when it is broken there too, ask for a new dump",
  "jobs-reserved":
    "the platform's workers still hold jobs here: run `tenon migrate db` again, or delete these rows of ~jobs",
  "database-is-the-platform":
    "database.host is the platform's: name the lab's own server in the configuration",
  "network-reached":
    "a command of the pipeline went out to another host: the message says which; correct the configuration",
  "network-run-failed": "a command failed with the network cut: the message says which and why",
  "network-not-cut":
    "this machine cannot cut the network for a process: run it on Linux, or give --without-run and say so",
} as const;

/** Notes by code, each with what it means. */
export const noteCodes = {
  "rows-added": "the table has more rows than the dump: work went on here since the import",
  "rows-removed-by-rule": "reserved jobs of the platform's workers are not imported",
  "definition-differs": "the database differs from the code's definition: the database is used as it is",
  "definition-not-compared": "tables of the code could not be compared with the database",
  "jobs-failed": "failed jobs came with the dump: `tenon jobs` shows them; `tenon jobs --retry` frees them",
  "jobs-freed": "failed jobs of the dump were freed here to be tried again",
  "jobs-running": "jobs are reserved by workers of this database",
  "stored-file-unused": "the store's table knows files that no row uses",
  "stored-file-without-hash": "rows of the store say no hash: only the size could be compared",
  "output-folder-absent": "clustering tasks that were never run have no folder yet",
  "session-not-verified": "the session's folder holds no recording of a format that is known here",
  "absolute-path": "a column holds absolute paths of another machine: nothing is read from there",
  "absolute-path-in-blob": "a stored value holds absolute paths of another machine: it is left as it is",
  "blobs-sampled": "only some of the values were decoded (--sample)",
  "population-unknown":
    "the database holds no whole pipeline of this code, so what is left to do is not counted",
  "run-left-out": "no run with the network cut was made (--without-run)",
  "files-not-compared": "objects of the bucket carry no checksum: only their sizes could be compared",
} as const;

export type ProblemCode = keyof typeof problemCodes;
export type NoteCode = keyof typeof noteCodes;

export interface Finding<Code extends string = string> {
  readonly code: Code;
  /** What it is about: `schema.table`, a file, a session. */
  readonly where: string;
  readonly message: string;
}

/** Gathers what the checks find. */
export class Findings {
  readonly problems: Finding[] = [];
  readonly notes: Finding<NoteCode>[] = [];

  problem(code: ProblemCode, where: string, message: string): void {
    this.problems.push({ code, where, message });
  }

  /** Takes over what another part of the migration found, with its own code. */
  pass(finding: Finding): void {
    this.problems.push(finding);
  }

  note(code: NoteCode, where: string, message: string): void {
    this.notes.push({ code, where, message });
  }
}
