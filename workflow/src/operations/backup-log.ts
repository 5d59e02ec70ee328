/**
 * @module
 * What the database knows of its own backups: made when, restored on trial when. So everybody sees it who looks at the pipeline.
 */
import { Backup } from "../pipeline/operation.ts";
import { again, isThere, whoami } from "./operation-tables.ts";
import { utcNow } from "./utc.ts";

export interface BackupEntry {
  /** Of the snapshot, UTC. */
  readonly madeAt: string;
  readonly host: string;
  readonly folder: string;
  readonly tables: number;
  readonly rows: number;
  readonly hasFiles: boolean;
}

export interface BackupRow extends BackupEntry {
  readonly madeBy: string;
  /** Of the last rehearsal, UTC; undefined: there was none. */
  readonly rehearsedAt: string | undefined;
  /** 0: it was good. */
  readonly problems: number | undefined;
}

/** Notes a backup that was made. */
export async function noteBackup(entry: BackupEntry): Promise<void> {
  await again(() => Backup.insert([{ ...rowOf(entry), made_by: whoami() }], { replace: true }));
}

/** Notes that a backup was restored on trial, also one that the database does not know, being older than the backup's own snapshot. */
export async function noteRehearsal(entry: BackupEntry, problems: number): Promise<void> {
  const known = (await readBackups()).find(
    ({ madeAt, host }) => sameTime(madeAt, entry.madeAt) && host === entry.host,
  );
  const row = {
    ...rowOf(entry),
    made_by: known?.madeBy ?? "",
    rehearsed_at: utcNow(),
    rehearsed_by: whoami(),
    problem_count: problems,
  };
  await again(() => Backup.insert([row], { replace: true }));
}

/** All, the newest first. */
export async function readBackups(): Promise<readonly BackupRow[]> {
  if (!isThere(Backup)) return [];
  const rows = await again(() => Backup.query.fetch({ orderBy: ["made_at DESC"] }));
  return rows.map((row) => ({
    madeAt: String(row.made_at),
    host: String(row.host),
    folder: String(row.folder),
    tables: Number(row.table_count),
    rows: Number(row.row_count),
    hasFiles: Number(row.has_files) === 1,
    madeBy: String(row.made_by),
    rehearsedAt: row.rehearsed_at === null ? undefined : String(row.rehearsed_at),
    problems: row.problem_count === null ? undefined : Number(row.problem_count),
  }));
}

export interface BackupState {
  readonly last: BackupRow | null;
  /** The newest rehearsal that was good. */
  readonly rehearsed: BackupRow | null;
}

/** The newest backup, and the one whose rehearsal was good last. */
export async function backupState(): Promise<BackupState> {
  const rows = await readBackups();
  const good = rows
    .filter(({ problems }) => problems === 0)
    .toSorted((a, b) => (a.rehearsedAt! < b.rehearsedAt! ? 1 : -1));
  return { last: rows[0] ?? null, rehearsed: good[0] ?? null };
}

function rowOf({ madeAt, host, folder, tables, rows, hasFiles }: BackupEntry) {
  return {
    made_at: sqlTime(madeAt),
    host,
    folder: folder.slice(0, 1024),
    table_count: tables,
    row_count: rows,
    has_files: hasFiles ? 1 : 0,
  };
}

/** ISO's or the database's own, as the database writes it. */
function sqlTime(text: string): string {
  return text.replace("T", " ").replace("Z", "");
}

function sameTime(a: string, b: string): boolean {
  return Date.parse(`${sqlTime(a).replace(" ", "T")}Z`) === Date.parse(`${sqlTime(b).replace(" ", "T")}Z`);
}
