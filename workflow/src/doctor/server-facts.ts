/**
 * @module
 * What a running server says of itself, read in a few statements that change nothing.
 */
import type { Connection, SqlRow } from "@tenon/datajoint";

export interface ServerFacts {
  /** As VERSION() has it. */
  readonly version: string;
  /** SHOW GLOBAL VARIABLES: what new sessions of any client get. */
  readonly variables: ReadonlyMap<string, string>;
  /** SHOW GLOBAL STATUS of the few that are judged. */
  readonly maxUsedConnections: number;
  /** The cipher of this connection; empty when it is plain. */
  readonly cipher: string;
  /** Seconds by which the server's clock is ahead of this machine's. */
  readonly clockAheadS: number;
  /** SHOW GRANTS, one line each, active roles included. */
  readonly grants: readonly string[];
  /** The lab's schemas with their default collation. */
  readonly schemas: readonly { readonly name: string; readonly collation: string }[];
  /** Tables of the lab by schema and collation. */
  readonly tables: readonly { readonly schema: string; readonly collation: string; readonly count: number }[];
  /** Bytes of the lab's tables and indexes, as the server estimates them. */
  readonly dataBytes: number;
}

/** @param prefix  begins the names of the lab's schemas */
export async function serverFacts(connection: Connection, prefix: string): Promise<ServerFacts> {
  const ask = async (text: string, ...parameters: string[]): Promise<readonly SqlRow[]> =>
    (await connection.run({ text, parameters })).rows;
  const pairs = (rows: readonly SqlRow[]) =>
    new Map(rows.map((row) => [String(row["Variable_name"]), String(row["Value"])]));
  const [version] = await ask("SELECT VERSION() AS version");
  const variables = pairs(await ask("SHOW GLOBAL VARIABLES"));
  const status = pairs(await ask("SHOW GLOBAL STATUS LIKE 'Max_used_connections'"));
  const session = pairs(await ask("SHOW SESSION STATUS LIKE 'Ssl_cipher'"));
  const schemas = await ask(
    `SELECT schema_name AS name, default_collation_name AS collation_name FROM information_schema.schemata
      WHERE LEFT(schema_name, CHAR_LENGTH(?)) = ? ORDER BY schema_name`,
    prefix,
    prefix,
  );
  const [size] = await ask(
    `SELECT COALESCE(SUM(data_length + index_length), 0) AS bytes FROM information_schema.tables
      WHERE LEFT(table_schema, CHAR_LENGTH(?)) = ?`,
    prefix,
    prefix,
  );
  const tables = await ask(
    `SELECT table_schema AS name, table_collation AS collation_name, COUNT(*) AS n FROM information_schema.tables
      WHERE LEFT(table_schema, CHAR_LENGTH(?)) = ? AND table_type = 'BASE TABLE' GROUP BY table_schema, table_collation
      ORDER BY table_schema, table_collation`,
    prefix,
    prefix,
  );
  const grants = await ask("SHOW GRANTS");
  return {
    version: String(version!["version"]),
    variables,
    maxUsedConnections: Number(status.get("Max_used_connections") ?? 0),
    cipher: session.get("Ssl_cipher") ?? "",
    clockAheadS: await clockAheadS(ask),
    grants: grants.map((row) => String(Object.values(row)[0])),
    schemas: schemas.map((row) => ({ name: String(row["name"]), collation: String(row["collation_name"]) })),
    tables: tables.map((row) => ({
      schema: String(row["name"]),
      collation: String(row["collation_name"]),
      count: Number(row["n"]),
    })),
    dataBytes: Number(size!["bytes"]),
  };
}

/** The quickest of three questions: the server's time is between asking and hearing, so half the way is the error. */
async function clockAheadS(ask: (text: string) => Promise<readonly SqlRow[]>): Promise<number> {
  let best = { took: Number.POSITIVE_INFINITY, ahead: 0 };
  for (let i = 0; i < 3; i++) {
    const asked = Date.now();
    const [row] = await ask(
      "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(6)) AS microseconds",
    );
    const heard = Date.now();
    const ahead = Number(row!["microseconds"]) / 1e6 - (asked + heard) / 2000;
    if (heard - asked < best.took) best = { took: heard - asked, ahead };
  }
  return best.ahead;
}
