/** The reader against a slow splitter that holds the whole text, on random dumps cut into windows of every size; and what it makes of kinds. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { type DumpValue, decodeRows } from "../../../src/migration/dump/decode-tuples.ts";
import { DumpError } from "../../../src/migration/dump/dump-error.ts";
import type { DumpStatement } from "../../../src/migration/dump/dump-statement.ts";
import { surveyDump } from "../../../src/migration/dump/dump-tables.ts";
import type { DumpWindowOptions } from "../../../src/migration/dump/dump-window.ts";
import { readDump } from "../../../src/migration/dump/read-dump.ts";

const folder = mkdtempSync(join(tmpdir(), "tenon-dump-"));
after(() => rmSync(folder, { recursive: true }));

let counter = 0;
function file(content: string | Uint8Array): string {
  const path = join(folder, `${counter++}.sql`);
  writeFileSync(path, typeof content === "string" ? Buffer.from(content, "latin1") : content);
  return path;
}

async function read(path: string, options: DumpWindowOptions = {}): Promise<DumpStatement[]> {
  const statements: DumpStatement[] = [];
  for await (const statement of readDump(path, options)) statements.push(statement);
  return statements;
}

/** Every byte of a value as mysqldump escapes it, or with doubled quotes alone where backslashes are nothing special. */
function quoted(bytes: Uint8Array, backslashes: boolean): string {
  const names: Record<number, string> = {
    0: "\\0",
    10: "\\n",
    13: "\\r",
    26: "\\Z",
    34: '\\"',
    39: "\\'",
    92: "\\\\",
  };
  const text = [...bytes].map(
    (byte) => (backslashes ? names[byte] : byte === 39 ? "''" : undefined) ?? String.fromCharCode(byte),
  );
  return `'${text.join("")}'`;
}

type Literal = { readonly text: string; readonly value: DumpValue };

const nasty = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc
    .array(fc.constantFrom(39, 92, 59, 45, 10, 0, 96, 34, 41, 44), { maxLength: 60 })
    .map((list) => Uint8Array.from(list)),
);

function literals(backslashes: boolean): fc.Arbitrary<Literal> {
  return fc.oneof(
    nasty.map((value) => ({ text: quoted(value, backslashes), value })),
    nasty.map((value) => ({ text: `_binary ${quoted(value, backslashes)}`, value })),
    nasty.map((value) => ({ text: `x'${Buffer.from(value).toString("hex")}'`, value })),
    nasty
      .filter((value) => value.length > 0)
      .map((value) => ({ text: `0x${Buffer.from(value).toString("hex").toUpperCase()}`, value })),
    fc
      .constantFrom("0", "-1", "3.5", "1e-5", "-1.25E+10", ".5", "18446744073709551615")
      .map((text) => ({ text, value: text })),
    fc.constant({ text: "NULL", value: null }),
  );
}

interface Made {
  readonly text: string;
  readonly tables: ReadonlyMap<string, DumpValue[][]>;
}

function dumps(backslashes: boolean): fc.Arbitrary<Made> {
  const row = fc.array(literals(backslashes), { minLength: 1, maxLength: 4 });
  const insert = fc.record({
    table: fc.constantFrom("t", "a`b", "x;y", "va--lues", "VALUES"),
    rows: fc.array(row, { minLength: 1, maxLength: 6 }),
    separator: fc.constantFrom(",", ",\n", " , "),
    columns: fc.constantFrom("", " (`a`,`values`)"),
  });
  const noise = fc.constantFrom(
    "-- a comment; with 'quotes' and `names\n",
    "# another; one\n",
    "/* a block; 'comment */",
    "/*!40000 ALTER TABLE `t` DISABLE KEYS */;\n",
    "DROP TABLE IF EXISTS `x;y`;\n",
    "\n\n",
    "DELIMITER ;;\n/*!50003 CREATE*/ /*!50017 DEFINER=`r`@`%`*/ /*!50003 TRIGGER tr BEFORE INSERT ON t FOR EACH ROW BEGIN SET @a = 1; END */;;\nDELIMITER ;\n",
  );
  return fc.array(fc.oneof(insert, noise), { maxLength: 8 }).map((items) => {
    const tables = new Map<string, DumpValue[][]>();
    const texts = items.map((item) => {
      if (typeof item === "string") return item;
      const into = tables.get(item.table) ?? [];
      tables.set(item.table, into);
      into.push(...item.rows.map((values) => values.map(({ value }) => value)));
      const rows = item.rows.map((values) => `(${values.map(({ text }) => text).join(",")})`);
      return `INSERT INTO \`${item.table.replaceAll("`", "``")}\`${item.columns} VALUES ${rows.join(item.separator)};\n`;
    });
    const mode = backslashes ? "" : "SET sql_mode='NO_BACKSLASH_ESCAPES';\n";
    return { text: `USE \`lab\`;\n${mode}${texts.join("")}`, tables };
  });
}

/** What the reader made of the rows: decoded, by table. */
function decoded(statements: readonly DumpStatement[]): Map<string, DumpValue[][]> {
  const tables = new Map<string, DumpValue[][]>();
  for (const statement of statements) {
    if (statement.kind !== "insert") continue;
    const into = tables.get(statement.table) ?? [];
    tables.set(statement.table, into);
    for (const row of decodeRows(statement))
      into.push(
        row.map((value) => (typeof value === "object" && value !== null ? Uint8Array.from(value) : value)),
      );
  }
  return tables;
}

/** Statements of a text at `;`, one character after the other: the slow and plain way. */
function referenceSplit(text: string, backslashes: boolean): string[] {
  const statements: string[] = [];
  let current = "";
  let quote = "";
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    current += c;
    if (quote !== "") {
      if (c === "\\" && backslashes && quote !== "`") current += text[++i] ?? "";
      else if (c === quote) quote = "";
    } else if (c === "'" || c === '"' || c === "`") quote = c;
    else if (c === "#" || text.startsWith("-- ", i)) {
      const end = text.indexOf("\n", i);
      current = current.slice(0, -1);
      i = end < 0 ? text.length : end;
    } else if (text.startsWith("/*!", i)) {
      depth++;
      current += text[++i]! + text[++i]!;
    } else if (depth > 0 && text.startsWith("*/", i)) {
      depth--;
      current += text[++i]!;
    } else if (text.startsWith("/*", i)) {
      current = current.slice(0, -1);
      const end = text.indexOf("*/", i + 2);
      i = end < 0 ? text.length : end + 1;
    } else if (c === ";") {
      statements.push(current.slice(0, -1).trim());
      current = "";
    }
  }
  return statements.filter((statement) => statement !== "");
}

describe("readDump", () => {
  for (const backslashes of [true, false])
    it(`gives back every value of random dumps, in windows of any size${backslashes ? "" : ", under NO_BACKSLASH_ESCAPES"}`, async () => {
      await fc.assert(
        fc.asyncProperty(
          dumps(backslashes),
          fc.integer({ min: 16, max: 300 }),
          async ({ text, tables }, windowBytes) => {
            const statements = await read(file(text), { windowBytes });
            assert.deepEqual(decoded(statements), tables);
            const inserts = statements.filter((statement) => statement.kind === "insert");
            const lines = text.split("\n");
            for (const { line } of inserts) assert.ok(line >= 1 && line <= lines.length);
            for (const { offset, values } of inserts)
              assert.equal(text.slice(offset, offset + values.length), values.toString("latin1"));
          },
        ),
        { numRuns: 150 },
      );
    });

  it("splits what is no INSERT where a slow splitter does", async () => {
    const pieces = fc.array(
      fc.constantFrom(
        "CREATE TABLE ",
        "`a;b` ",
        "'it''s;'",
        "'\\';'",
        '"x;"',
        "(",
        ")",
        "/*!40101 X */",
        "/* ; ' */",
        "-- ; '\n",
        "# ;\n",
        "--x",
        " ",
        "\n",
        ";",
        "é",
        "*/",
        "*",
      ),
      { maxLength: 25 },
    );
    await fc.assert(
      fc.asyncProperty(pieces, fc.integer({ min: 16, max: 100 }), async (list, windowBytes) => {
        const text = `X ${list.join("")} ;`;
        const expected = referenceSplit(text, true).map((statement) => statement.replaceAll(/\s+/g, ""));
        const statements = await read(file(text), { windowBytes });
        const found = statements.flatMap((statement) =>
          "bytes" in statement ? [withoutComments(statement.bytes.toString("latin1"))] : [],
        );
        assert.deepEqual(found, expected);
      }),
      {
        numRuns: 300,
        // a star behind a versioned comment opens no other comment
        examples: [
          [["/*!40101 X */", "*/", "*/"], 16],
          [["/*!40101 X */", "*", ";", "*/"], 16],
        ],
      },
    );
  });

  it("splits `SELECT /*!40001 SQL_NO_CACHE */* FROM t;` from what follows it, as the client of MySQL 9 does", async () => {
    const statements = await read(
      file("SELECT /*!40001 SQL_NO_CACHE */* FROM t;\nDROP TABLE a;\nDROP TABLE b;"),
    );
    assert.deepEqual(
      statements.map(({ kind, line }) => [kind, line]),
      [
        ["other", 1],
        ["drop", 2],
        ["drop", 3],
      ],
    );
  });

  it("says what each statement is, whatever hides in versioned comments", async () => {
    const text = `CREATE DATABASE /*!32312 IF NOT EXISTS*/ \`lab\` /*!40100 DEFAULT CHARACTER SET latin1 */;
USE \`lab\`;
DROP TABLE IF EXISTS \`t\`;
CREATE TABLE \`t\` (a int);
/*!50001 CREATE ALGORITHM=UNDEFINED */
/*!50013 DEFINER=\`root\`@\`%\` SQL SECURITY DEFINER */
/*!50001 VIEW \`v\` AS select 1 AS \`a\` */;
CREATE DEFINER=root@localhost PROCEDURE \`other\`.\`p\`() select 1;
/*!99999 GRANT ALL ON *.* TO 'x'@'%' */;
/*M!100100 SET PASSWORD FOR x = 'y' */;
LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE t;
CREATE FUNCTION f RETURNS STRING SONAME 'evil.so';
\\! rm -rf /
SELECT 1 INTO OUTFILE '/tmp/x';
CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO select 1;
INSERT INTO t SELECT * FROM mysql.user;
UNLOCK TABLES;
`;
    const statements = await read(file(text));
    assert.deepEqual(
      statements.map((item) => [
        item.kind,
        "schema" in item ? item.schema : undefined,
        "name" in item ? item.name : undefined,
      ]),
      [
        ["create-database", "lab", undefined],
        ["use", "lab", undefined],
        ["drop", "lab", "t"],
        ["create-table", "lab", "t"],
        ["view", "lab", "v"],
        ["routine", "other", "p"],
        ["grant", "lab", undefined],
        ["grant", "lab", undefined],
        ["other", "lab", undefined],
        ["other", "lab", undefined],
        ["client-command", "lab", undefined],
        ["other", "lab", undefined],
        ["event", "lab", "e"],
        ["other", "lab", undefined],
        ["lock", "lab", undefined],
      ],
    );
  });

  it("refuses values that are no literals", async () => {
    for (const values of [
      "(LOAD_FILE('/etc/passwd'))",
      "(1),(2) ON DUPLICATE KEY UPDATE a=1",
      "(1,(SELECT 2))",
      "(@x)",
      "(1 + 1)",
      "(1 /*!, 2 */)",
    ])
      await assert.rejects(
        read(file(`INSERT INTO t VALUES ${values};`)),
        (error) => error instanceof DumpError && error.code === "statement-refused",
      );
  });

  it("reads gzip and zstd by content, of several members too", async () => {
    const text = "INSERT INTO `t` VALUES (1,'a');\n";
    for (const pack of [gzipSync, zstdCompressSync]) {
      const packed = pack(Buffer.from(text));
      assert.equal((await surveyDump(file(packed))).tables[0]!.rows, 1);
      assert.equal((await surveyDump(file(Buffer.concat([packed, packed, packed])))).tables[0]!.rows, 3);
    }
  });

  it("names a file that is cut, packed or not", async () => {
    const text = `-- MySQL dump 10.13\n${"INSERT INTO `t` VALUES (1,'abc'),(2,'def');\n".repeat(500)}-- Dump completed on 2026-01-01\n`;
    const codes = async (content: Uint8Array) =>
      (await surveyDump(file(content))).problems.map(({ code }) => code);
    assert.deepEqual(await codes(Buffer.from(text)), []);
    for (const end of [text.length - 40, 1000, 1020, 1003])
      assert.deepEqual(await codes(Buffer.from(text.slice(0, end))), ["dump-truncated"]);
    for (const pack of [gzipSync, zstdCompressSync]) {
      const packed = pack(Buffer.from(text));
      assert.deepEqual(await codes(packed.subarray(0, packed.length - 20)), ["dump-truncated"]);
    }
  });

  it("names files of other kinds", async () => {
    for (const start of ["BZh91AY", "\xfd7zXZ\0", "PK\x03\x04", "\xff\xfe-\0-\0", "<?xml version", ""])
      await assert.rejects(
        surveyDump(file(start)),
        (error) => error instanceof DumpError && error.code === "dump-unreadable",
      );
  });
});

function withoutComments(text: string): string {
  return (referenceSplit(`${text} ;`, true)[0] ?? "").replaceAll(/\s+/g, "");
}
