/** `tenon migrate inventory` on hand-written dumps: what would be refused, what is missing, what does not fit; no server is needed. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { pack } from "@tenon/datajoint";
import { makeTestLab } from "../support/test-lab.ts";

interface Finding {
  readonly code: string;
  readonly where: string;
  readonly message: string;
}
interface Found {
  readonly ok: boolean;
  readonly problems: readonly Finding[];
  readonly notes: readonly Finding[];
  readonly schemas: readonly {
    readonly schema: string;
    readonly present: boolean;
    readonly tables: number;
    readonly rows: number;
    readonly neededBy: readonly string[];
  }[];
  readonly stores: readonly {
    readonly store: string;
    readonly kinds: readonly string[];
    readonly files: number;
    readonly location: string | null;
  }[];
  readonly platformTables: readonly { readonly table: string; readonly rows: number }[];
  readonly absolutePaths: readonly {
    readonly where: string;
    readonly count: number;
    readonly example: string;
  }[];
  readonly dumps: readonly {
    readonly server: string | null;
    readonly compression: string;
    readonly charsets: readonly string[];
    readonly complete: boolean | null;
    readonly largestRow: { readonly table: string; readonly bytes: number } | null;
  }[];
}

const header =
  "-- MySQL dump 10.13  Distrib 8.0.35, for Linux (x86_64)\n-- Server version\t8.0.35\n/*!50503 SET NAMES utf8mb4 */;\n";
const end = "-- Dump completed on 2026-01-01  0:00:00\n";
const blob = (value: unknown) => `0x${Buffer.from(pack(value)).toString("hex")}`;

describe("tenon migrate inventory", () => {
  const lab = makeTestLab();
  after(() => lab.remove());

  const take = async (
    text: string | Buffer,
    name = "a.sql",
    ...words: string[]
  ): Promise<Found & { readonly code: number | null; readonly out: string }> => {
    writeFileSync(join(lab.folder, name), text);
    const { code, out, err } = await lab.tenon("migrate", "inventory", "--dump", name, "--json", ...words);
    assert.notEqual(out, "", err);
    return { ...(JSON.parse(out) as Found), code, out };
  };
  const use = (schema: string) =>
    `CREATE DATABASE /*!32312 IF NOT EXISTS*/ \`${schema}\`;\nUSE \`${schema}\`;\n`;
  const codes = (list: readonly Finding[]) => list.map(({ code }) => code).toSorted();

  it("says what a dump holds and needs", async () => {
    const found = await take(
      gzipSync(
        header +
          use("o_w_ephys") +
          "CREATE TABLE `clustering_task` (`id` int NOT NULL, `dir` varchar(255) NOT NULL, `params` longblob, `trace` binary(16) COMMENT ':blob@datajoint-blob:', `f` binary(16) COMMENT ':filepath@lab-store:', `remote_fullpath` varchar(255), PRIMARY KEY (`id`), CONSTRAINT `c` FOREIGN KEY (`remote_fullpath`) REFERENCES `o_admin_workflow`.`file_manifest` (`remote_fullpath`)) ENGINE=InnoDB DEFAULT CHARSET=latin1;\n" +
          `INSERT INTO \`clustering_task\` VALUES (1,'/home/jovyan/efs/outbox/a',${blob({ dat_path: "/data/x/y.dat" })},NULL,NULL,NULL),(2,'sub1/probe_0',NULL,NULL,NULL,NULL);\n` +
          "CREATE TABLE `~external_datajoint-blob` (`hash` binary(16) NOT NULL, `size` bigint, PRIMARY KEY (`hash`));\n" +
          "INSERT INTO `~external_datajoint-blob` VALUES (0x00112233445566778899aabbccddeeff,5);\n" +
          use("o_support_w_ingestion_support") +
          "CREATE TABLE `_file_processing` (`a` int NOT NULL, PRIMARY KEY (`a`));\n" +
          end,
      ),
    );
    assert.equal(found.code, 1);
    assert.deepEqual(found.problems.map(({ code, where }) => [code, where]).toSorted(), [
      ["schema-not-dumped", "o_admin_workflow"],
      ["store-not-configured", "lab-store"],
    ]);
    assert.deepEqual(
      found.schemas.map(({ schema, present, rows }) => [schema, present, rows]),
      [
        ["o_admin_workflow", false, 0],
        ["o_support_w_ingestion_support", true, 0],
        ["o_w_ephys", true, 3],
      ],
    );
    assert.deepEqual(
      found.stores.map(({ store, kinds, files, location }) => [store, kinds, files, location !== null]),
      [
        ["datajoint-blob", ["blob"], 1, true],
        ["lab-store", ["filepath"], 0, false],
      ],
    );
    assert.deepEqual(
      found.platformTables.map(({ table }) => table),
      ["o_support_w_ingestion_support._file_processing"],
    );
    assert.deepEqual(
      found.absolutePaths.map(({ where, count, example }) => [where, count, example]),
      [
        ["o_w_ephys.clustering_task.dir", 1, "/home/jovyan/efs/outbox/a"],
        ["o_w_ephys.clustering_task.params", 1, "/data/x/y.dat"],
      ],
    );
    const [dump] = found.dumps;
    assert.deepEqual(
      [dump!.server, dump!.compression, dump!.complete, dump!.charsets],
      ["mysql 8.0.35", "gzip", true, ["utf8mb4", "latin1"]],
    );
    assert.equal(dump!.largestRow!.table, "o_w_ephys.clustering_task");
  });

  it("names what would be refused, and shows no password", async () => {
    const found = await take(
      `${header}${use("o_w_lab")}CREATE TABLE \`lab\` (\`a\` int NOT NULL, PRIMARY KEY (\`a\`));
GRANT ALL PRIVILEGES ON *.* TO 'evil'@'%' IDENTIFIED BY 'hidden-word';
/*!50000 CREATE USER 'evil'@'%' IDENTIFIED BY 'hidden-word' */;
INSERT INTO \`mysql\`.\`user\` VALUES ('evil');
INSERT INTO \`other_lab\`.\`lab\` VALUES (1);
LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE \`lab\`;
\\! touch /tmp/owned
/*!50001 CREATE ALGORITHM=UNDEFINED DEFINER=\`root\`@\`%\` SQL SECURITY DEFINER VIEW \`v\` AS SELECT 1 AS \`a\` */;
${end}`,
    );
    assert.equal(found.code, 1);
    const refused = found.problems
      .filter(({ code }) => code === "statement-refused")
      .map(({ message }) => message);
    for (const part of [
      /accounts or rights/,
      /the server's own/,
      /other_lab, which the dump does not name/,
      /'LOAD DATA LOCAL/,
      /mysql client/,
    ])
      assert.ok(
        refused.some((message) => part.test(message)),
        `${part} in ${refused.join("\n")}`,
      );
    assert.equal(refused.length, 6);
    assert.ok(codes(found.notes).includes("definer-dropped"));
    assert.doesNotMatch(found.out, /hidden-word/);
  });

  it("names a cut dump, a broken blob, triggers and the server's own schemas", async () => {
    const broken = Buffer.from(pack({ a: 1, b: "x".repeat(30) }));
    broken.fill(0xff, 5, 20);
    const found = await take(
      `${header}${use("mysql")}CREATE TABLE \`user\` (\`a\` int NOT NULL, PRIMARY KEY (\`a\`));\n${use("o_w_lab")}CREATE TABLE \`lab\` (\`a\` int NOT NULL, \`b\` longblob, PRIMARY KEY (\`a\`));
INSERT INTO \`lab\` VALUES (1,0x${broken.toString("hex")});
DELIMITER ;;
CREATE TRIGGER \`t\` BEFORE INSERT ON \`lab\` FOR EACH ROW SET NEW.a = 1 ;;
DELIMITER ;
INSERT INTO \`lab\` VALUES (2,NULL),(3,`,
    );
    assert.equal(found.code, 1);
    assert.deepEqual(codes(found.problems), ["blob-undecodable", "dump-truncated"]);
    assert.deepEqual(codes(found.notes), ["not-imported", "system-schema-skipped"]);
    assert.deepEqual(
      found.schemas.map(({ schema }) => schema),
      ["o_w_lab"],
    );
  });

  it("misses nothing in a small whole dump, and is misused without anything to look at", async () => {
    const found = await take(
      `${header}${use("o_w_lab")}CREATE TABLE \`lab\` (\`a\` int NOT NULL, PRIMARY KEY (\`a\`));\nINSERT INTO \`lab\` VALUES (1);\n${end}`,
    );
    assert.deepEqual([found.ok, found.code, found.problems, found.notes], [true, 0, [], []]);
    const text = await lab.tenon("migrate", "inventory", "--dump", "a.sql");
    assert.equal(text.code, 0);
    assert.match(text.out, /nothing is missing/);
    assert.equal((await lab.tenon("migrate", "inventory")).code, 2);
    const absent = await lab.tenon("migrate", "inventory", "--code", "nowhere");
    assert.equal(absent.code, 1);
    assert.match(absent.err, /cannot be read/);
  });
});
