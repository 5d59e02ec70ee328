/**
 * @module
 * What of which dump is in the database already: a hidden table in every schema that is imported into, written in the transactions of the
 * rows themselves. It makes an import that was killed go on where it was, and never carry a row out twice.
 *
 * What a newcomer would get wrong: what is kept is ranges of bytes of the unpacked dump, not counts: rows may come in other pieces next time.
 */
import type { RawSession } from "@tenon/datajoint";
import { quoted } from "./target-ddl.ts";

export const ledgerTable = "~tenon_import";

/** [from, to) of committed rows, ascending and apart. */
export type Ranges = readonly (readonly [number, number])[];

/** Makes the table. */
export async function openLedger(session: RawSession, schema: string): Promise<void> {
  await session.run(
    `CREATE TABLE IF NOT EXISTS ${quoted(schema)}.${quoted(ledgerTable)} (
      dump CHAR(40) NOT NULL, table_name VARCHAR(64) NOT NULL, first_byte BIGINT UNSIGNED NOT NULL, end_byte BIGINT UNSIGNED NOT NULL,
      row_count BIGINT UNSIGNED NOT NULL, finished DATETIME NULL, PRIMARY KEY (dump, table_name, first_byte)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT 'what tenon migrate db has imported'`,
  );
}

/** The statement that says that rows are in; to be run in their transaction. */
export function noteRows(
  schema: string,
  dump: string,
  table: string,
  [from, to]: readonly [number, number],
  rows: number,
): string {
  return `INSERT INTO ${quoted(schema)}.${quoted(ledgerTable)} VALUES ('${dump}', ${literal(table)}, ${from}, ${to}, ${rows}, NULL)`;
}

/** The statement that says that a dump is in as a whole. */
export function noteEnd(schema: string, dump: string): string {
  return `REPLACE INTO ${quoted(schema)}.${quoted(ledgerTable)} VALUES ('${dump}', '', 0, 0, 0, UTC_TIMESTAMP())`;
}

export interface LedgerState {
  /** When the dump was in as a whole (UTC); undefined: it is not. */
  readonly finished: string | undefined;
  /** By table. */
  readonly ranges: ReadonlyMap<string, Ranges>;
}

export async function readLedger(session: RawSession, schema: string, dump: string): Promise<LedgerState> {
  const { rows } = await session.run(
    `SELECT table_name AS t, first_byte AS f, end_byte AS e, finished AS d FROM ${quoted(schema)}.${quoted(ledgerTable)} WHERE dump='${dump}' ORDER BY table_name, first_byte`,
  );
  const ranges = new Map<string, [number, number][]>();
  let finished: string | undefined;
  for (const row of rows) {
    const table = String(row["t"]);
    if (table === "") finished = String(row["d"]);
    else {
      const own = ranges.get(table) ?? [];
      const last = own.at(-1);
      const [from, to] = [Number(row["f"]), Number(row["e"])];
      if (last !== undefined && last[1] === from) last[1] = to;
      else own.push([from, to]);
      ranges.set(table, own);
    }
  }
  return { finished, ranges };
}

/** A text as a literal, for sessions with any mode: hexadecimal. */
export function literal(text: string): string {
  return text === "" ? "''" : `CONVERT(0x${Buffer.from(text, "utf8").toString("hex")} USING utf8mb4)`;
}
