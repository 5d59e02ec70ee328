/**
 * @module
 * `tenon restore`: brings a backup back, or tries whether it could be.
 */
import { resolve } from "node:path";
import { connect } from "@tenon/datajoint";
import { findBackups } from "../../backup/make-backup.ts";
import { BackupError } from "../../backup/manifest.ts";
import { type RestoreReport, rehearseRestore, restoreBackup } from "../../backup/restore-backup.ts";
import { noteRehearsal } from "../../operations/backup-log.ts";
import { bindOperationTables } from "../../operations/operation-tables.ts";
import type { Settings } from "../../settings/settings.ts";
import { type Command, type Context, UsageError } from "../command.ts";
import { makeProgress } from "../progress.ts";

export const restore: Command = {
  summary: "a backup back into an empty database; --rehearse: tried beside the live one, and noted",
  usage: "[BACKUP] [--rehearse]",
  details: `
BACKUP is the folder that \`tenon backup\` named. For good, it goes into the configured database, which must have none of its tables: nothing
is ever overwritten. With --rehearse (by default of the newest backup) it goes into schemas of other names, \`tenon_rehearsal_...\`, and is
dropped again; \`tenon status\` shows the date. Both compare the rows of every table with the checksums of the manifest, look through foreign keys,
and decode every blob. JSON: {ok, folder, madeAt, rehearsal, tables, rows, blobs, problems, seconds}. Exit 1 when anything differs.`,
  options: {
    rehearse: { type: "boolean", help: "on trial: the live database stays as it is" },
  },
  words: [0, 1],
  async run(args, context) {
    const isRehearsal = args.options["rehearse"] === true;
    const [word] = args.words;
    if (word === undefined && !isRehearsal)
      throw new UsageError("Which backup? Give its folder; `tenon restore --rehearse` tries the newest.");
    const settings = context.settings();
    const folder = word === undefined ? newest(settings) : resolve(context.folder, word);
    const progress = makeProgress(context.err);
    const options = {
      settings,
      folder,
      signal: context.signal,
      onProgress: (what: string, done: number, total: number, detail?: string) =>
        progress.update(`restore: ${what}`, done, total, detail),
      onLine: (line: string) => progress.line(line),
    };
    const report = isRehearsal ? await rehearseRestore(options) : await restoreBackup(options);
    if (isRehearsal) await note(settings, folder, report);
    const { ok, manifest, problems, tables, rows, blobs, seconds } = report;
    const { madeAt } = manifest;
    const result = { ok, folder, madeAt, rehearsal: isRehearsal, tables, rows, blobs, problems, seconds };
    context.out.write(
      context.json ? `${JSON.stringify(result)}\n` : textOf(report, folder, isRehearsal, context),
    );
    return ok ? 0 : 1;
  },
};

function newest({ backupDir, prefix }: Settings): string {
  const found = findBackups(backupDir).findLast(({ manifest }) => manifest.prefix === prefix);
  if (found === undefined)
    throw new BackupError(
      `${backupDir} holds no backup of the schemas '${prefix}...'. \`tenon backup\` makes one; elsewhere: tenon restore --rehearse DIR/NAME`,
      backupDir,
    );
  return found.folder;
}

/** In the live database, for everybody. */
async function note(
  settings: Settings,
  folder: string,
  { manifest, problems, rows }: RestoreReport,
): Promise<void> {
  await using connection = await connect(settings.database);
  await bindOperationTables(connection, settings);
  const { madeAt, host, tables, files } = manifest;
  const entry = { madeAt, host, folder, tables: tables.length, rows, hasFiles: files !== undefined };
  await noteRehearsal(entry, problems.length);
}

function textOf(
  { ok, problems, tables, rows, blobs, seconds, manifest }: RestoreReport,
  folder: string,
  isRehearsal: boolean,
  { err }: Context,
): string {
  for (const problem of problems) err.write(`problem: ${problem}\n`);
  const what = `${tables} tables, ${rows} rows, ${blobs} blobs of ${folder} (snapshot of ${manifest.madeAt.slice(0, 19)}Z)`;
  if (!ok)
    return `${isRehearsal ? "The backup cannot be relied on" : "Not restored as it was"}: ${problems.length} problems; ${what}\n`;
  return isRehearsal
    ? `good: ${what} were restored beside the live database, compared and dropped again in ${seconds} s\n`
    : `restored: ${what} in ${seconds} s\n`;
}
