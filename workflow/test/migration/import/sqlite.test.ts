/** `tenon migrate db` into a SQLite file: dumps of real servers, a pipeline that goes on, and what SQLite cannot keep. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { connect, Schema } from "@tenon/datajoint";
import { generateRecording } from "@tenon/ephys";
import { dump } from "../../support/dump-program.ts";
import { makeTestLab, root, settingsOf, type TestLab, testServers } from "../../support/test-lab.ts";

interface Report {
  ok: boolean;
  rows: number;
  problems: { code: string; where: string; message: string }[];
  notes: { code: string }[];
  dumps: {
    outcome: string;
    tables: { schema: string; table: string; expected: number; rows: number | null }[];
  }[];
}

const schema = new Schema();
class Sample extends schema.manual(`
  # of every type; a "comment" with 'quotes'
  sample_id : int unsigned
  ---
  name='' : varchar(64)             # in µV
  note=null : varchar(255)
  voltage : double
  level : float
  money : decimal(12,4)
  big : bigint
  moment : datetime(6)
  stamp=CURRENT_TIMESTAMP : timestamp
  day=null : date
  span : time
  mark='a' : enum('a','b c')
  token : uuid
  truth : bool
  config=null : json
  data=null : longblob
  index (voltage)
`) {}
class Child extends schema.manual(
  `
  -> Sample
  child_id : smallint
  ---
  -> [nullable] Sample.proj(other="sample_id")
`,
  { Sample },
) {}

const rows = Array.from({ length: 40 }, (_, sample_id) => ({
  sample_id,
  name: ["", 'it\'s \\ "q" \n\t\0 %_', "héllo 日本 🧠"][sample_id % 3]!,
  note: sample_id % 2 === 0 ? null : "NULL",
  voltage: sample_id / 3,
  level: sample_id / 8,
  money: `${sample_id}.1234`,
  big: 2n ** 62n - BigInt(sample_id),
  moment: "2026-01-02 03:04:05.678901",
  day: sample_id % 2 === 0 ? null : "1999-12-31",
  span: "-11:22:33",
  mark: sample_id % 2 === 0 ? ("a" as const) : ("b c" as const),
  token: `00112233-4455-6677-8899-aabbccddee${`${sample_id}`.padStart(2, "0")}`,
  truth: (sample_id % 2) as 0 | 1,
  config: sample_id === 0 ? null : { list: [1, null, "ß"], n: sample_id },
  data: sample_id % 5 === 0 ? null : [Array.from({ length: 300 }, (_, i) => i), "text", sample_id],
}));

for (const source of testServers.filter(({ name }) => name !== "sqlite"))
  describe(`dumps of ${source.name} into SQLite`, { skip: source.skip, timeout: 240_000 }, () => {
    let old: TestLab;
    let lab: TestLab;
    /** What the server's tables held. */
    let samples: unknown[];
    let children: unknown[];
    let oldStatus: unknown;
    let dumps: string[];

    before(async () => {
      old = makeTestLab(source);
      await generateRecording("tiny", 6, join(old.folder, "raw"), { durationS: 3, name: "moved" });
      const words = ["session", "add", "raw/moved_g0", "--subject", "m1", "--sex", "U"];
      await old.json(...words, "--birth-date", "2026-01-01");
      await old.json("paramset", "add", "--method", "tenon", "--description", "defaults");
      const { code, err } = await old.runWorkflow("standard_worker", "--once");
      assert.equal(code, 0, err);
      const connection = await connect(settingsOf(source, old.folder));
      await schema.activate(connection, `${old.prefix}samples`, { Sample, Child });
      await Sample.insert(rows);
      await Child.insert(
        rows.map(({ sample_id }) => ({ sample_id, child_id: 1, other: sample_id % 2 === 0 ? null : 0 })),
      );
      samples = await Sample.fetch({ orderBy: "KEY" });
      children = await Child.fetch({ orderBy: "KEY" });
      oldStatus = (await old.json<{ steps: unknown }>("status")).steps;
      const all = (await connection.dialect.catalogue.schemas(connection)).filter((name) =>
        name.startsWith(old.prefix),
      );
      await connection.close();

      lab = makeTestLab();
      Object.assign(lab.env, { DATABASE_PREFIX: old.prefix });
      for (const name of ["raw", "processed"])
        cpSync(join(old.folder, name), join(lab.folder, name), { recursive: true });
      dumps = [join(lab.folder, "pipeline.sql.gz"), join(lab.folder, "samples.sql")];
      writeFileSync(
        dumps[0]!,
        gzipSync(
          dump(
            source,
            all.filter((name) => !name.endsWith("samples")),
          ),
        ),
      );
      writeFileSync(dumps[1]!, dump(source, [`${old.prefix}samples`]));
    });
    after(async () => {
      await old.remove();
      await lab.remove();
    });

    const importAll = async (...paths: string[]) => {
      const { code, out, err } = await lab.tenon("migrate", "db", ...paths, "--json");
      assert.ok(out.startsWith("{"), err);
      return { code, report: JSON.parse(out) as Report };
    };
    const database = () => join(lab.folder, "tenon.sqlite");

    it("leaves nothing when it is killed", async () => {
      for (const afterMs of [300, 500, 700]) {
        const child = spawn(
          process.execPath,
          [join(root, "workflow/src/cli/tenon.ts"), "migrate", "db", ...dumps],
          { cwd: lab.folder, env: lab.env, stdio: "ignore" },
        );
        const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
        await sleep(afterMs);
        child.kill("SIGKILL");
        if ((await ended) === 0 || !existsSync(database())) continue;
        const connection = await connect({ kind: "sqlite", path: database() });
        const left = (await connection.dialect.catalogue.schemas(connection).catch(() => [])).filter((name) =>
          name.startsWith(old.prefix),
        );
        await connection.close();
        assert.ok(left.length === 0 || left.length > 8, `half of it: ${left.join()}`);
      }
    });

    it("brings everything in: tables, comments, and every value", async () => {
      const { code, report } = await importAll(...dumps);
      assert.equal(code, 0, JSON.stringify(report.problems));
      assert.deepEqual(report.problems, []);
      for (const { table, expected, rows: got } of report.dumps.flatMap(({ tables }) => tables))
        assert.equal(got, expected, table);
      const connection = await connect({ kind: "sqlite", path: database() });
      try {
        await schema.activate(connection, `${old.prefix}samples`, { Sample, Child }, { create: false });
        assert.deepEqual(schema.differences, []);
        assert.deepEqual(await Sample.fetch({ orderBy: "KEY" }), samples);
        assert.deepEqual(await Child.fetch({ orderBy: "KEY" }), children);
        await assert.rejects(
          Child.insert([{ sample_id: 999, child_id: 1, other: null }]),
          /FOREIGN KEY|foreign key|refers/,
        );
      } finally {
        await connection.close();
      }
    });

    it("is not done twice", async () => {
      const { code, report } = await importAll(...dumps);
      assert.equal(code, 0);
      assert.deepEqual(
        [report.rows, report.dumps.map(({ outcome }) => outcome)],
        [0, ["already imported", "already imported"]],
      );
    });

    it("brings in what is new beside what is in, and keeps texts to the byte", async () => {
      const name = `${old.prefix}texts`;
      const mark = "\u00ef\u00bb\u00bf";
      const more = join(lab.folder, "texts.sql");
      const text = `-- MySQL dump\nSET NAMES utf8mb4;\nCREATE DATABASE \`${name}\`;\nUSE \`${name}\`;\nCREATE TABLE \`t\` (\n  \`i\` int NOT NULL,\n  \`s\` varchar(20) NOT NULL,\n  PRIMARY KEY (\`i\`)\n) ENGINE=InnoDB;\nINSERT INTO \`t\` VALUES (1,'${mark}a'),(2,'a${mark}');\n-- Dump completed on 2026-01-01\n`;
      writeFileSync(more, text, "latin1");
      const { code, report } = await importAll(...dumps, more);
      assert.equal(code, 0, JSON.stringify(report.problems));
      assert.deepEqual(
        [report.rows, report.dumps.map(({ outcome }) => outcome)],
        [2, ["already imported", "already imported", "imported"]],
      );
      const connection = await connect({ kind: "sqlite", path: database() });
      const found = await connection.run({
        text: `SELECT hex(s) AS h FROM "${name}.t" ORDER BY i`,
        parameters: [],
      });
      await connection.close();
      assert.deepEqual(
        found.rows.map((row) => row["h"]),
        ["EFBBBF61", "61EFBBBF"],
      );
    });

    it("says that a dump without a time zone leaves its timestamps in doubt", async () => {
      const zoneless = join(lab.folder, "zoneless.sql");
      writeFileSync(zoneless, dump(source, [`${old.prefix}samples`], "--skip-tz-utc"));
      Object.assign(lab.env, { TENON_DATABASE: join(lab.folder, "zoneless.sqlite") });
      const { code, report } = await importAll(zoneless);
      delete (lab.env as Record<string, string>)["TENON_DATABASE"];
      assert.equal(code, 0, JSON.stringify(report.problems));
      assert.ok(report.notes.some(({ code: note }) => note === "time-zone-unknown"));
    });

    it("leaves a pipeline that goes on where the server's was, and that verify certifies", async () => {
      const { steps } = await lab.json<{ steps: unknown }>("status");
      assert.deepEqual(steps, oldStatus);
      const verified = await lab.tenon(
        "migrate",
        "verify",
        "--dump",
        ...dumps.flatMap((path, i) => (i === 0 ? [path] : ["--dump", path])),
        "--without-run",
        "--json",
      );
      const { ok, problems } = JSON.parse(verified.out) as Report;
      assert.deepEqual([ok, problems], [true, []]);
      for (const worker of ["spike_processing_worker", "spike_sorting_worker"]) {
        const { code, err } = await lab.runWorkflow(worker, "--once");
        assert.equal(code, 0, err);
        assert.match(err, /made 1, failed 0/);
      }
    });

    it("refuses what is there already, and what it cannot keep, with nothing changed", async () => {
      const other = join(lab.folder, "other.sql");
      writeFileSync(
        other,
        Buffer.concat([dump(source, [`${old.prefix}samples`]), Buffer.from("-- another file\n")]),
      );
      const again = await importAll(other);
      assert.deepEqual(
        [again.code, again.report.problems.map(({ code }) => code)],
        [1, ["schema-not-empty"]],
      );

      const cases: readonly (readonly [string, string, RegExp])[] = [
        [
          "m decimal(30,6) NOT NULL",
          "123456789012345678.123456",
          /'m' \(decimal\(30,6\)\) holds 123456789012345678\.123456, and SQLite keeps 15 digits/,
        ],
        [
          "m bigint unsigned NOT NULL",
          "18446744073709551615",
          /'m' holds 18446744073709551615, and SQLite's integers/,
        ],
        [
          "m timestamp NOT NULL",
          "'2026-01-01 12:00:00'",
          /times are of the zone \+02:00, and 'm' of .* is a timestamp/,
        ],
        [
          "m varchar(9) NOT NULL",
          "'\u00ef\u00bf\u00bd\u00ff'",
          /'m' holds bytes that are no text in utf8mb4: 0xefbfbdff/,
        ],
        ["m bit(3) NOT NULL", "b'101'", /'m' is bit\(3\), which SQLite cannot keep as MySQL does/],
      ];
      for (const [i, [column, value, expected]] of cases.entries()) {
        const file = join(lab.folder, `case${i}.sql`);
        const name = `${old.prefix}case${i}`;
        writeFileSync(
          file,
          `-- MySQL dump\nSET TIME_ZONE='+02:00';\nCREATE DATABASE \`${name}\`;\nUSE \`${name}\`;\nCREATE TABLE \`t\` (\n  \`i\` int NOT NULL,\n  ${column},\n  PRIMARY KEY (\`i\`)\n) ENGINE=InnoDB;\nINSERT INTO \`t\` VALUES (1,${value});\n-- Dump completed on 2026-01-01\n`,
          "latin1",
        );
        const { code, report } = await importAll(file);
        assert.equal(code, 1);
        assert.match(report.problems[0]!.message, expected);
        assert.match(report.problems[0]!.message, /Nothing was imported\.$/);
        const connection = await connect({ kind: "sqlite", path: database() });
        assert.ok(!(await connection.dialect.catalogue.schemas(connection)).includes(name));
        await connection.close();
      }
    });
  });
