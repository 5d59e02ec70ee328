/**
 * @module
 * Writes a dump of MySQL schemas that the mysql client, `tenon restore` and `tenon migrate db` read: one snapshot, every table's definition
 * and rows, checksums on the way.
 *
 * Why not mysqldump: it may not be there, and it loses the last bits of FLOAT columns. Values are what the server sends; texts and bytes are
 * escaped, not written as hexadecimal digits, so that a row fits into the packet that it came in.
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { createGzip } from "node:zlib";
import { type MysqlSettings, RawSession } from "@tenon/datajoint";
import { quoted } from "../migration/import/target-ddl.ts";
import type { BackedUpTable } from "./manifest.ts";
import {
  beginSnapshot,
  othersIn,
  rowsQuery,
  type SourceTable,
  schemasWith,
  tablesIn,
} from "./mysql-tables.ts";
import { RowSum } from "./row-sum.ts";
import { valueWriters } from "./value-text.ts";

/** Bytes of rows of one INSERT, about. */
const insertBytes = 1 << 20;

export interface DumpOptions {
  readonly settings: MysqlSettings;
  /** Begins the names of the schemas. */
  readonly prefix: string;
  /** Is made; gzip. */
  readonly path: string;
  readonly signal: AbortSignal;
  /** Told at each table: which, and how many of how many are done. */
  readonly onTable: (table: string, done: number, total: number) => void;
}

export interface WrittenDump {
  readonly server: string;
  readonly madeAt: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly tables: readonly BackedUpTable[];
  readonly leftOut: readonly string[];
}

/** Writes the dump, to the disk, and its end mark last.
 * @throws DataJointError, errors of the disk, the signal's reason */
export async function writeDump({
  settings,
  prefix,
  path,
  signal,
  onTable,
}: DumpOptions): Promise<WrittenDump> {
  using session = await RawSession.open(settings);
  await beginSnapshot(session);
  const madeAt = new Date().toISOString();
  const { rows } = await session.run("SELECT VERSION() AS v");
  const version = String(rows[0]!["v"]);
  const isMariadb = /mariadb/i.test(version);
  const schemas = await schemasWith(session, prefix);
  const tables = await tablesIn(session, schemas);
  const out = new GzipFile(path);
  const sums: BackedUpTable[] = [];
  try {
    await out.write(`-- Backup by Tenon: ${isMariadb ? "MariaDB" : "MySQL"} dump, read by the mysql client, tenon restore and tenon migrate db
-- Server version\t${version}
-- Snapshot of ${madeAt}

SET NAMES utf8mb4;
SET TIME_ZONE='+00:00';
SET UNIQUE_CHECKS=0;
SET FOREIGN_KEY_CHECKS=0;
SET SQL_MODE='NO_AUTO_VALUE_ON_ZERO';
`);
    for (const schema of schemas) {
      await out.write(`\n${await databaseText(session, schema)};\nUSE ${quoted(schema)};\n`);
      for (const table of tables.filter((one) => one.schema === schema)) {
        signal.throwIfAborted();
        onTable(`${schema}.${table.table}`, sums.length, tables.length);
        sums.push(await writeTable(session, table, out, signal));
      }
    }
    await out.write(`\n-- Dump completed on ${new Date().toISOString().slice(0, 19).replace("T", " ")}\n`);
    const { bytes, sha256 } = await out.end();
    const leftOut = await othersIn(session, schemas);
    return {
      server: `${isMariadb ? "MariaDB" : "MySQL"} ${version}`,
      madeAt,
      bytes,
      sha256,
      tables: sums,
      leftOut,
    };
  } catch (error) {
    await out.destroy();
    throw error;
  }
}

/** `CREATE DATABASE IF NOT EXISTS` with its character set, as the server tells it. */
async function databaseText(session: RawSession, schema: string): Promise<string> {
  const { rows } = await session.run(`SHOW CREATE DATABASE ${quoted(schema)}`);
  return String(rows[0]!["Create Database"]).replace(
    /^CREATE DATABASE (?!.*IF NOT EXISTS)/,
    "CREATE DATABASE IF NOT EXISTS ",
  );
}

async function writeTable(
  session: RawSession,
  table: SourceTable,
  out: GzipFile,
  signal: AbortSignal,
): Promise<BackedUpTable> {
  const { schema, table: name, columns } = table;
  const { rows } = await session.run(`SHOW CREATE TABLE ${quoted(schema)}.${quoted(name)}`);
  await out.write(`\n${String(rows[0]!["Create Table"])};\n`);
  const head = Buffer.from(
    `INSERT INTO ${quoted(name)} (${columns.map((column) => quoted(column.name)).join(",")}) VALUES\n`,
  );
  const write = valueWriters(columns);
  const sum = new RowSum();
  let parts: Buffer[] = [];
  let bytes = 0;
  const flush = async () => {
    if (bytes === 0) return;
    await out.write(Buffer.concat([head, ...parts, end]));
    parts = [];
    bytes = 0;
  };
  for await (const row of session.stream(rowsQuery(table))) {
    sum.add(row);
    const text = rowText(row, write);
    if (bytes > 0 && bytes + text.length > insertBytes) await flush();
    if (bytes > 0) parts.push(comma);
    parts.push(text);
    bytes += text.length;
    if (sum.rows % 256 === 0) signal.throwIfAborted();
  }
  await flush();
  return { schema, table: name, rows: sum.rows, sum: sum.text };
}

const [comma, end] = [Buffer.from(",\n"), Buffer.from(";\n")];

function rowText(row: readonly (Uint8Array | null)[], write: ReturnType<typeof valueWriters>): Buffer {
  const pieces: Uint8Array[] = [];
  for (let i = 0; i < row.length; i++) {
    pieces.push(i === 0 ? open : between);
    const value = row[i]!;
    pieces.push(value === null ? nothing : write[i]!(value));
  }
  pieces.push(close);
  return Buffer.concat(pieces);
}

const [open, between, close, nothing] = ["(", ",", ")", "NULL"].map((text) => Buffer.from(text)) as [
  Buffer,
  Buffer,
  Buffer,
  Buffer,
];

/** A gzip file that is written piece by piece, hashed, and on the disk when it ends. */
class GzipFile {
  readonly #gzip = createGzip({ level: 1 });
  readonly #file: ReturnType<typeof createWriteStream>;
  readonly #hash = createHash("sha256");
  readonly #done: Promise<void>;
  #bytes = 0;
  #error: Error | undefined;

  constructor(path: string) {
    this.#file = createWriteStream(path, { flags: "wx", mode: 0o600, flush: true });
    this.#gzip.on("data", (chunk: Buffer) => {
      this.#hash.update(chunk);
      this.#bytes += chunk.length;
      if (!this.#file.write(chunk)) {
        this.#gzip.pause();
        this.#file.once("drain", () => this.#gzip.resume());
      }
    });
    this.#gzip.once("end", () => this.#file.end());
    this.#done = new Promise((resolve, reject) => {
      const fail = (error: Error) => {
        this.#error ??= error;
        this.#gzip.destroy(error);
        reject(error);
      };
      this.#file.once("close", () => resolve()).once("error", fail);
      this.#gzip.once("error", fail);
    });
    // told by the next write or end
    this.#done.catch(() => undefined);
  }

  async write(piece: string | Uint8Array): Promise<void> {
    if (this.#error !== undefined) throw this.#error;
    if (!this.#gzip.write(piece)) await Promise.race([once(this.#gzip, "drain"), this.#done]);
  }

  async end(): Promise<{ bytes: number; sha256: string }> {
    this.#gzip.end();
    await this.#done;
    return { bytes: this.#bytes, sha256: this.#hash.digest("hex") };
  }

  async destroy(): Promise<void> {
    this.#gzip.destroy();
    this.#file.destroy();
    await this.#done.catch(() => undefined);
  }
}
