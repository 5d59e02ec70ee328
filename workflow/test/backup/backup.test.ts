/** Backups and restores as an operator runs them, on every database, beside workers that go on. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { type Connection, connect, Schema } from "@tenon/datajoint";
import { generateRecording } from "@tenon/ephys";
import type { BackupManifest } from "../../src/backup/manifest.ts";
import { load } from "../support/dump-program.ts";
import {
  dropSchemas,
  makeTestLab,
  root,
  settingsOf,
  type TestLab,
  testServers,
} from "../support/test-lab.ts";

interface Made {
  folder: string;
  tables: number;
  rows: number;
  files: number | null;
  leftOut: string[];
  deleted: string[];
}
interface Restored {
  ok: boolean;
  problems: string[];
  tables: number;
  rows: number;
  blobs: number;
}

const schema = new Schema();
class Sample extends schema.manual(`
  sample_id : int
  ---
  name='' : varchar(64)
  note=null : varchar(255)
  voltage : float
  exact : double
  money : decimal(20,6)
  big : bigint
  moment : datetime(6)
  day : date
  span : time
  mark : enum('a','b c')
  token : uuid
  data=null : longblob
`) {}

const rows = [
  ["plain", null, 0.1, 0.1, "1.500000", 1n],
  ["quotes ' \" ` \\ % ;\n\r\t\x1a -- /* */", "", -1.1754944e-38, 1e-300, "-999999999.999999", -(2n ** 63n)],
  ["héllo 日本 🧠", "NULL", 16777217, 1 / 3, "0.000001", 2n ** 63n - 1n],
  ["", "\0", 3.4028235e38, 1.7976931348623157e308, "0.000000", 0n],
].map(([name, note, voltage, exact, money, big], sample_id) => ({
  sample_id,
  name: name as string,
  note: note as string | null,
  voltage: voltage as number,
  exact: exact as number,
  money: money as string,
  big: big as bigint,
  moment: "2026-01-02 03:04:05.678901",
  day: "0001-01-01",
  span: "-11:22:33",
  mark: sample_id % 2 === 0 ? ("a" as const) : ("b c" as const),
  token: `00112233-4455-6677-8899-aabbccddee0${sample_id}`,
  data: sample_id === 0 ? null : [Array.from({ length: 256 }, (_, i) => i), "text", { a: null }],
}));

for (const server of testServers)
  describe(`backup and restore (${server.name})`, { skip: server.skip }, () => {
    let lab: TestLab;
    let made: Made;
    /** What the database held before it was lost. */
    let before_: unknown[];
    const backups = () => join(lab.folder, "backups");

    before(async () => {
      lab = makeTestLab(server);
      await generateRecording("tiny", 5, join(lab.folder, "raw"), { durationS: 3, name: "kept" });
      const words = ["session", "add", "raw/kept_g0", "--subject", "m1", "--sex", "U"];
      await lab.json(...words, "--birth-date", "2026-01-01");
      const { code, err } = await lab.runWorkflow("standard_worker", "--once");
      assert.equal(code, 0, err);
      await withConnection(async (connection) => {
        await schema.activate(connection, `${lab.prefix}samples`, { Sample });
        await Sample.insert(rows);
        // zeros below zero, as the server has them
        await connection.run({
          text: `UPDATE ${connection.dialect.writer.table(`${lab.prefix}samples`, "sample")} SET exact=-0e0, voltage=-0e0 WHERE sample_id=3`,
          parameters: [],
        });
        before_ = await Sample.fetch({ orderBy: "KEY" });
      });
    });
    after(() => lab.remove());

    async function withConnection<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
      const connection = await connect(settingsOf(server, lab.folder));
      try {
        return await work(connection);
      } finally {
        await connection.close();
      }
    }

    it("says that there is none", async () => {
      assert.match((await lab.tenon("status")).out, /backup: none; `tenon backup` makes one/);
      const { code, err } = await lab.tenon("restore", "--rehearse");
      assert.equal(code, 1);
      assert.match(err, /backups holds no backup of the schemas/);
    });

    it("makes one, with its tables counted and summed, for its owner alone", async () => {
      made = await lab.json<Made>("backup", "--files");
      assert.equal(made.tables > 30, true, `${made.tables} tables`);
      assert.ok(made.files! > 3 && existsSync(join(made.folder, "files")));
      const manifest = manifestOf(made);
      const sample = manifest.tables.find(({ table }) => table === "sample")!;
      assert.equal(sample.rows, rows.length);
      assert.match(sample.sum, /^[0-9a-f]{32}$/);
      for (const path of [made.folder, join(made.folder, manifest.database.file)])
        assert.equal(statSync(path).mode & 0o077, 0, path);
      assert.deepEqual(readdirSync(backups()).length, 1, "nothing unfinished is left");
    });

    function manifestOf({ folder }: Made): BackupManifest {
      return JSON.parse(readFileSync(join(folder, "backup.json"), "utf8")) as BackupManifest;
    }

    it("restores it on trial beside the live database, and everybody sees the date", async () => {
      const report = await lab.json<Restored>("restore", "--rehearse");
      assert.deepEqual(
        [report.ok, report.problems, report.tables, report.rows],
        [true, [], made.tables, made.rows],
      );
      assert.ok(report.blobs > 5, `${report.blobs} blobs`);
      const { backup } = await lab.json<{
        backup: { last: { folder: string }; rehearsed: { problems: number } };
      }>("status");
      assert.deepEqual([backup.last.folder, backup.rehearsed.problems], [made.folder, 0]);
      assert.match((await lab.tenon("status")).out, /last good rehearsal .*just now/);
      if (server.name !== "sqlite")
        await withConnection(async (connection) => {
          const schemas = await connection.dialect.catalogue.schemas(connection);
          assert.deepEqual(
            schemas.filter((name) => name.includes("rehearsal_")),
            [],
            "dropped again",
          );
        });
    });

    it("holds one moment while rows of several tables are written together", {
      timeout: 120_000,
    }, async () => {
      const pairs = new Schema();
      class Parent extends pairs.manual(`
        parent_id : int
      `) {}
      class Child extends pairs.manual(
        `
        -> Parent
        ---
        payload : longblob
      `,
        { Parent },
      ) {}
      await withConnection(async (connection) => {
        await pairs.activate(connection, `${lab.prefix}pairs`, { Parent, Child });
        let isOver = false;
        const writing = (async () => {
          for (let parent_id = 0; !isOver; parent_id++) {
            await connection.transaction(async () => {
              await Parent.insert([{ parent_id }]);
              await Child.insert([{ parent_id, payload: "x".repeat(2000) }]);
            });
            // SQLite has one writer at a time, and the backup notes itself
            await sleep(5);
          }
        })();
        await sleep(300);
        let busy: Made;
        try {
          busy = await lab.json<Made>("backup");
        } finally {
          isOver = true;
          await writing;
        }
        const counts = manifestOf(busy).tables.filter(({ schema: name }) => name.endsWith("pairs"));
        const of = (table: string) => counts.find((one) => one.table === table)!.rows;
        assert.equal(of("parent"), of("child"));
        assert.ok(of("parent") > 0 && of("parent") < (await Parent.count()), "in the middle");
        assert.equal((await lab.json<Restored>("restore", busy.folder, "--rehearse")).ok, true);
      });
      await dropPairs();
    });

    async function dropPairs(): Promise<void> {
      await withConnection(async (connection) => {
        const tables = ["child", "parent"];
        const { writer, ddl } = connection.dialect;
        for (const table of tables)
          await connection.run({
            text: `DROP TABLE IF EXISTS ${writer.table(`${lab.prefix}pairs`, table)}`,
            parameters: [],
          });
        if (server.name !== "sqlite")
          for (const statement of ddl.dropSchema(`${lab.prefix}pairs`, [])) await connection.run(statement);
      });
    }

    it("links files that have not changed to the backup before, and copies those that have", async () => {
      const first = join(made.folder, "files");
      const changed = readdirSync(first, { recursive: true, encoding: "utf8" }).find((name) =>
        name.endsWith(".html"),
      )!;
      writeFileSync(join(lab.folder, "processed", changed), "changed");
      const second = await lab.json<Made>("backup", "--files");
      const inode = (folder: string, path: string) => statSync(join(folder, "files", path)).ino;
      const other = manifestOf(made).files!.find(({ path }) => path !== changed)!.path;
      assert.equal(inode(second.folder, other), inode(made.folder, other));
      assert.notEqual(inode(second.folder, changed), inode(made.folder, changed));
      made = second;
    });

    it("refuses to restore over what is there, and touches nothing", async () => {
      const { code, err } = await lab.tenon("restore", made.folder);
      assert.equal(code, 1);
      assert.match(
        err,
        server.name === "sqlite"
          ? /is there already, and a restore overwrites nothing/
          : /is on the server already with \d+ tables/,
      );
      await withConnection(async (connection) => {
        await schema.activate(connection, `${lab.prefix}samples`, { Sample }, { create: false });
        assert.deepEqual(await Sample.fetch({ orderBy: "KEY" }), before_);
      });
    });

    it("notices a changed byte, a missing manifest, and rows that are not those of the manifest", async () => {
      const { file } = manifestOf(made).database;
      const path = join(made.folder, file);
      const bytes = readFileSync(path);
      const other = Buffer.from(bytes);
      other[other.length >> 1]! ^= 1;
      writeFileSync(path, other);
      const changed = await lab.tenon("restore", made.folder, "--rehearse");
      assert.equal(changed.code, 1);
      assert.match(changed.err, /has changed since the backup was made \(SHA-256/);
      writeFileSync(path, bytes);

      const manifest = join(made.folder, "backup.json");
      const text = readFileSync(manifest, "utf8");
      const lie = JSON.parse(text) as { tables: { table: string; sum: string; rows: number }[] };
      lie.tables.find(({ table }) => table === "sample")!.sum = "0".repeat(32);
      lie.tables.find(({ table }) => table === "subject")!.rows += 1;
      writeFileSync(manifest, JSON.stringify(lie));
      const lied = await lab.tenon("restore", made.folder, "--rehearse", "--json");
      assert.equal(lied.code, 1);
      const { ok, problems } = JSON.parse(lied.out) as Restored;
      assert.equal(ok, false);
      assert.deepEqual(
        problems.map((line) => /sample: .*checksums differ|subject: 1 rows were restored/.test(line)),
        [true, true],
        problems.join("\n"),
      );
      const { backup } = await lab.json<{ backup: { rehearsed: { folder: string } } }>("status");
      assert.notEqual(backup.rehearsed.folder, made.folder, "a bad rehearsal is no good one");

      rmSync(manifest);
      const none = await lab.tenon("restore", made.folder);
      assert.match(none.err, /is no whole backup: backup\.json, which is written at the very end/);
      writeFileSync(manifest, text);
    });

    it("leaves nothing that looks whole when it is killed, and the next one is whole", {
      timeout: 60_000,
    }, async () => {
      const count = readdirSync(backups()).filter((name) => !name.startsWith(".")).length;
      for (const afterMs of [250, 450, 650]) {
        const child = spawn(
          process.execPath,
          [join(root, "workflow/src/cli/tenon.ts"), "backup", "--files"],
          {
            cwd: lab.folder,
            env: lab.env,
            stdio: "ignore",
          },
        );
        const ended = new Promise((resolve) => child.once("close", resolve));
        await sleep(afterMs);
        child.kill("SIGKILL");
        await ended;
      }
      const whole = readdirSync(backups()).filter((name) => !name.startsWith("."));
      assert.ok(whole.slice(count).every((name) => existsSync(join(backups(), name, "backup.json"))));
      const next = await lab.json<Made>("backup");
      assert.equal((await lab.json<Restored>("restore", next.folder, "--rehearse")).ok, true);
    });

    it("makes three at once, each whole", async () => {
      const three = await Promise.all([1, 2, 3].map(() => lab.json<Made>("backup")));
      assert.equal(new Set(three.map(({ folder }) => folder)).size, 3);
      for (const { folder } of three)
        assert.equal((await lab.json<Restored>("restore", folder, "--rehearse")).ok, true, folder);
    });

    it("keeps so many, and never deletes the last one that was rehearsed", async () => {
      const { deleted } = await lab.json<Made>("backup", "--keep", "1");
      assert.ok(deleted.length >= 2, deleted.join());
      const left = readdirSync(backups()).filter((name) => !name.startsWith("."));
      assert.equal(left.length, 2, left.join());
      assert.equal((await lab.json<Restored>("restore", "--rehearse")).ok, true);
    });

    it("brings everything back after a loss: rows, files, and the pipeline goes on", {
      timeout: 120_000,
    }, async () => {
      const last = await lab.json<Made>("backup", "--files");
      if (server.name === "sqlite")
        for (const ending of ["", "-wal", "-shm"])
          rmSync(join(lab.folder, `tenon.sqlite${ending}`), { force: true });
      else await dropSchemas(server, lab.prefix);
      renameSync(join(lab.folder, "processed"), join(lab.folder, "lost"));
      mkdirSync(join(lab.folder, "processed"));

      if (server.name !== "sqlite") {
        // without Tenon: the server's own client
        load(server, gunzipSync(readFileSync(join(last.folder, manifestOf(last).database.file))));
        await withConnection(async (connection) => {
          await schema.activate(connection, `${lab.prefix}samples`, { Sample }, { create: false });
          assert.deepEqual(await Sample.fetch({ orderBy: "KEY" }), before_, "by the client");
        });
        await dropSchemas(server, lab.prefix);
      }
      const report = await lab.json<Restored>("restore", last.folder);
      assert.deepEqual([report.ok, report.problems], [true, []]);
      await withConnection(async (connection) => {
        await schema.activate(connection, `${lab.prefix}samples`, { Sample }, { create: false });
        assert.deepEqual(schema.differences, []);
        assert.deepEqual(await Sample.fetch({ orderBy: "KEY" }), before_);
      });
      for (const { path, bytes } of manifestOf(last).files!)
        assert.equal(statSync(join(lab.folder, "processed", path)).size, bytes, path);
      await lab.json("paramset", "add", "--method", "tenon", "--description", "defaults");
      const { code, err } = await lab.runWorkflow("standard_worker", "--once");
      assert.equal(code, 0, err);
    });
  });
