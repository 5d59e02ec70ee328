/**
 * `tenon migrate db` with dumps that MySQL 9's and MariaDB's own mysqldump made of real servers: what comes in is what was there, row by
 * row; what must not be carried out is refused before anything is made; a killed import goes on.
 */
import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { type Connection, connect } from "@tenon/datajoint";
import { dump } from "../../support/dump-program.ts";
import { makeTestLab, settingsOf, startProgram, type TestLab, testServers } from "../../support/test-lab.ts";

interface Report {
  readonly ok: boolean;
  readonly problems: readonly { readonly code: string; readonly where: string; readonly message: string }[];
  readonly notes: readonly { readonly code: string; readonly where: string }[];
  readonly dumps: readonly {
    readonly outcome: string;
    readonly tables: readonly {
      readonly table: string;
      readonly expected: number;
      readonly rows: number | null;
    }[];
  }[];
  readonly rows: number;
}

const servers = testServers.filter(({ name }) => name !== "sqlite");

for (const source of servers)
  describe(`dumps of ${source.name}`, { skip: source.skip, timeout: 240_000 }, () => {
    let text: Buffer;
    let db: Connection;
    let lab: TestLab;
    let schemas: string[] = [];
    let values: Map<string, unknown>;

    const sql = async (statement: string, on = db) =>
      (await on.run({ text: statement, parameters: [] })).rows;

    before(async () => {
      lab = makeTestLab(source);
      schemas = ["a", "b"].map((name) => `${lab.prefix}${name}`);
      db = await connect(settingsOf(source, lab.folder));
      await fill(schemas[0]!, schemas[1]!);
      values = await valuesOf(db);
      text = dump(source, schemas);
      await dropAll(db);
    });
    after(async () => {
      await dropAll(db);
      await db.close();
      await lab.remove();
    });

    async function dropAll(on: Connection): Promise<void> {
      for (const schema of schemas.toReversed()) await sql(`DROP DATABASE IF EXISTS \`${schema}\``, on);
    }

    async function fill(a: string, b: string): Promise<void> {
      for (const schema of [a, b]) await sql(`CREATE DATABASE \`${schema}\` CHARACTER SET utf8mb4`);
      await sql(`CREATE TABLE \`${a}\`.subject (subject varchar(32) NOT NULL COMMENT 'name; with a semicolon', sex enum('M','F','U') NOT NULL DEFAULT 'U', born date NULL,
        note varchar(255) NOT NULL DEFAULT '' COMMENT 'in µV, "quoted" and ''quoted''', PRIMARY KEY (subject)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT 'people -- not a comment'`);
      await sql(`CREATE TABLE \`${b}\`.recording (subject varchar(32) NOT NULL, n int unsigned NOT NULL, t timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP, at datetime(6) NULL,
        x double NULL, f float NULL, d decimal(12,4) NULL, bits bit(8) NULL, u binary(16) NULL, data longblob NULL, words mediumtext NULL, latin varchar(40) CHARACTER SET latin1 NULL,
        js json NULL, PRIMARY KEY (subject, n), KEY by_x (x), CONSTRAINT own_key FOREIGN KEY (subject) REFERENCES \`${a}\`.subject (subject) ON UPDATE CASCADE ON DELETE RESTRICT) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`);
      await sql(
        `CREATE TABLE \`${b}\`.\`~jobs\` (table_name varchar(255) NOT NULL, key_hash char(32) NOT NULL, status enum('reserved','error','ignore') NOT NULL, PRIMARY KEY (table_name, key_hash)) ENGINE=InnoDB`,
      );
      await sql(`INSERT INTO \`${b}\`.\`~jobs\` VALUES ('t','1','reserved'),('t','2','error')`);
      await sql(
        `INSERT INTO \`${a}\`.subject VALUES ('mäus'';DROP TABLE x;--','F','2026-01-02','line\\nbreak \\\\ tab\\t'),('m2','U',NULL,'日本語 🧠'),('empty','M','2000-01-01','')`,
      );
      const all = Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 7 + (i >> 8)) & 0xff));
      for (let n = 0; n < 300; n++)
        await db.run({
          text: `INSERT INTO \`${b}\`.recording VALUES (?,?,'2026-03-29 01:30:00','2026-01-01 00:00:00.000001',?,?,?,b'10100101',?,?,?,?,?)`,
          parameters: [
            n % 2 === 0 ? "m2" : "mäus';DROP TABLE x;--",
            n,
            n / 3,
            n / 7,
            `${n}.1234`,
            all.subarray(n % 200, (n % 200) + 16),
            n % 5 === 0 ? null : Buffer.concat([all, Buffer.alloc(n * 50, n & 0xff)]),
            `wörter ${"\\'\"`;".repeat(n % 7)}`,
            "Zürich é",
            JSON.stringify({ n, "k'ey": [1, null, "ß"] }),
          ],
        });
      await sql(
        `CREATE VIEW \`${b}\`.first_recordings AS SELECT r.subject, r.n FROM \`${b}\`.recording r JOIN \`${a}\`.subject s ON s.subject = r.subject WHERE r.n < 10`,
      );
    }

    /** Every value of every table, as hexadecimal text, by table. */
    async function valuesOf(on: Connection): Promise<Map<string, unknown>> {
      const found = new Map<string, unknown>();
      const [a, b] = schemas;
      found.set(
        "subject",
        await sql(`SELECT HEX(subject) s, sex, born, HEX(note) n FROM \`${a}\`.subject ORDER BY subject`, on),
      );
      found.set(
        "recording",
        await sql(
          `SELECT HEX(subject) s, n, UNIX_TIMESTAMP(t) t, at, x, CAST(f AS CHAR) f, d, HEX(bits) bits, HEX(u) u, SHA2(data, 256) data, LENGTH(data) len, HEX(words) w, HEX(CONVERT(latin USING utf8mb4)) l, JSON_EXTRACT(js, '$.n') js FROM \`${b}\`.recording ORDER BY n`,
          on,
        ),
      );
      found.set("view", await sql(`SELECT HEX(subject) s, n FROM \`${b}\`.first_recordings ORDER BY n`, on));
      return found;
    }

    const file = (name: string, bytes: Buffer | string) => {
      const path = join(lab.folder, name);
      writeFileSync(path, bytes);
      return path;
    };
    const run = async (
      own: TestLab,
      ...words: string[]
    ): Promise<Report & { readonly code: number | null }> => {
      const { code, out, err } = await own.tenon("migrate", "db", ...words, "--json");
      assert.notEqual(out, "", err);
      return { ...(JSON.parse(out) as Report), code };
    };
    const codes = ({ problems }: Report) => problems.map(({ code }) => code);

    for (const target of servers)
      it(`come into ${target.name} value by value; again is nothing`, { skip: target.skip }, async () => {
        const own = makeTestLab(target);
        const on = await connect(settingsOf(target, own.folder));
        try {
          await dropAll(on);
          const path = file(`for-${target.name}.sql.zst`, zstdCompressSync(text));
          const report = await run(own, path);
          assert.deepEqual(report.problems, []);
          assert.equal(report.code, 0);
          assert.deepEqual(
            report.dumps[0]!.tables.map(({ table, expected, rows }) => [table, expected, rows]).toSorted(),
            [
              ["recording", 300, 300],
              ["subject", 3, 3],
              ["~jobs", 2, 2],
            ].toSorted(),
          );
          for (const code of ["reservations-removed", "float-rounded"])
            assert.ok(
              report.notes.some((note) => note.code === code),
              code,
            );
          assert.deepEqual(await valuesOf(on), values);
          const keys = await on.dialect.catalogue.foreignKeys(on, schemas);
          assert.deepEqual(
            keys.map(({ table, parentTable, columns }) => [table, parentTable, columns]),
            [["recording", "subject", ["subject"]]],
          );
          const again = await run(own, path);
          assert.deepEqual([again.code, again.dumps[0]!.outcome, again.rows], [0, "already imported", 0]);
          const other = await run(
            own,
            file("other.sql", Buffer.concat([text, Buffer.from("-- another file\n")])),
          );
          assert.deepEqual([other.code, codes(other)], [1, ["schema-not-empty", "schema-not-empty"]]);
          assert.deepEqual(await valuesOf(on), values);
        } finally {
          await dropAll(on);
          await on.close();
          await own.remove();
        }
      });

    it("go on after kill -9 and bring no row in twice", async () => {
      await dropAll(db);
      const big = dumpOfMany();
      const path = file("big.sql.gz", gzipSync(big.text, { level: 1 }));
      const child = startProgram("tenon", ["migrate", "db", path], lab.folder, lab.env);
      const deadline = Date.now() + 60_000;
      let count = 0;
      while (count < 200 && Date.now() < deadline) {
        await sleep(10);
        count = await sql(`SELECT COUNT(*) AS n FROM \`${schemas[0]}\`.many`).then(
          ([row]) => Number(row!["n"]),
          () => 0,
        );
      }
      child.kill("SIGKILL");
      await new Promise((resolve) => child.once("close", resolve));
      assert.ok(count < big.rows, "killed too late to show anything");
      const report = await run(lab, path);
      assert.deepEqual(report.problems, []);
      assert.ok(report.rows < big.rows && report.rows > 0, `${report.rows} rows by the second run`);
      const [row] = await sql(
        `SELECT COUNT(*) AS n, SUM(id) AS s, SUM(LENGTH(data)) AS l FROM \`${schemas[0]}\`.many`,
      );
      assert.deepEqual([row!["n"], row!["s"], row!["l"]].map(Number), [
        big.rows,
        (big.rows * (big.rows - 1)) / 2,
        big.rows * 30_000,
      ]);
      await dropAll(db);
    });

    /** A table whose rows would not be stopped by a key if they came twice. */
    function dumpOfMany(): { readonly text: Buffer; readonly rows: number } {
      const rows = 2000;
      const pieces = [
        `CREATE DATABASE \`${schemas[0]}\`;\nUSE \`${schemas[0]}\`;\nCREATE TABLE many (id int, data longblob) ENGINE=InnoDB;\n`,
      ];
      for (let from = 0; from < rows; from += 40) {
        const list = Array.from({ length: 40 }, (_, i) => `(${from + i},'${"x".repeat(29_999)};')`);
        pieces.push(`INSERT INTO many VALUES ${list.join(",")};\n`);
      }
      return { text: Buffer.from(`${pieces.join("")}-- Dump completed on 2026-01-01\n`), rows };
    }

    it("are refused before anything is made when they hold what must not be carried out", async () => {
      await dropAll(db);
      const [a] = schemas;
      const head = `CREATE DATABASE \`${a}\`;\nUSE \`${a}\`;\nCREATE TABLE t (id int PRIMARY KEY);\nINSERT INTO t VALUES (1);\n`;
      const end = "-- Dump completed on 2026-01-01\n";
      const bad: readonly (readonly [string, RegExp])[] = [
        ["GRANT ALL ON *.* TO 'x'@'%';", /statement-refused/],
        ["CREATE USER 'x'@'%' IDENTIFIED BY 'secret-word';", /statement-refused/],
        ["SET PASSWORD = 'secret-word';", /statement-refused/],
        ["LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE t;", /statement-refused/],
        ["INSERT INTO mysql.user VALUES (1);", /statement-refused/],
        ["INSERT INTO `other_schema`.t VALUES (1);", /statement-refused/],
        ["CREATE TABLE other_schema.t (id int);", /statement-refused/],
        ["INSERT INTO t SELECT * FROM mysql.user;", /statement-refused/],
        ["INSERT INTO t VALUES (LOAD_FILE('/etc/passwd'));", /statement-refused/],
        ["/*!50000 GRANT ALL ON *.* TO 'x'@'%' */;", /statement-refused/],
        ["INSTALL PLUGIN x SONAME 'x.so';", /statement-refused/],
        ["SELECT 1 INTO OUTFILE '/tmp/x';", /statement-refused/],
        ["\\! touch /tmp/tenon-owned\n", /statement-refused/],
        ["ALTER TABLE t ADD COLUMN more int;", /statement-refused/],
        ["CREATE TABLE u AS SELECT * FROM mysql.user;", /statement-refused/],
        ["CREATE TABLE u (id int) DATA DIRECTORY='/tmp';", /statement-refused/],
      ];
      for (const [statement, code] of bad) {
        const report = await run(lab, file("bad.sql", `${head}${statement}\n${end}`));
        assert.equal(report.code, 1, statement);
        assert.match(codes(report).join(" "), code, statement);
        assert.ok(!JSON.stringify(report).includes("secret-word"), statement);
        if (!/DATA DIRECTORY|AS SELECT/.test(statement)) {
          const there = await db.dialect.catalogue.schemas(db);
          assert.ok(!there.includes(a!), `${statement} was let in`);
        }
        await dropAll(db);
      }
      assert.ok(!existsSync("/tmp/tenon-owned"));
    });

    it("that were cut, are empty, or name no schema are told so", async () => {
      await dropAll(db);
      for (const at of [0.3, 0.7, 0.999]) {
        const cut = await run(lab, file("cut.sql", text.subarray(0, Math.floor(text.length * at))));
        assert.deepEqual(
          [cut.code, codes(cut).includes("dump-truncated")],
          [1, true],
          `cut at ${at}: ${codes(cut)}`,
        );
      }
      const cutPack = gzipSync(text).subarray(0, 5000);
      assert.ok(codes(await run(lab, file("cut.sql.gz", cutPack))).includes("dump-truncated"));
      assert.deepEqual(codes(await run(lab, file("empty.sql", ""))), ["dump-unreadable"]);
      const bare = "CREATE TABLE t (id int PRIMARY KEY);\nINSERT INTO t VALUES (1),(2);\n-- Dump completed\n";
      assert.deepEqual(codes(await run(lab, file("bare.sql", bare))), ["schema-unknown"]);
      const named = await run(lab, file("bare.sql", bare), "--schema", schemas[0]!);
      assert.deepEqual([named.code, named.rows], [0, 2]);
      assert.ok(!(await db.dialect.catalogue.schemas(db)).includes(schemas[1]!));
      await dropAll(db);
    });

    it("orphans, triggers and routines are named, and keep no row away", async () => {
      await dropAll(db);
      const [a] = schemas;
      const path = file(
        "orphan.sql",
        `CREATE DATABASE \`${a}\`;\nUSE \`${a}\`;\nCREATE TABLE p (id int PRIMARY KEY) ENGINE=InnoDB;\nCREATE TABLE c (id int PRIMARY KEY, FOREIGN KEY (id) REFERENCES p (id)) ENGINE=InnoDB;
INSERT INTO c VALUES (1),(2);\nCREATE TABLE old (id int) ENGINE=MyISAM;\n/*!40000 ALTER TABLE old DISABLE KEYS */;\nINSERT INTO old VALUES (7);\nINSERT INTO p VALUES (1);\nDELIMITER ;;\n/*!50003 CREATE*/ /*!50017 DEFINER=\`root\`@\`%\`*/ /*!50003 TRIGGER tr BEFORE INSERT ON p FOR EACH ROW SET NEW.id = 5; */;;\nDELIMITER ;\n-- Dump completed\n`,
      );
      const report = await run(lab, path);
      assert.equal(report.code, 1);
      assert.deepEqual(codes(report).toSorted(), ["object-skipped", "orphan-rows"]);
      assert.equal(report.rows, 4);
      assert.ok(report.notes.some(({ code }) => code === "engine-replaced"));
      await dropAll(db);
    });
  });

it("a dump that is not there is told so, and no database is made", async () => {
  const lab = makeTestLab();
  try {
    const { code, out } = await lab.tenon("migrate", "db", "x.sql");
    assert.equal(code, 1);
    assert.match(out, /problem: dump-unreadable: .*x\.sql/);
    assert.equal(existsSync(join(lab.folder, "tenon.sqlite")), false);
  } finally {
    await lab.remove();
  }
});
