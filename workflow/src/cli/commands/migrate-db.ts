/**
 * @module
 * `tenon migrate db`: brings MySQL dumps into the configured server.
 */
import { resolve } from "node:path";
import { type ImportReport, importDumps } from "../../migration/import/import-dumps.ts";
import { importIntoSqlite } from "../../migration/import/import-into-sqlite.ts";
import { type Command, wholeNumber } from "../command.ts";
import { makeProgress } from "../progress.ts";

export const migrateDb: Command = {
  summary: "MySQL dumps into the configured server, or SQLite file: streamed, resumable, counted",
  usage: "FILE... [--schema NAME] [--sessions N]",
  details: `
FILE is a dump of mysqldump or mariadb-dump: .sql, .gz or .zst, one or many. All are read first; what must not be carried out is refused
before anything is made: accounts and rights, statements that reach beyond the schemas that the dump names, LOAD DATA, a schema that
holds other tables. SET GLOBAL, GTID_PURGED, LOCK TABLES and the server's own schemas are left out; DEFINER is dropped; collations
that the server does not know are replaced and named. The rows go to the server byte by byte as they are.

The same command goes on after a kill or a lost server, and never brings a row in twice. At the end rows are counted and foreign keys
looked through. Exit 1 when anything is missing or refused.

Where the configured database is a SQLite file, for a lab without a server, all is one transaction: a run that is killed leaves nothing and
begins anew; what SQLite cannot keep exactly (decimals of more than 15 digits, unsigned 64-bit numbers above its own) is refused by name.
JSON: {ok, problems: [{code, where, message}], notes, dumps: [{dump, bytes, outcome, tables: [{schema, table, expected, rows}]}], rows, seconds}.`,
  options: {
    schema: {
      type: "string",
      value: "NAME",
      help: "of a dump that names none (mysqldump DATABASE without --databases)",
    },
    sessions: { type: "string", value: "N", help: "sessions that load side by side, default 2" },
  },
  words: [1, Number.POSITIVE_INFINITY],
  async run(args, context) {
    const settings = context.settings();
    const { database } = settings;
    const progress = makeProgress(context.err);
    const common = {
      dumps: args.words.map((path) => resolve(context.folder, path)),
      schema: args.options["schema"] as string | undefined,
      signal: context.signal,
      onProgress: (what: string, done: number, total: number, detail: string) =>
        progress.update(what, done, total, detail === "" ? undefined : detail),
    };
    const report =
      database.kind === "sqlite"
        ? await importIntoSqlite({ ...common, path: database.path })
        : await importDumps({
            ...common,
            settings: database,
            sessions: wholeNumber(args, "sessions", 1) ?? 2,
            onLine: (line) => progress.line(line),
          });
    context.out.write(context.json ? `${JSON.stringify(report)}\n` : textOf(report));
    return report.ok ? 0 : 1;
  },
};

function textOf(report: ImportReport): string {
  const lines = report.dumps.map(
    ({ dump, outcome, tables }) =>
      `${dump}: ${outcome}, ${tables.length} tables, ${tables.reduce((sum, { rows }) => sum + (rows ?? 0), 0)} rows`,
  );
  const problems = report.problems.map(
    ({ code, where, message }) => `problem: ${code}: ${where}: ${message}`,
  );
  const notes = report.notes.map(({ code, where, message }) => `note: ${code}: ${where}: ${message}`);
  const end = report.ok
    ? `all is in (${report.rows} rows by this run, ${report.seconds} s)`
    : "not all is in";
  return `${[...lines, ...problems, ...notes, end].join("\n")}\n`;
}
