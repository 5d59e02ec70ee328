/** Registering by commands: dry runs insert nothing, what is there already stays, JSON fields are the promised ones. */
import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { connect } from "@tenon/datajoint";
import { generateRecording } from "@tenon/ephys";
import { activatePipeline } from "../../src/pipeline/activate.ts";
import { Clustering, ClusteringTask } from "../../src/pipeline/ephys.ts";
import { loadSettings } from "../../src/settings/settings.ts";
import { makeTestLab, settingsOf, testServers } from "../support/test-lab.ts";

const lab = makeTestLab();
before(async () => {
  await generateRecording("tiny", 1, join(lab.folder, "raw"), { durationS: 1, name: "one" });
});
after(() => lab.remove());

interface Added {
  readonly key: Record<string, string>;
  readonly sessionDir: string;
  readonly dryRun: boolean;
  readonly inserted: readonly { readonly table: string; readonly rows: number }[];
}
const add = (...more: string[]) =>
  lab.json<Added>(
    "session",
    "add",
    "raw/one_g0",
    "--subject",
    "m1",
    "--sex",
    "F",
    "--birth-date",
    "2026-01-01",
    ...more,
  );
const sessions = async () => (await lab.json<{ sessions: unknown[] }>("status")).sessions.length;

describe("tenon session add", () => {
  it("says with --dry-run what it would insert, and inserts it without", async () => {
    const planned = await add("--dry-run");
    assert.equal(planned.dryRun, true);
    assert.equal(await sessions(), 0);
    const added = await add();
    assert.deepEqual(added, { ...planned, dryRun: false });
    assert.deepEqual(
      added.inserted.map(({ table }) => table),
      [
        "ProbeType",
        "ProbeType.Electrode",
        "Probe",
        "Subject",
        "Session",
        "SessionDirectory",
        "ProbeInsertion",
      ],
    );
    assert.equal(await sessions(), 1);
  });

  it("leaves what is registered as it is", async () => {
    assert.deepEqual((await add()).inserted, []);
    assert.equal(await sessions(), 1);
  });

  it("refuses what contradicts the subject that is there", async () => {
    for (const [words, said] of [
      [["--sex", "M"], /Subject 'm1' is in the database with sex F, and --sex says M\./],
      [["--birth-date", "2025-12-31"], /with birth-date 2026-01-01, and --birth-date says 2025-12-31\./],
    ] as const) {
      const { code, err } = await lab.tenon("session", "add", "raw/one_g0", "--subject", "m1", ...words);
      assert.equal(code, 1);
      assert.match(err, said);
    }
    const words = ["session", "add", "raw/one_g0", "--subject", "m1", "--sex", "f", "--birth-date"];
    const same = await lab.tenon(...words, "2026-1-1");
    assert.deepEqual([same.code, same.out.includes("everything is registered already")], [0, true], same.err);
  });

  it("wants a new subject's sex and birth date, and a folder below the raw root", async () => {
    const { code, err } = await lab.tenon("session", "add", "raw/one_g0", "--subject", "m2");
    assert.equal(code, 1);
    assert.match(err, /Subject 'm2' is not in the database. To add it, give --sex/);
    const outside = makeTestLab();
    try {
      await generateRecording("tiny", 1, join(outside.folder, "elsewhere"), { durationS: 1, name: "x" });
      const words = ["session", "add", join(outside.folder, "elsewhere/x_g0"), "--subject", "m1"];
      assert.match((await lab.tenon(...words)).err, /is not below a raw root/);
    } finally {
      await outside.remove();
    }
  });
});

describe("a folder", () => {
  const newSubject = ["--sex", "U", "--birth-date", "2026-01-01"];

  it("that is another session's, in it or around it, is refused, naming that session", async () => {
    mkdirSync(join(lab.folder, "raw/rig"));
    cpSync(join(lab.folder, "raw/one_g0"), join(lab.folder, "raw/rig/two_g0"), { recursive: true });
    await lab.json(
      "session",
      "add",
      "raw/rig/two_g0",
      "--subject",
      "m1",
      "--datetime",
      "2026-02-01 10:00:00",
    );
    for (const [path, message] of [
      ["raw/one_g0", /'one_g0' cannot be the folder of session m2 .*: session m1 .* has 'one_g0'/],
      ["raw/one_g0/one_g0_imec0", /'one_g0\/one_g0_imec0' cannot be .*: session m1 .* has 'one_g0'/],
      ["raw/rig", /'rig' cannot be .*: session m1 2026-02-01 10:00:00 has 'rig\/two_g0'.*delete it first/],
    ] as const)
      for (const dryRun of [[], ["--dry-run"]]) {
        const { code, out, err } = await lab.tenon(
          ...["session", "add", path, "--subject", "m2", ...newSubject, ...dryRun],
        );
        assert.deepEqual([code, out], [1, ""], err);
        assert.match(err, message);
      }
    // the same subject at another time is another session too
    const later = await lab.tenon(
      ...["session", "add", "raw/one_g0", "--subject", "m1", "--datetime", "2030-01-01 00:00:00"],
    );
    assert.match(later.err, /'one_g0' cannot be the folder of session m1 2030/);
    assert.equal(await sessions(), 2);
  });

  it("is checked by a dry run as the insert would", async () => {
    cpSync(join(lab.folder, "raw/one_g0"), join(lab.folder, "raw/one"), { recursive: true });
    for (const words of [
      ["--subject", "much_too_long", "--sex", "F", "--birth-date", "2026-01-01"],
      ["--subject", "m3", "--sex", "X", "--birth-date", "2026-01-01"],
      ["--subject", "m3", "--sex", "F", "--birth-date", "2026-13-41"],
    ]) {
      const dry = await lab.tenon("session", "add", "raw/one", ...words, "--dry-run");
      const real = await lab.tenon("session", "add", "raw/one", ...words);
      assert.deepEqual([dry.code, dry.out], [1, ""], words.join(" "));
      assert.deepEqual(dry, real);
    }
    assert.equal(await sessions(), 2);
  });

  it("of another program's words leaves no database behind", async () => {
    const empty = makeTestLab();
    try {
      for (const [words, message] of [
        [["session", "add", "raw/nothing", "--subject", "m1"], /nothing/],
        [["paramset", "add", "--method", "magic", "--description", "x"], /Unknown clustering method 'magic'/],
        [["paramset", "add", "--method", "tenon", "--description", "x", "--index", "one"], /--index takes/],
        [["task", "add", "--paramset", "0"], /There is no database at/],
      ] as const) {
        const { code, err } = await empty.tenon(...words);
        assert.ok(code === 1 || code === 2, err);
        assert.match(err, message);
        assert.ok(!existsSync(join(empty.folder, "tenon.sqlite")), words.join(" "));
      }
      assert.deepEqual(readdirSync(empty.folder).sort(), ["dj_local_conf.json", "processed", "raw"]);
    } finally {
      await empty.remove();
    }
  });
});

describe("tenon paramset add", () => {
  const words = ["paramset", "add", "--method", "tenon", "--description", "defaults"];

  it("numbers sets, and knows one that is there", async () => {
    assert.deepEqual(await lab.json(...words, "--dry-run"), { method: "tenon", params: {}, dryRun: true });
    assert.deepEqual(await lab.json(...words), { method: "tenon", paramset_idx: 0, isNew: true });
    assert.deepEqual(await lab.json(...words), { method: "tenon", paramset_idx: 0, isNew: false });
    writeFileSync(join(lab.folder, "p.json"), '{"seedThreshold": 6}');
    assert.deepEqual(await lab.json(...words, "--params", "p.json"), {
      method: "tenon",
      paramset_idx: 1,
      isNew: true,
    });
  });

  it("refuses an unknown method, an unknown parameter and a file that is no JSON", async () => {
    writeFileSync(join(lab.folder, "bad.json"), '{"sedThreshold": 6}');
    writeFileSync(join(lab.folder, "worse.json"), "{");
    for (const [more, code, message] of [
      [["--params", "bad.json"], 1, /sedThreshold/],
      [["--params", "worse.json"], 2, /cannot read .*worse\.json as JSON/],
      [["--method", "magic"], 1, /Unknown clustering method 'magic'\. The database has: /],
    ] as const) {
      const result = await lab.tenon(...words, ...more);
      assert.equal(result.code, code, result.err);
      assert.match(result.err, message);
    }
  });
});

describe("tenon task add", () => {
  it("says that the recording is to be ingested first, with exit code 1", async () => {
    const { code, out } = await lab.tenon("task", "add", "--paramset", "1", "--json");
    assert.equal(code, 1);
    assert.deepEqual(JSON.parse(out), { tasks: [], changed: [], present: 0, notIngested: 2, dryRun: false });
  });

  it("adds a task once it is, and only once", async () => {
    const { code, err } = await lab.runWorkflow("standard_worker", "--once");
    assert.equal(code, 0, err);
    type Tasks = { tasks: { paramset_idx: number; clustering_output_dir: string }[]; present: number };
    const planned = await lab.json<Tasks>("task", "add", "--paramset", "1", "--dry-run");
    const added = await lab.json<Tasks>("task", "add", "--paramset", "1");
    assert.deepEqual(added.tasks, planned.tasks);
    assert.deepEqual(
      added.tasks.map((task) => [task.paramset_idx, task.clustering_output_dir]),
      [
        [1, "one_g0/probe_0/tenon_1"],
        [1, "rig/two_g0/probe_0/tenon_1"],
      ],
    );
    const again = await lab.json<Tasks>("task", "add", "--paramset", "1");
    assert.deepEqual([again.tasks.length, again.present], [0, 2]);
    const unknown = await lab.tenon("task", "add", "--paramset", "7");
    assert.match(unknown.err, /Paramset 7 is not in the database \(there: 0, 1\)/);
  });

  it("changes the mode of a task that is there, unless it is done", async () => {
    type Plan = { tasks: unknown[]; changed: { task_mode: string }[]; present: number };
    const words = ["task", "add", "--paramset", "1", "--subject", "m1", "--mode"];
    assert.equal((await lab.json<Plan>(...words, "load", "--dry-run")).changed.length, 2);
    const { code, out, err } = await lab.tenon(...words, "load");
    assert.equal(code, 0, err);
    assert.match(out, /changed m1 .* insertion 0 to mode load/);
    const settings = settingsOf(testServers[0]!, lab.folder);
    await using connection = await connect(settings);
    await activatePipeline(connection, loadSettings({ folder: lab.folder, env: lab.env }));
    const tasks = await ClusteringTask.restrict({ paramset_idx: 1 }).fetch({ orderBy: ["session_datetime"] });
    assert.deepEqual(
      tasks.map(({ task_mode, clustering_output_dir }) => [task_mode, clustering_output_dir]),
      [
        ["load", "one_g0/probe_0/tenon_1"],
        ["load", "rig/two_g0/probe_0/tenon_1"],
      ],
    );
    const without = await lab.json<Plan>("task", "add", "--paramset", "1");
    assert.deepEqual([without.changed.length, without.present], [0, 2]);
    const { clustering_output_dir: _dir, task_mode: _mode, ...key } = tasks[0]!;
    await Clustering.insert([{ ...key, clustering_time: "2026-01-06 00:00:00", package_version: "" }], {
      allowDirectInsert: true,
    });
    const refused = await lab.tenon(...words, "trigger");
    assert.equal(refused.code, 1);
    assert.match(refused.err, /The task m1 .* insertion 0 paramset 1 is done with mode 'load'/);
    assert.equal(await ClusteringTask.restrict({ paramset_idx: 1, task_mode: "load" }).count(), 2);
  });
});
