/**
 * @module
 * `tenon backup`: the database, and the results if asked, as of one moment.
 */
import { resolve } from "node:path";
import { deleteOldBackups, leftUnfinished, makeBackup } from "../../backup/make-backup.ts";
import { shownTables } from "../../backup/manifest.ts";
import { openDatabase } from "../../migration/verify/open-database.ts";
import { backupState, noteBackup, readBackups } from "../../operations/backup-log.ts";
import { bindOperationTables } from "../../operations/operation-tables.ts";
import { msOfUtc } from "../../operations/utc.ts";
import { type Command, wholeNumber } from "../command.ts";
import { makeProgress } from "../progress.ts";
import { version } from "../tenon-version.ts";

export const backup: Command = {
  summary: "the database (and the results) as of one moment, while workers go on",
  usage: "[--to DIR] [--files] [--keep N]",
  details: `
Leaves DIR/20261126T030000Z with a manifest (rows and a checksum of every table) and database.sql.gz, which the mysql client reads too, or
database.sqlite. One snapshot: what workers insert meanwhile is in the next. --files adds the processed root, hard-linked to the backup before
where nothing has changed. Raw data, accounts and rights are in no backup. A backup counts when it was restored: tenon restore --rehearse.
JSON: {folder, madeAt, bytes, tables, rows, files, leftOut, deleted}. Exit 1 when there is none.`,
  options: {
    to: {
      type: "string",
      value: "DIR",
      help: "default: custom.backup_dir (TENON_BACKUP_DIR), else backups/",
    },
    files: { type: "boolean", help: "the processed root too" },
    keep: {
      type: "string",
      value: "N",
      help: "delete the oldest backups of this database but N, never the last one that was rehearsed",
    },
  },
  words: [0, 0],
  async run(args, context) {
    const keep = wholeNumber(args, "keep", 1);
    const settings = context.settings();
    // of whatever begins with the prefix: a pipeline need not be whole to be backed up
    await using connection = await openDatabase(settings);
    const given = args.options["to"] as string | undefined;
    const to = given === undefined ? settings.backupDir : resolve(context.folder, given);
    const progress = makeProgress(context.err);
    const { folder, manifest } = await makeBackup({
      settings,
      connection,
      to,
      withFiles: args.options["files"] === true,
      tenon: version(),
      signal: context.signal,
      onProgress: (what, done, total, detail) => progress.update(`backup: ${what}`, done, total, detail),
    });
    const { madeAt, host, tables, files, leftOut, database } = manifest;
    const rows = tables.reduce((sum, table) => sum + table.rows, 0);
    await bindOperationTables(connection, settings);
    await noteBackup({
      madeAt,
      host,
      folder,
      tables: tables.length,
      rows,
      hasFiles: files !== undefined,
    });
    const { rehearsed } = await backupState();
    const deleted =
      keep === undefined
        ? []
        : deleteOldBackups(
            to,
            keep,
            ({ manifest: { madeAt: when, host: where } }) =>
              rehearsed !== null &&
              where === rehearsed.host &&
              Date.parse(when) === msOfUtc(rehearsed.madeAt),
            manifest,
          );
    for (const one of leftUnfinished(to))
      context.err.write(`left by a backup that was killed, and of no use: rm -r ${one}\n`);
    for (const one of leftOut) context.err.write(`not in the backup: ${one}\n`);
    for (const one of deleted) context.err.write(`deleted ${one}\n`);
    const result = {
      folder,
      madeAt,
      bytes: database.bytes,
      tables: tables.length,
      rows,
      files: files?.length ?? null,
      leftOut,
      deleted,
    };
    const isFirst = (await readBackups()).every(({ rehearsedAt }) => rehearsedAt === undefined);
    context.out.write(
      context.json
        ? `${JSON.stringify(result)}\n`
        : `${folder}: ${shownTables(tables)}, ${(database.bytes / 1e6).toFixed(1)} MB${files === undefined ? "" : `, ${files.length} files`}\n${isFirst ? `No backup was restored on trial yet: tenon restore --rehearse ${folder}\n` : ""}`,
    );
    return 0;
  },
};
