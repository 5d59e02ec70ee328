/**
 * @module
 * Whether a restored copy is what its backup's manifest says: every table's rows by their checksum, and every blob decodable.
 */
import { type Connection, type MysqlSettings, RawSession } from "@tenon/datajoint";
import { checkBlobs } from "../migration/verify/blobs.ts";
import { readTables } from "../migration/verify/check.ts";
import { Findings } from "../migration/verify/codes.ts";
import type { Settings } from "../settings/settings.ts";
import type { BackedUpTable } from "./manifest.ts";
import { beginSnapshot, rowsQuery, tablesIn } from "./mysql-tables.ts";
import { RowSum } from "./row-sum.ts";

export interface CompareOptions {
  readonly settings: Settings;
  readonly signal: AbortSignal;
  readonly onProgress: (what: string, done: number, total: number, detail?: string) => void;
}

/** Decodes every blob of some schemas. @returns how many, and those that cannot be, one sentence each */
export async function decodeBlobs(
  connection: Connection,
  schemas: readonly string[],
  { settings, signal, onProgress }: CompareOptions,
): Promise<{ readonly undecodable: readonly string[]; readonly blobs: number }> {
  const findings = new Findings();
  const results = await checkBlobs({
    connection,
    settings,
    tables: await readTables(connection, schemas),
    findings,
    signal,
    progress: (what, done, total) => onProgress(what, done, total),
  });
  return {
    undecodable: findings.problems.map(({ where, message }) => `${where}: ${message}`),
    blobs: results.reduce((sum, { decoded }) => sum + decoded, 0),
  };
}

/** The tables of some schemas of a server, with their rows counted and summed in one snapshot. */
export async function readServerTables(
  settings: MysqlSettings,
  schemas: readonly string[],
  { signal, onProgress }: CompareOptions,
): Promise<readonly BackedUpTable[]> {
  using session = await RawSession.open(settings);
  await beginSnapshot(session);
  const found: BackedUpTable[] = [];
  const tables = await tablesIn(session, schemas);
  for (const table of tables) {
    signal.throwIfAborted();
    onProgress("comparing rows", found.length, tables.length, `${table.schema}.${table.table}`);
    const sum = new RowSum();
    for await (const row of session.stream(rowsQuery(table))) sum.add(row);
    found.push({ schema: table.schema, table: table.table, rows: sum.rows, sum: sum.text });
  }
  return found;
}

/** Where restored tables are not those of the manifest, one sentence each. */
export function differences(
  expected: readonly BackedUpTable[],
  got: readonly BackedUpTable[],
  named: (schema: string) => string,
): readonly string[] {
  const there = new Map(got.map((table) => [`${table.schema}.${table.table}`, table]));
  return expected.flatMap(({ schema, table, rows, sum }) => {
    const found = there.get(`${named(schema)}.${table}`);
    if (found === undefined) return [`${schema}.${table}: the table is not in the restored database.`];
    if (found.rows !== rows)
      return [
        `${schema}.${table}: ${found.rows} rows were restored, and the backup's manifest says ${rows}.`,
      ];
    return found.sum === sum
      ? []
      : [
          `${schema}.${table}: ${rows} rows were restored, and they are not those of the backup (their checksums differ).`,
        ];
  });
}
