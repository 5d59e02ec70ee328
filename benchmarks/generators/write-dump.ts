/**
 * @module
 * Writes a dump as mysqldump writes one (extended INSERTs of about 1 MB, `_binary` strings with its escapes): a laboratory's tables in
 * DataJoint's shape, three quarters of the bytes in longblobs of mixed sizes, the rest in tables of many short rows.
 *
 *     node scripts/start.mjs benchmarks/generators/write-dump.ts FILE [--gb 2] [--seed 1]
 */
import { createCipheriv } from "node:crypto";
import { closeSync, openSync, writeSync } from "node:fs";
import { parseArgs } from "node:util";
import { Random } from "@tenon/ephys";

export interface WrittenDump {
  readonly bytes: number;
  /** Rows by `schema.table`. */
  readonly rows: Readonly<Record<string, number>>;
}

const schemas = ["bench_dump_session", "bench_dump_spikes"] as const;
export const dumpSchemas: readonly string[] = schemas;

/** Bytes of one INSERT: mysqldump's net_buffer_length. */
const insertBytes = 1_046_528;
const largestBlob = 16 * 2 ** 20;

/** Writes `bytes` or a little more. The same seed and size give the same file. */
export function writeDump(path: string, bytes: number, seed: number): WrittenDump {
  const writer = new DumpWriter(path, new Random(seed), seed);
  try {
    writer.header();
    writer.manyRows(bytes * 0.25);
    writer.blobs(bytes * 0.75);
    writer.text("\n-- Dump completed on 2026-11-01  3:00:00\n");
    return { bytes: writer.bytes, rows: writer.rows };
  } finally {
    writer.close();
  }
}

class DumpWriter {
  bytes = 0;
  readonly rows: Record<string, number> = {};
  readonly #file: number;
  readonly #random: Random;
  readonly #noise: BlobBytes;

  constructor(path: string, random: Random, seed: number) {
    this.#file = openSync(path, "w");
    this.#random = random;
    this.#noise = new BlobBytes(seed);
  }

  close(): void {
    closeSync(this.#file);
  }

  text(text: string): void {
    this.#write(Buffer.from(text, "latin1"));
  }

  header(): void {
    this.text(`-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)
--
-- Host: platform    Database: ${schemas[0]}
-- ------------------------------------------------------
-- Server version	8.0.36

/*!50503 SET NAMES utf8mb4 */;
/*!40103 SET @OLD_TIME_ZONE=@@TIME_ZONE */;
/*!40103 SET TIME_ZONE='+00:00' */;
/*!40014 SET @OLD_UNIQUE_CHECKS=@@UNIQUE_CHECKS, UNIQUE_CHECKS=0 */;
/*!40014 SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0 */;
/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;
`);
  }

  /** A session's short rows: events, one row each, and spikes' positions in DOUBLE. */
  manyRows(bytes: number): void {
    this.#use(schemas[0]);
    this.#table(
      schemas[0],
      "session",
      "`session_id` int unsigned NOT NULL, `started` datetime NOT NULL, `note` varchar(255) NOT NULL DEFAULT '', PRIMARY KEY (`session_id`)",
    );
    const sessions = Array.from({ length: 200 }, (_, i) =>
      Buffer.from(
        `(${i + 1},'2026-0${(i % 9) + 1}-11 10:00:${String(i % 60).padStart(2, "0")}','it\\'s organoid ${i}')`,
      ),
    );
    this.#insert(schemas[0], "session", sessions);
    this.#table(
      schemas[0],
      "_event",
      "`session_id` int unsigned NOT NULL, `event_id` int unsigned NOT NULL, `kind` enum('stimulus','artifact','marker') NOT NULL, `at_s` double NOT NULL, `amplitude` double DEFAULT NULL, PRIMARY KEY (`session_id`,`event_id`), CONSTRAINT `_event_ibfk_1` FOREIGN KEY (`session_id`) REFERENCES `session` (`session_id`) ON DELETE RESTRICT ON UPDATE CASCADE",
    );
    const end = this.bytes + bytes;
    const kinds = ["stimulus", "artifact", "marker"];
    // in the order of the key, as mysqldump writes it
    const perSession = Math.ceil(bytes / 200 / 62);
    for (let session = 1; session <= 200 && this.bytes < end; session++) {
      let atS = 0;
      const rows = Array.from({ length: perSession }, (_, event) => {
        atS += this.#random.uniform();
        const amplitude = event % 5 === 0 ? "NULL" : String(this.#random.uniform() * 200 - 100);
        return Buffer.from(`(${session},${event},'${kinds[event % 3]}',${atS},${amplitude})`);
      });
      this.#insert(schemas[0], "_event", rows);
    }
  }

  /** One row, one blob: 2 kB to 16 MB, most of the bytes in the large ones. */
  blobs(bytes: number): void {
    this.#use(schemas[1]);
    this.#table(
      schemas[1],
      "__waveform_set",
      "`session_id` int unsigned NOT NULL, `unit` int NOT NULL, `spike_times` longblob, `waveform` longblob NOT NULL, PRIMARY KEY (`session_id`,`unit`)",
    );
    const end = this.bytes + bytes;
    let waiting: Buffer[] = [];
    let size = 0;
    for (let row = 0; this.bytes + size < end; row++) {
      // sizes even on a logarithmic scale: as many of 2 to 4 kB as of 8 to 16 MB
      const length = Math.round(2048 * (largestBlob / 2048) ** this.#random.uniform());
      const times = row % 7 === 0 ? "NULL" : this.#noise.literal(Math.min(length, 40_000), row % 2 === 0);
      const tuple = Buffer.concat([
        Buffer.from(`(${1 + (row >> 6)},${row & 63},`),
        typeof times === "string" ? Buffer.from(times) : times,
        Buffer.from(","),
        this.#noise.literal(length, row % 4 === 0),
        Buffer.from(")"),
      ]);
      waiting.push(tuple);
      size += tuple.length;
      if (size < insertBytes) continue;
      this.#insert(schemas[1], "__waveform_set", waiting);
      [waiting, size] = [[], 0];
    }
    this.#insert(schemas[1], "__waveform_set", waiting);
  }

  #use(schema: string): void {
    this.text(
      `\nCREATE DATABASE /*!32312 IF NOT EXISTS*/ \`${schema}\` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci */ /*!80016 DEFAULT ENCRYPTION='N' */;\n\nUSE \`${schema}\`;\n`,
    );
  }

  #table(schema: string, name: string, columns: string): void {
    this.rows[`${schema}.${name}`] = 0;
    this.text(
      `\nDROP TABLE IF EXISTS \`${name}\`;\nCREATE TABLE \`${name}\` (${columns}) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='';\n\n`,
    );
  }

  #insert(schema: string, table: string, rows: readonly Buffer[]): void {
    this.rows[`${schema}.${table}`]! += rows.length;
    const comma = Buffer.from(",");
    for (let i = 0; i < rows.length; ) {
      const parts = [Buffer.from(`INSERT INTO \`${table}\` VALUES `), rows[i]!];
      let size = rows[i]!.length;
      for (i++; i < rows.length && size + rows[i]!.length < insertBytes; i++) {
        parts.push(comma, rows[i]!);
        size += rows[i]!.length + 1;
      }
      parts.push(Buffer.from(";\n"));
      this.#write(Buffer.concat(parts));
    }
  }

  #write(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at);
    this.bytes += bytes.length;
  }
}

/** Blobs as literals: packed data, that is noise, or float64 of small whole numbers, that is mostly zeros. */
class BlobBytes {
  readonly #cipher;
  readonly #escapes = new Uint8Array(256);

  constructor(seed: number) {
    this.#cipher = createCipheriv("aes-128-ctr", Buffer.alloc(16, seed & 255), Buffer.alloc(16, seed >> 8));
    // what mysql_real_escape_string escapes
    for (const [from, to] of ["\0" + "0", "\n" + "n", "\r" + "r", "\\\\", "''", '""', "\x1a" + "Z"])
      this.#escapes[from!.charCodeAt(0)] = to!.charCodeAt(0);
  }

  literal(length: number, isSparse: boolean): Buffer {
    const noise = this.#cipher.update(Buffer.alloc(length));
    if (isSparse) for (let i = 0; i < length; i++) if (i % 8 < 6) noise[i] = 0;
    const out = Buffer.allocUnsafe(2 * length + 10);
    let end = out.write("_binary '", "latin1");
    for (let i = 0; i < length; i++) {
      const letter = this.#escapes[noise[i]!]!;
      if (letter === 0) out[end++] = noise[i]!;
      else {
        out[end++] = 0x5c;
        out[end++] = letter;
      }
    }
    out[end++] = 0x27;
    return Buffer.from(out.subarray(0, end));
  }
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { gb: { type: "string", default: "2" }, seed: { type: "string", default: "1" } },
  });
  const [path] = positionals;
  if (path === undefined) {
    process.stderr.write("usage: write-dump.ts FILE [--gb 2] [--seed 1]\n");
    process.exit(2);
  }
  console.log(JSON.stringify(writeDump(path, Number(values.gb) * 1e9, Number(values.seed))));
}
