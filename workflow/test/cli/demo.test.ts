/** The demo through the real programs, on every database that is there: the same counts on each. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { connect } from "@tenon/datajoint";
import { makeDemoFolder } from "../../src/cli/demo/folder.ts";
import { activatePipeline } from "../../src/pipeline/activate.ts";
import { Subject } from "../../src/pipeline/subject.ts";
import {
  ErrorLog,
  RegisteredWorker,
  RegisteredWorkerProcess,
  WorkerLog,
} from "../../src/pipeline/worker-log.ts";
import { pipelineStatus } from "../../src/populate/status.ts";
import { workers } from "../../src/populate/worker.ts";
import { loadSettings } from "../../src/settings/settings.ts";
import {
  dropSchemas,
  makeTestLab,
  runProgram,
  settingsOf,
  type TestServer,
  testServers,
} from "../support/test-lab.ts";

/** Field by field what the issue promises to scripts. */
const demoFields = [
  "dir",
  "trueUnits",
  "detectableUnits",
  "wellDetected",
  "unitsInDatabase",
  "figures",
  "report",
  "phy",
  "seconds",
];
const stepFields = ["process", "total", "done", "running", "late", "error", "ignored", "remaining"];

interface Summary {
  readonly dir: string;
  readonly trueUnits: number;
  readonly detectableUnits: number;
  readonly wellDetected: number;
  readonly unitsInDatabase: number;
  readonly figures: readonly string[];
  readonly report: string;
  readonly phy: string;
}

interface Status {
  readonly steps: (Record<string, number> & { readonly process: string })[];
  readonly sessions: { readonly counts: Record<string, number>; readonly isComplete: boolean }[];
}

/** What SQLite gave: per step, total and done. */
let first: readonly (readonly [string, number, number])[] | undefined;

for (const server of testServers)
  describe(`tenon demo --suite tiny (${server.name})`, { skip: server.skip }, () => {
    const lab = makeTestLab(server);
    const prefix = `demo_${lab.prefix}`;
    const env = { ...lab.env, DATABASE_PREFIX: prefix, TENON_THREADS: "2" };
    const dir = join(lab.folder, "demo");
    const inDir = (...words: string[]) => runProgram("tenon", words, dir, env);
    let summary: Summary;

    before(
      async () => {
        if (server.name !== "sqlite") await leaveEarlierDemo(server, prefix);
        const { code, out, err } = await runProgram(
          "tenon",
          ["demo", "--in", dir, "--suite", "tiny", "--seed", "3", "--json"],
          lab.folder,
          env,
        );
        assert.equal(code, 0, err);
        summary = JSON.parse(out) as Summary;
      },
      { timeout: 240_000 },
    );
    after(async () => {
      await dropSchemas(server, prefix);
      await lab.remove();
    });

    it("prints one JSON object with the promised fields", () => {
      assert.deepEqual(Object.keys(summary), demoFields);
      assert.equal(summary.dir, dir);
      assert.equal(summary.trueUnits, 8);
    });

    it("finds the true units", () => {
      assert.ok(summary.wellDetected >= 0.85 * summary.detectableUnits, JSON.stringify(summary));
      assert.ok(summary.unitsInDatabase >= summary.wellDetected && summary.unitsInDatabase <= 12);
    });

    it("leaves raw, processed, figures, a report and a Phy folder, and nothing half-written", () => {
      for (const path of ["raw", "processed", "dj_local_conf.json"]) assert.ok(existsSync(join(dir, path)));
      assert.equal(existsSync(join(dir, "tenon.sqlite")), server.name === "sqlite");
      assert.ok(summary.figures.length >= 5);
      for (const path of [...summary.figures, summary.report, join(summary.phy, "spike_times.npy")])
        assert.ok(existsSync(path), path);
      assert.match(readFileSync(summary.report, "utf8"), /<svg/);
      const left = (readdirSync(dir, { recursive: true }) as string[]).filter((name) =>
        /\.attempt-|partial/.test(name),
      );
      assert.deepEqual(left, []);
    });

    it("tenon status says that everything is done, per step and per session", async () => {
      const { code, out, err } = await inDir("status", "--json");
      assert.equal(code, 0, err);
      const status = JSON.parse(out) as Status;
      const steps = Object.values(workers).flatMap((worker) =>
        worker.steps.filter((step) => step.kind === "table").map((step) => step.process),
      );
      assert.deepEqual(
        status.steps.map((step) => step.process),
        steps,
      );
      for (const step of status.steps) {
        assert.deepEqual(Object.keys(step).sort(), stepFields.toSorted());
        assert.deepEqual(
          [step["running"], step["late"], step["error"], step["ignored"], step["remaining"]],
          [0, 0, 0, 0, 0],
        );
        assert.equal(step["done"], step["total"]);
        assert.ok(step["done"]! >= 1, step.process);
      }
      assert.deepEqual(
        status.sessions.map(({ isComplete, counts }) => [isComplete, counts["metrics"]]),
        [[true, 1]],
      );
      const counts = status.steps.map(
        ({ process, total, done }) => [process, Number(total), Number(done)] as const,
      );
      first ??= counts;
      assert.deepEqual(counts, first, "the counts are those of the first database");
    });

    it("tenon jobs has nothing to say", async () => {
      const { code, out } = await inDir("jobs", "--json");
      assert.equal(code, 0);
      assert.deepEqual(JSON.parse(out), { running: [], causes: [], retried: 0 });
    });

    it("tenon session verify prints the promised fields", async () => {
      const [run] = readdirSync(join(dir, "raw"));
      const { code, out } = await inDir("session", "verify", join("raw", run!), "--json");
      assert.equal(code, 0);
      const verdict = JSON.parse(out) as Record<string, unknown>;
      for (const field of [
        "format",
        "sampleCount",
        "channelCount",
        "samplingRateHz",
        "gainUvPerBit",
        "durationS",
      ])
        assert.ok(verdict[field] !== undefined && verdict[field] !== null, field);
      assert.deepEqual(Object.keys(verdict["probe"] as object), ["part", "serial", "contactCount"]);
      assert.deepEqual(verdict["problems"], []);
    });

    it("registers its workers and logs their processes for datajoint-python's utilities", async () => {
      const settings = loadSettings({ folder: dir, env });
      await using connection = await connect(settingsOf(server, dir));
      await activatePipeline(connection, { ...settings, create: false });
      const names = Object.keys(workers).toSorted();
      assert.deepEqual((await RegisteredWorker.column("worker_name")).toSorted(), names);
      for (const [worker_name, { steps }] of Object.entries(workers)) {
        const rows = await RegisteredWorkerProcess.restrict({ worker_name }).fetch({
          orderBy: ["process_index"],
        });
        assert.deepEqual(
          rows.map((row) => row.process),
          steps.map((step) => step.process),
        );
        for (const { full_table_name, key_source_sql } of rows.filter((row) => row.full_table_name !== "")) {
          assert.ok(full_table_name.startsWith(`\`${prefix}`));
          if (server.name === "sqlite") assert.equal(key_source_sql, null);
          else await sameKeys(connection, full_table_name, String(key_source_sql));
        }
      }
      const logged = new Set(await WorkerLog.column("process"));
      for (const { steps } of Object.values(workers))
        for (const step of steps) assert.ok(logged.has(step.process), step.process);
      const row = (await WorkerLog.fetch({ limit: 1 }))[0]!;
      assert.match(row.process_timestamp, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?$/);
      assert.ok(Math.abs(Date.parse(`${row.process_timestamp.replace(" ", "T")}Z`) - Date.now()) < 600_000);
      assert.equal(await ErrorLog.count(), 0);
      assert.deepEqual(await Subject.column("subject_birth_date"), ["2026-01-01"], "an earlier demo is gone");
      assert.equal((await pipelineStatus()).length > 0, true);
    });

    if (server.name !== "sqlite")
      it("refuses to drop schemas that hold a subject which no demo made, and drops nothing", async () => {
        const settings = { prefix, generation: "legacy", stores: {} } as const;
        {
          await using connection = await connect(settingsOf(server, ""));
          await activatePipeline(connection, settings);
          await Subject.insert([{ subject: "mouse7", sex: "M", subject_birth_date: "2025-01-01" }]);
        }
        const files = readdirSync(dir, { recursive: true });
        const { code, err } = await runProgram("tenon", ["demo", "--in", dir, "--suite", "tiny"], dir, env);
        assert.equal(code, 2, err);
        assert.deepEqual(readdirSync(dir, { recursive: true }), files, "nothing is deleted");
        assert.match(err, /hold subjects that no demo made \(mouse7\)/);
        await using connection = await connect(settingsOf(server, ""));
        await activatePipeline(connection, settings);
        assert.deepEqual((await Subject.column("subject")).toSorted(), ["demo1", "mouse7"]);
      });

    it("has in its note everything that it left", () => {
      const note = JSON.parse(readFileSync(join(dir, "demo.json"), "utf8")) as {
        made: string[];
        session: string;
        pid?: number;
      };
      for (const name of readdirSync(dir)) assert.ok(note.made.includes(name), name);
      assert.deepEqual(readdirSync(join(dir, "raw")), [note.session]);
      for (const name of readdirSync(join(dir, "processed")))
        assert.ok([note.session, "datajoint-blob"].includes(name), name);
      assert.equal(note.pid, undefined, "it is at its end");
    });

    if (server.name === "sqlite")
      it("refuses a folder that holds anything else, and touches nothing in it", async () => {
        const other = join(lab.folder, "mine");
        mkdirSync(other);
        writeFileSync(join(other, "thesis.txt"), "x");
        const { code, err } = await lab.tenon("demo", "--in", other, "--suite", "tiny");
        assert.equal(code, 2);
        assert.match(
          err,
          /holds files that no demo made \(thesis\.txt\)\. Give an empty or new folder with --in/,
        );
        assert.deepEqual(readdirSync(other), ["thesis.txt"]);
      });
  });

describe("the folder of an earlier demo", () => {
  const lab = makeTestLab();
  after(() => lab.remove());
  const session = "tiny_seed3_g0";
  const made = ["demo.json", "dj_local_conf.json", "raw", "processed", "tenon.sqlite"];
  const dirOf = (name: string) => join(lab.folder, name);

  /** What a demo leaves, in small. */
  function leave(name: string, note: object = { madeBy: "tenon demo", made, session }): string {
    const dir = dirOf(name);
    for (const folder of [`raw/${session}`, `processed/${session}`, "processed/datajoint-blob"])
      mkdirSync(join(dir, folder), { recursive: true });
    writeFileSync(join(dir, "dj_local_conf.json"), "{}");
    writeFileSync(join(dir, "demo.json"), JSON.stringify(note));
    return dir;
  }

  async function assertRefused(dir: string, message: RegExp): Promise<void> {
    const before = readdirSync(dir, { recursive: true }).sort();
    const { code, out, err } = await lab.tenon("demo", "--in", dir, "--suite", "tiny");
    assert.deepEqual([code, out], [2, ""], err);
    assert.match(err, message);
    assert.deepEqual(readdirSync(dir, { recursive: true }).sort(), before);
  }

  for (const [index, [path, shown]] of [
    ["notes.txt", "notes\\.txt"],
    ["raw/mydata/x.bin", "raw/mydata"],
    ["processed/mine/x.npy", "processed/mine"],
  ].entries())
    it(`that holds ${path} too is refused, and kept`, async () => {
      const dir = leave(`other${index}`);
      mkdirSync(join(dir, path!, ".."), { recursive: true });
      writeFileSync(join(dir, path!), "x");
      await assertRefused(
        dir,
        new RegExp(`holds what no demo made \\(${shown}\\), .*Give a new folder with --in`),
      );
    });

  it("whose note does not say what was made, or leads elsewhere, is refused", async () => {
    for (const [index, note] of [
      { madeBy: "tenon demo" },
      { madeBy: "tenon demo", made: [".."], session },
      { madeBy: "tenon demo", made, session: "../x" },
    ].entries())
      await assertRefused(leave(`note${index}`, note), /does not say what the demo made, so nothing/);
  });

  it("in which one is at work is refused at once", async () => {
    const dir = leave("working", { madeBy: "tenon demo", made, session, pid: process.pid });
    await assertRefused(dir, new RegExp(`A demo is at work in .* \\(process ${process.pid}\\)`));
  });

  it("with an animal of the user's in its database is refused", async () => {
    const dir = leave("animal");
    {
      await using connection = await connect({ kind: "sqlite", path: join(dir, "tenon.sqlite") });
      const stores = { "datajoint-blob": { protocol: "file", location: tmpdir() } } as const;
      await activatePipeline(connection, { prefix: "demo_", generation: "legacy", stores });
      await Subject.insert([{ subject: "mouse7", sex: "M", subject_birth_date: "2025-01-01" }]);
    }
    await assertRefused(dir, /hold subjects that no demo made \(mouse7\).*Give a new folder with --in/);
  });

  it("is made anew when it holds nothing else", async () => {
    const dir = leave("again", { madeBy: "tenon demo", made, session, pid: 2 ** 22 + 1 });
    writeFileSync(join(dir, "raw", session, "old"), "x");
    const folder = await makeDemoFolder(dir, "tiny_seed4_g0", lab.env);
    assert.deepEqual(readdirSync(join(dir, "raw")), []);
    assert.deepEqual(folder.settings.rawRoots, [join(dir, "raw")]);
    await assertRefused(dir, /A demo is at work in/);
    await folder.release();
    const note = JSON.parse(readFileSync(join(dir, "demo.json"), "utf8")) as Record<string, unknown>;
    assert.deepEqual([note["session"], note["pid"]], ["tiny_seed4_g0", undefined]);
  });
});

/** A part of what an earlier demo leaves on a server; with another birth date, so that it cannot be taken for the new one's. */
async function leaveEarlierDemo(server: TestServer, prefix: string): Promise<void> {
  await using connection = await connect(settingsOf(server, ""));
  const stores = { "datajoint-blob": { protocol: "file", location: tmpdir() } } as const;
  await activatePipeline(connection, { prefix, generation: "legacy", stores });
  await Subject.insert([{ subject: "demo1", sex: "M", subject_birth_date: "1999-01-01" }]);
}

/** The registered SQL counts the keys of a step, and takes the clause that Python's utilities append. */
async function sameKeys(
  connection: Awaited<ReturnType<typeof connect>>,
  table: string,
  sql: string,
): Promise<void> {
  const count = async (text: string) => (await connection.run({ text, parameters: [] })).rows.length;
  const [, columns] = /^SELECT (.*?) FROM/.exec(sql)!;
  const total = await count(sql);
  assert.ok(total >= 1, sql);
  const left = await count(
    `${sql}${sql.includes("WHERE") ? "AND" : "WHERE"}((${columns}) not in (SELECT ${columns} FROM ${table}))`,
  );
  assert.equal(left, 0, `${table} has all keys of its registered key source`);
}
