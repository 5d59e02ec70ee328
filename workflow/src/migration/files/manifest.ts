/**
 * @module
 * The manifest of a target folder: `.tenon-migration/files.sqlite`, one row an object of each source that was ever fetched into it, with
 * what the source said of it, what happened to it, and how the local file looked when it was ours. It makes a run resumable, and later
 * checks possible without the bucket. Millions of rows never come into memory at once.
 *
 * What a newcomer would get wrong: the file is locked as long as it is open, so two runs cannot work on one folder, and a killed run's
 * lock is gone with it. `state` says what the last run did; `local_*` say which file of ours is there, whatever the state.
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import type { ProvedBy } from "./expected-content.ts";
import type { FileNote, FileProblem, ObjectProblemCode } from "./file-problem.ts";
import { FilesError } from "./file-problem.ts";
import {
  type LocalFile,
  type ManifestCount,
  type ManifestRow,
  manifestSchema,
  type NewRow,
  type ObjectState,
  rowFrom,
} from "./manifest-table.ts";

export class Manifest implements Disposable {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  private constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /**
   * Opens a manifest, makes it when it is new, and locks it.
   * @param file  a path, or `:memory:` for a run that leaves nothing
   * @throws FilesError `target-busy` when another run has it
   */
  static open(file: string): Manifest {
    let db: DatabaseSync | undefined;
    try {
      db = new DatabaseSync(file, { timeout: 0 });
      db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
      db.exec(`BEGIN IMMEDIATE; ${manifestSchema} COMMIT;`);
      return new Manifest(db);
    } catch (cause) {
      db?.close();
      const isBusy = /locked|busy/i.test((cause as Error).message);
      throw new FilesError(
        isBusy ? "target-busy" : "target-unusable",
        file,
        isBusy
          ? `Another \`tenon migrate\` works on this folder (${file} is locked). Wait for it, or end it.`
          : `The manifest ${file} cannot be used: ${(cause as Error).message}. If it is damaged, move it away: files that are there are then compared with the source by their hashes.`,
        { cause },
      );
    }
  }

  /** The number of a source, and of its new listing. */
  beginListing(name: string): { readonly source: number; readonly listing: number } {
    this.#run("INSERT INTO source (name) VALUES (?) ON CONFLICT DO NOTHING", name);
    this.#run("UPDATE source SET listing = listing + 1 WHERE name = ?", name);
    const { id, listing } = this.#get("SELECT id, listing FROM source WHERE name = ?", name)!;
    this.#run("DELETE FROM note WHERE source = ?", id as number);
    return { source: Number(id), listing: Number(listing) };
  }

  /** The number of a source that was listed before, or undefined. */
  findSource(name: string): { readonly source: number; readonly listing: number } | undefined {
    const row = this.#get("SELECT id, listing FROM source WHERE name = ?", name);
    return row === undefined ? undefined : { source: Number(row["id"]), listing: Number(row["listing"]) };
  }

  /** Takes one page of a listing over. An object with another size or etag than before is pending again. */
  putPage(source: number, listing: number, rows: readonly NewRow[]): void {
    const put = this.#prepare(`
      INSERT INTO object (source, key, path, fold, size, etag, modified_ms, storage_class, listing, state, code, message)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (source, key) DO UPDATE SET
        was_changed = CASE WHEN object.etag <> excluded.etag OR object.size <> excluded.size THEN 1 ELSE 0 END,
        part_bytes = CASE WHEN object.etag <> excluded.etag OR object.size <> excluded.size THEN 0 ELSE object.part_bytes END,
        state = CASE WHEN excluded.state <> 'pending' THEN excluded.state
          WHEN object.etag <> excluded.etag OR object.size <> excluded.size THEN 'pending'
          WHEN object.state IN ('done', 'publishing') THEN object.state ELSE 'pending' END,
        was_kept = 0, code = excluded.code, message = excluded.message, path = excluded.path, fold = excluded.fold,
        size = excluded.size, etag = excluded.etag, modified_ms = excluded.modified_ms,
        storage_class = excluded.storage_class, listing = excluded.listing`);
    this.transaction(() => {
      for (const row of rows)
        put.run(
          source,
          row.key,
          row.path,
          row.fold,
          row.size,
          row.etag,
          row.modifiedMs,
          row.storageClass,
          listing,
          row.state,
          row.code ?? null,
          row.message ?? null,
        );
    });
  }

  /**
   * Refuses keys of a listing that would be one file on a disk without case, or a file and a folder at once.
   * @returns how many were refused
   */
  refuseCollisions(source: number, listing: number, alsoCase: boolean): number {
    // the folders above every file, once each: short, since keys of a folder lie side by side
    this.#db.exec(
      "CREATE TEMP TABLE IF NOT EXISTS folder (fold TEXT PRIMARY KEY, key TEXT NOT NULL) WITHOUT ROWID; DELETE FROM folder;",
    );
    const add = this.#prepare("INSERT OR IGNORE INTO folder (fold, key) VALUES (?, ?)");
    const live = "source = ? AND listing = ? AND state NOT IN ('excluded', 'refused')";
    let last = "";
    this.transaction(() => {
      const rows = this.#prepare(
        `SELECT key, fold, path, state FROM object WHERE ${live} AND fold LIKE '%/%'`,
      ).iterate(source, listing);
      for (const row of rows) {
        const fold = alsoCase ? String(row["fold"]) : String(row["path"]);
        const parent = fold.slice(0, fold.lastIndexOf("/"));
        if (parent === last) continue;
        last = parent;
        for (let at = parent.length; at > 0; at = parent.lastIndexOf("/", at - 1))
          add.run(parent.slice(0, at), String(row["key"]));
      }
    });
    const name = alsoCase ? "fold" : "path";
    const twins = this.#prepare(`
      UPDATE object SET state = 'refused', code = 'keys-collide', message =
        'On a disk that does not tell upper from lower case, or composed from decomposed letters, it is the same file as ''' ||
        (SELECT other.key FROM object AS other WHERE other.source = object.source AND other.fold = object.fold AND other.key <> object.key
          AND other.listing = object.listing AND other.state <> 'excluded' LIMIT 1) || '''.'
      WHERE ${live} AND state <> 'folder' AND fold IN (SELECT fold FROM object WHERE ${live.replaceAll("?", "?")} AND state <> 'folder' GROUP BY fold HAVING count(*) > 1)`);
    const both = this.#prepare(`
      UPDATE object SET state = 'refused', code = 'keys-collide',
        message = 'It would be a file where ''' || (SELECT folder.key FROM folder WHERE folder.fold = object.${name}) || ''' needs a folder.'
      WHERE ${live} AND state <> 'folder' AND ${name} IN (SELECT fold FROM folder)`);
    return this.transaction(() => {
      const first = Number(both.run(source, listing).changes);
      return first + (alsoCase ? Number(twins.run(source, listing, source, listing).changes) : 0);
    });
  }

  /** Rows of a listing in some states, in the order of keys, a block at a time; the block may be changed meanwhile. */
  *rows(source: number, listing: number, states: readonly ObjectState[]): Generator<ManifestRow> {
    const list = states.map((state) => `'${state}'`).join(", ");
    const select = this.#prepare(
      `SELECT * FROM object WHERE source = ? AND listing = ? AND state IN (${list}) AND key > ? ORDER BY key LIMIT 500`,
    );
    let after = "";
    for (;;) {
      const block = select.all(source, listing, after);
      for (const row of block) yield rowFrom(row);
      if (block.length < 500) return;
      after = String(block.at(-1)!["key"]);
    }
  }

  /** One row, or undefined. */
  find(source: number, key: string): ManifestRow | undefined {
    const row = this.#get("SELECT * FROM object WHERE source = ? AND key = ?", source, key);
    return row === undefined ? undefined : rowFrom(row);
  }

  setState(source: number, key: string, state: ObjectState): void {
    this.#run(
      "UPDATE object SET state = ?, code = NULL, message = NULL WHERE source = ? AND key = ?",
      state,
      source,
      key,
    );
  }

  setPartBytes(source: number, key: string, bytes: number): void {
    this.#run("UPDATE object SET part_bytes = ? WHERE source = ? AND key = ?", bytes, source, key);
  }

  /** What the source says of an object by now. */
  setChanged(source: number, key: string, size: number, etag: string, modifiedMs: number): void {
    this.#run(
      "UPDATE object SET size = ?, etag = ?, modified_ms = ?, part_bytes = 0, was_changed = 1 WHERE source = ? AND key = ?",
      size,
      etag,
      modifiedMs,
      source,
      key,
    );
  }

  /** The local file is the object's content. @param kept  it was there already */
  setLocal(
    source: number,
    key: string,
    state: "done" | "publishing",
    local: LocalFile,
    verifiedBy: ProvedBy | "nothing",
    kept: boolean,
  ): void {
    this.#run(
      `UPDATE object SET state = ?, code = NULL, message = NULL, part_bytes = 0, local_size = ?, local_modified_ms = ?, local_md5 = ?,
        local_sha256 = ?, verified_by = ?, was_kept = ? WHERE source = ? AND key = ?`,
      state,
      local.size,
      local.modifiedMs,
      local.md5 ?? null,
      local.sha256 ?? null,
      verifiedBy,
      kept ? 1 : 0,
      source,
      key,
    );
  }

  setKept(source: number, key: string): void {
    this.#run("UPDATE object SET was_kept = 1 WHERE source = ? AND key = ?", source, key);
  }

  refuse(source: number, key: string, code: ObjectProblemCode, message: string): void {
    this.#run(
      "UPDATE object SET state = 'refused', code = ?, message = ? WHERE source = ? AND key = ?",
      code,
      message,
      source,
      key,
    );
  }

  note(source: number, listing: number, { code, where, message }: FileNote): void {
    this.#run("INSERT INTO note VALUES (?, ?, ?, ?, ?)", source, listing, code, where, message);
  }

  /** Problems of a listing, at most `limit`, and how many there are. */
  problems(
    source: number,
    listing: number,
    bucket: string,
    limit: number,
  ): { list: FileProblem[]; count: number } {
    const where = "source = ? AND listing = ? AND code IS NOT NULL AND state <> 'excluded'";
    const count = this.#get(`SELECT count(*) AS n FROM object WHERE ${where}`, source, listing)!["n"];
    const rows = this.#prepare(
      `SELECT key, code, message FROM object WHERE ${where} ORDER BY key LIMIT ?`,
    ).all(source, listing, limit);
    const list = rows.map((row) => ({
      code: String(row["code"]) as ObjectProblemCode,
      where: `s3://${bucket}/${String(row["key"])}`,
      message: String(row["message"]),
    }));
    return { list, count: Number(count) };
  }

  notes(source: number, listing: number, limit: number): { list: FileNote[]; count: number } {
    const count = this.#get(
      "SELECT count(*) AS n FROM note WHERE source = ? AND listing = ?",
      source,
      listing,
    )!["n"];
    const rows = this.#prepare("SELECT * FROM note WHERE source = ? AND listing = ? LIMIT ?").all(
      source,
      listing,
      limit,
    );
    const list = rows.map((row) => ({
      code: String(row["code"]) as FileNote["code"],
      where: String(row["place"]),
      message: String(row["message"]),
    }));
    return { list, count: Number(count) };
  }

  /** Counts and bytes of a listing by state, proof and whether the file was there already. */
  counts(source: number, listing: number): readonly ManifestCount[] {
    return this.#prepare(
      `SELECT state, verified_by, was_kept, count(*) AS n, sum(size) AS bytes FROM object WHERE source = ? AND listing = ?
       GROUP BY state, verified_by, was_kept`,
    )
      .all(source, listing)
      .map((row) => ({
        state: String(row["state"]) as ObjectState,
        verifiedBy:
          row["verified_by"] === null ? undefined : (String(row["verified_by"]) as ProvedBy | "nothing"),
        wasKept: Number(row["was_kept"]) === 1,
        count: Number(row["n"]),
        bytes: Number(row["bytes"]),
      }));
  }

  /** Keys that had another content in the listing before. */
  *changed(source: number, listing: number): Generator<string> {
    const rows = this.#prepare(
      "SELECT key FROM object WHERE source = ? AND listing = ? AND was_changed = 1 AND local_size IS NOT NULL ORDER BY key LIMIT 1000",
    ).all(source, listing);
    for (const row of rows) yield String(row["key"]);
  }

  /** Keys that were listed once and are not any more. */
  goneCount(source: number, listing: number): number {
    return Number(
      this.#get(
        "SELECT count(*) AS n FROM object WHERE source = ? AND listing < ? AND state <> 'excluded'",
        source,
        listing,
      )!["n"],
    );
  }

  transaction<T>(work: () => T): T {
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.#db.exec("COMMIT");
      return result;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw error;
    }
  }

  [Symbol.dispose](): void {
    if (this.#db.isOpen) this.#db.close();
  }

  #prepare(text: string): StatementSync {
    let statement = this.#statements.get(text);
    if (statement === undefined) {
      statement = this.#db.prepare(text);
      this.#statements.set(text, statement);
    }
    return statement;
  }

  #run(text: string, ...parameters: SQLInputValue[]): void {
    this.#prepare(text).run(...parameters);
  }

  #get(text: string, ...parameters: SQLInputValue[]) {
    return this.#prepare(text).get(...parameters);
  }
}
