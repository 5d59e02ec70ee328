/**
 * @module
 * `tenon migrate inventory`: what the dumps and the code need, before anything is imported.
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { connect } from "@tenon/datajoint";
import { type Inventory, takeInventory } from "../../migration/inventory/inventory.ts";
import type { Settings } from "../../settings/settings.ts";
import { type Command, UsageError } from "../command.ts";
import { makeProgress } from "../progress.ts";
import { textTable } from "../text-table.ts";

export const migrateInventory: Command = {
  summary: "what the dumps and the code need: schemas, stores, platform tables, absolute paths",
  usage: "[--dump FILE...] [--code DIR]",
  details: `
Reads the dumps and the Python sources; changes nothing. Says which schemas are missing (a foreign key or the code needs them and no dump has
them), which stores the configuration must name, what takes the place of the platform's tables, where rows hold absolute paths, and whether the
largest row fits into the configured server's max_allowed_packet.
JSON: {ok, problems: [{code, where, message}], notes, schemas, stores, platformTables, absolutePaths, dumps, code, server}. Exit code 1 when
something is missing or a dump is cut or unfit. docs/how-to/migrate.md lists the codes.`,
  options: {
    dump: { type: "string", multiple: true, value: "FILE", help: "a dump (.sql, .gz, .zst); again for each" },
    code: { type: "string", value: "DIR", help: "folder of the pipeline's Python code" },
    schema: { type: "string", value: "NAME", help: "schema of a dump that names none" },
  },
  // --dump a.sql b.sql: a shell's *.sql gives words
  words: [0, Number.POSITIVE_INFINITY],
  async run(args, context) {
    const dumps = [...((args.options["dump"] as readonly string[] | undefined) ?? []), ...args.words];
    const code = args.options["code"] as string | undefined;
    if (dumps.length === 0 && code === undefined)
      throw new UsageError("Give --dump FILE, --code DIR, or both: there is nothing to look at.");
    const settings = context.settings();
    const progress = makeProgress(context.err);
    const inventory = await takeInventory({
      dumps: dumps.map((path) => resolve(context.folder, path)),
      code: code === undefined ? undefined : resolve(context.folder, code),
      schema: args.options["schema"] as string | undefined,
      settings,
      server: await serverOf(settings, (line) => progress.line(line)),
      signal: context.signal,
      progress: (what, done, total) => progress.update(what, done, total),
    });
    context.out.write(context.json ? `${JSON.stringify(inventory)}\n` : `${lines(inventory).join("\n")}\n`);
    return inventory.ok ? 0 : 1;
  },
};

/** What the configured server takes; an inventory needs none, so one that cannot be reached is said and left. */
async function serverOf(settings: Settings, log: (line: string) => void) {
  const { database } = settings;
  if (database.kind === "sqlite" && !existsSync(database.path)) return undefined;
  try {
    await using connection = await connect(database);
    return { name: connection.name, maxAllowedPacket: connection.limits.bytes };
  } catch (error) {
    log(`warning: the configured database was not asked what it takes: ${(error as Error).message}`);
    return undefined;
  }
}

function lines(inventory: Inventory): string[] {
  const { schemas, stores, platformTables, dumps, code, problems, notes } = inventory;
  const section = (
    title: string,
    header: readonly string[],
    rows: readonly (readonly (string | number)[])[],
  ) => (rows.length === 0 ? [] : [title, ...textTable(header, rows).map((line) => `  ${line}`), ""]);
  return [
    ...section(
      "dumps",
      ["file", "bytes", "server", "charsets", "tables", "rows", "largest row", "complete"],
      dumps.map((dump) => [
        dump.path,
        dump.bytes,
        dump.server ?? "unknown",
        dump.charsets.join(" "),
        dump.tables,
        dump.rows,
        dump.largestRow === null ? "-" : `${dump.largestRow.bytes} ${dump.largestRow.table}`,
        dump.complete === null ? "not said" : dump.complete ? "yes" : "NO",
      ]),
    ),
    ...section(
      "schemas",
      ["schema", "in a dump", "tables", "rows", "bytes", "needed by"],
      schemas.map((one) => [
        one.schema,
        one.present ? "yes" : "NO",
        one.tables,
        one.rows,
        one.bytes,
        shortened(one.neededBy),
      ]),
    ),
    ...section(
      "stores",
      ["store", "kinds", "files", "folder here", "named by"],
      stores.map((one) => [
        one.store,
        one.kinds.join(" "),
        one.files,
        one.location ?? "NONE",
        shortened(one.namedBy),
      ]),
    ),
    ...section(
      "the platform's own tables",
      ["table", "rows", "what it was", "here"],
      platformTables.map((one) => [one.table, one.rows, one.what, one.here]),
    ),
    ...section(
      "addresses in the code",
      ["address", "places"],
      (code?.addresses ?? []).map((one) => [one.name, shortened(one.places)]),
    ),
    ...section(
      "configuration keys and variables of the code",
      ["name", "places"],
      [...(code?.configuration ?? []), ...(code?.variables ?? [])].map((one) => [
        one.name,
        shortened(one.places),
      ]),
    ),
    ...notes.map(({ code: name, where, message }) => `note: ${name}: ${where}: ${message}`),
    ...problems.map(({ code: name, where, message }) => `${name}: ${where}: ${message}`),
    problems.length === 0 ? "nothing is missing" : `${problems.length} problems`,
  ];
}

function shortened(names: readonly string[]): string {
  return names.length <= 2
    ? names.join(", ")
    : `${names.slice(0, 2).join(", ")} and ${names.length - 2} more`;
}
