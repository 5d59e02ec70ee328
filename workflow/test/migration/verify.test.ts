/** `tenon migrate verify` on SQLite, where no server is needed: a small database beside a dump of it; what is planted is named by its code. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type Connection, connect, pack, Schema, type SqlValue } from "@tenon/datajoint";
import { noteCodes, problemCodes } from "../../src/migration/verify/codes.ts";
import { makeTestLab, root, settingsOf, testServers } from "../support/test-lab.ts";

const lab = makeTestLab();
const schemaName = `${lab.prefix}small`;
const blobs = join(lab.folder, "processed/datajoint-blob");
const dump = join(lab.folder, "small.sql");
const schema = new Schema();

class Mouse extends schema.manual(`
  mouse : int
  ---
  note='' : varchar(255)
`) {}
class SessionDirectory extends schema.manual(
  `
  -> Mouse
  ---
  session_dir : varchar(255)
`,
  { Mouse },
) {}
class Trace extends schema.manual(
  `
  -> Mouse
  ---
  small : longblob
  large : blob@datajoint-blob
`,
  { Mouse },
) {}

interface Finding {
  readonly code: string;
  readonly where: string;
  readonly message: string;
}
interface Found {
  readonly ok: boolean;
  readonly problems: readonly Finding[];
  readonly notes: readonly Finding[];
  readonly tables: readonly {
    readonly table: string;
    readonly expected: number;
    readonly got: number | null;
  }[];
  readonly networkRun: { readonly done: boolean; readonly refused: readonly unknown[] };
}

/** A dump as mysqldump writes it, of every table of the schema. */
async function dumpText(connection: Connection): Promise<string> {
  const lines = [
    "-- MySQL dump 10.13  Distrib 8.0.35, for Linux (x86_64)",
    "-- Server version\t8.0.35",
    "/*!40101 SET NAMES utf8mb4 */;",
    `CREATE DATABASE /*!32312 IF NOT EXISTS*/ \`${schemaName}\`;`,
    `USE \`${schemaName}\`;`,
  ];
  for (const table of await connection.dialect.catalogue.tables(connection, schemaName)) {
    const heading = await connection.dialect.catalogue.heading(connection, schemaName, table);
    const columns = heading.attributes.map(({ name, type }) => `  \`${name}\` ${type}`);
    lines.push(
      `CREATE TABLE \`${table}\` (\n${columns.join(",\n")},\n  PRIMARY KEY (\`${heading.primaryKey.join("`,`")}\`)\n) ENGINE=InnoDB;`,
    );
    const { rows } = await connection.run({
      text: `SELECT * FROM ${connection.dialect.writer.table(schemaName, table)}`,
      parameters: [],
    });
    if (rows.length > 0)
      lines.push(
        `INSERT INTO \`${table}\` VALUES ${rows.map((row) => `(${Object.values(row).map(literal).join(",")})`).join(",")};`,
      );
  }
  return `${lines.join("\n")}\n-- Dump completed on 2026-01-01  0:00:00\n`;
}

function literal(value: SqlValue): string {
  if (value === null) return "NULL";
  if (value instanceof Uint8Array) return `0x${Buffer.from(value).toString("hex")}`;
  return typeof value === "string" ? `'${value.replaceAll("'", "''")}'` : String(value);
}

describe("tenon migrate verify on SQLite", () => {
  let db: Connection;

  before(async () => {
    db = await connect(settingsOf(testServers[0]!, lab.folder));
    await schema.activate(
      db,
      schemaName,
      { Mouse, SessionDirectory, Trace },
      { stores: { "datajoint-blob": { protocol: "file", location: blobs } } },
    );
    await Mouse.insert([1, 2, 3].map((mouse) => ({ mouse })));
    await SessionDirectory.insert([{ mouse: 1, session_dir: "run1" }]);
    await Trace.insert(
      [1, 2, 3].map((mouse) => ({
        mouse,
        small: { mouse, names: ["a"] },
        large: Float64Array.from({ length: 500 }, (_, i) => i * mouse),
      })),
    );
    writeFileSync(dump, await dumpText(db));
    // plain int16 samples: one channel, and its description
    mkdirSync(join(lab.folder, "raw/run1"));
  });
  after(async () => {
    await db.close();
    await lab.remove();
  });

  const verify = async (...words: string[]): Promise<Found & { readonly code: number | null }> => {
    const { code, out, err } = await lab.tenon("migrate", "verify", "--dump", dump, "--json", ...words);
    assert.notEqual(out, "", err);
    return { ...(JSON.parse(out) as Found), code };
  };
  const quick = () => verify("--without-run");
  const sql = (text: string, ...parameters: SqlValue[]) => db.run({ text, parameters });
  const pairs = ({ problems }: Found) =>
    problems.map(({ code, where }) => `${code} ${where.replace(`${schemaName}.`, "")}`);

  it("certifies a whole database, read once more with the network cut", async () => {
    const found = await verify();
    assert.deepEqual(found.problems, []);
    assert.equal(found.code, 0);
    assert.equal(found.networkRun.done, true);
    assert.deepEqual(found.networkRun.refused, []);
    assert.deepEqual(
      found.tables.map(({ table, expected, got }) => [table, expected, got]),
      [
        ["mouse", 3, 3],
        ["session_directory", 1, 1],
        ["trace", 3, 3],
        ["~external_datajoint-blob", 3, 3],
      ],
    );
    // a folder without a recording of a known format is said, and is no problem
    assert.ok(found.notes.some(({ code }) => code === "session-not-verified"));
  });

  it("names many traps at once, each by its code and place", async () => {
    const [first] = readdirSync(blobs, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    const object = join(first!.parentPath, first!.name);
    await sql("PRAGMA foreign_keys=OFF");
    await sql(`UPDATE "${schemaName}.session_directory" SET mouse=9, session_dir='../../etc'`);
    await sql(`UPDATE "${schemaName}.trace" SET small=? WHERE mouse=2`, Buffer.from("dj0\0\x04 nonsense"));
    await sql(`DELETE FROM "${schemaName}.mouse" WHERE mouse=3`);
    renameSync(object, `${object}.away`);
    const found = await quick();
    assert.equal(found.code, 1);
    assert.deepEqual(pairs(found).toSorted(), [
      "blob-undecodable trace",
      "orphan-rows session_directory",
      "orphan-rows trace",
      "path-outside session_directory",
      "rows-missing mouse",
      `stored-file-missing ~external_datajoint-blob ${idOf(first!.name)}`,
    ]);
    await sql(`INSERT INTO "${schemaName}.mouse" (mouse, note) VALUES (3, '')`);
    await sql(`UPDATE "${schemaName}.session_directory" SET mouse=1, session_dir='run1'`);
    await sql(`UPDATE "${schemaName}.trace" SET small=? WHERE mouse=2`, pack({ mouse: 2, names: ["a"] }));
    renameSync(`${object}.away`, object);
    assert.deepEqual((await quick()).problems, []);
  });

  it("names a path in a store's table that leads out of it", async () => {
    const table = `"${schemaName}.~external_datajoint-blob"`;
    const hash = createHash("md5").update("x").digest();
    await sql(
      `INSERT INTO ${table} (hash, size, filepath, contents_hash) VALUES (?, 5, '../../../etc/passwd', ?)`,
      hash,
      hash,
    );
    const found = await quick();
    assert.deepEqual(pairs(found), [
      `stored-path-outside ~external_datajoint-blob ${idOf(hash.toString("hex"))}`,
    ]);
    await sql(`DELETE FROM ${table} WHERE size=5`);
  });

  it("says that rows were added since, and that absolute paths are in them", async () => {
    await sql(`INSERT INTO "${schemaName}.mouse" (mouse, note) VALUES (4, '/home/jovyan/efs/outbox/x')`);
    const found = await quick();
    assert.equal(found.ok, true);
    const codes = found.notes.map(({ code }) => code);
    assert.ok(codes.includes("rows-added") && codes.includes("absolute-path"), codes.join());
    await sql(`DELETE FROM "${schemaName}.mouse" WHERE mouse=4`);
  });

  it("refuses a dump that names no schema, and one that is none", async () => {
    const nameless = join(lab.folder, "nameless.sql");
    writeFileSync(nameless, "CREATE TABLE `t` (`a` int, PRIMARY KEY (`a`));\nINSERT INTO `t` VALUES (1);\n");
    const { code, out } = await lab.tenon("migrate", "verify", "--dump", nameless, "--without-run", "--json");
    assert.equal(code, 1);
    assert.deepEqual(
      (JSON.parse(out) as Found).problems.map((problem) => problem.code),
      ["dump-without-schema"],
    );
    const named = await lab.tenon(
      "migrate",
      "verify",
      "--dump",
      nameless,
      "--schema",
      "nowhere",
      "--without-run",
      "--json",
    );
    assert.deepEqual(
      (JSON.parse(named.out) as Found).problems.map((problem) => problem.code),
      ["schema-missing"],
    );
    const absent = await lab.tenon("migrate", "verify", "--dump", "absent.sql");
    assert.equal(absent.code, 1);
    assert.match(absent.err, /absent\.sql cannot be opened/);
  });

  it("refuses to sign with a key that others can read", async () => {
    const key = join(lab.folder, ".tenon/certificate-key.pem");
    chmodSync(key, 0o644);
    const { code, err } = await lab.tenon("migrate", "verify", "--dump", dump, "--without-run");
    assert.equal(code, 1);
    assert.match(err, /can be read by others \(mode 644\): chmod 600/);
    chmodSync(key, 0o600);
  });

  it("makes no database where there is none", async () => {
    const other = makeTestLab();
    const { code, err } = await other.tenon("migrate", "verify", "--dump", dump);
    assert.equal(code, 1);
    assert.match(err, /There is no database at /);
    assert.ok(!existsSync(join(other.folder, "tenon.sqlite")));
    await other.remove();
  });

  it("is misused without a dump, with a folder that is no pair, with --key alone", async () => {
    for (const words of [[], ["--dump", dump, "--files", "s3://b/p"], ["--dump", dump, "--key", "k.pem"]])
      assert.equal((await lab.tenon("migrate", "verify", ...words)).code, 2, words.join(" "));
  });
});

describe("the codes", () => {
  it("are kebab-case, and none is both a problem and a note", () => {
    const all = [...Object.keys(problemCodes), ...Object.keys(noteCodes)];
    assert.equal(new Set(all).size, all.length);
    for (const code of all) assert.match(code, /^[a-z]+(-[a-z]+)*$/);
  });

  it("are explained in docs/how-to/migrate.md, each with its words", () => {
    const page = readFileSync(join(root, "docs/how-to/migrate.md"), "utf8");
    for (const [code, meaning] of Object.entries({ ...problemCodes, ...noteCodes })) {
      const words = `${meaning.slice(0, 1).toUpperCase()}${meaning.slice(1)}.`;
      assert.ok(page.includes(`| \`${code}\` | ${words} |`), code);
    }
  });
});

/** A hash as findings show it. */
function idOf(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
