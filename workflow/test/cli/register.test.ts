/** Registering by commands: dry runs insert nothing, what is there already stays, JSON fields are the promised ones. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { generateRecording } from "@tenon/ephys";
import { makeTestLab } from "../support/test-lab.ts";

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
    assert.deepEqual(JSON.parse(out), { tasks: [], present: 0, notIngested: 1, dryRun: false });
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
      [[1, "one_g0/probe_0/tenon_1"]],
    );
    const again = await lab.json<Tasks>("task", "add", "--paramset", "1");
    assert.deepEqual([again.tasks.length, again.present], [0, 1]);
    const unknown = await lab.tenon("task", "add", "--paramset", "7");
    assert.match(unknown.err, /Paramset 7 is not in the database \(there: 0, 1\)/);
  });
});
