/** What a worker writes of itself; on a database file in this process. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { DataJointError } from "@tenon/datajoint";
import { RegisteredWorker, RegisteredWorkerProcess, WorkerLog } from "../../src/pipeline/worker-log.ts";
import { causeOf } from "../../src/populate/job-causes.ts";
import { inlined } from "../../src/populate/key-source-sql.ts";
import { table, task } from "../../src/populate/process.ts";
import { WorkerJournal } from "../../src/populate/worker-log.ts";
import { type OperationLab, openOperationLab, Result } from "../operations/support/operation-lab.ts";

let lab: OperationLab;
before(async () => {
  lab = await openOperationLab();
});
after(() => lab.close());

describe("a worker's registration", () => {
  const steps = [table("data.Result", Result, { maxCalls: 5 }), task("tidy", () => Promise.resolve(0))];
  const journal = () => new WorkerJournal(lab.connection, "w");
  const registered = async () => {
    const { registration_time, worker_config_uuid, worker_kwargs } = await RegisteredWorker.restrict({
      worker_name: "w",
    }).fetch1();
    return { registration_time, worker_config_uuid, worker_kwargs };
  };

  it("holds the worker and its processes in their order", async () => {
    await journal().register({ summary: "", steps }, { sleep_duration: 30 });
    const rows = await RegisteredWorkerProcess.restrict({ worker_name: "w" }).fetch({
      orderBy: ["process_index"],
    });
    assert.deepEqual(
      rows.map((row) => [row.process_index, row.process, row.full_table_name]),
      [
        [0, "data.Result", "`t_data`.`__result`"],
        [1, "tidy", ""],
      ],
    );
    assert.deepEqual(rows[0]!.process_kwargs, {
      display_progress: true,
      reserve_jobs: true,
      suppress_errors: true,
      max_calls: 5,
    });
    assert.deepEqual((await registered()).worker_kwargs, { worker_name: "w", sleep_duration: 30 });
  });

  it("is left alone when it is the same, and replaced when a step has changed", async () => {
    const first = await registered();
    await journal().register({ summary: "other words", steps }, { sleep_duration: 60 });
    assert.deepEqual(await registered(), first);
    await journal().register({ summary: "", steps: steps.slice(1) }, {});
    const second = await registered();
    assert.notEqual(second.worker_config_uuid, first.worker_config_uuid);
    assert.deepEqual(await RegisteredWorkerProcess.restrict({ worker_name: "w" }).column("process"), [
      "tidy",
    ]);
  });
});

describe("the worker's log", () => {
  it("has a row for every process that begins, in UTC, and forgets after 30 days, once an hour", async () => {
    const journal = new WorkerJournal(lab.connection, "w");
    for (let i = 0; i < 20; i++) await journal.begin("data.Result");
    assert.equal(await WorkerLog.count(), 0, "written together, a moment later");
    await journal.settle();
    assert.equal(await WorkerLog.count(), 20, "two rows of one microsecond do not meet");
    const old = { process_timestamp: "2020-01-01 00:00:00.000001", process: "x", host: "h" };
    await WorkerLog.insert([old]);
    await journal.cleanUp(0);
    assert.equal(await WorkerLog.count(), 20);
    await WorkerLog.insert([old]);
    await journal.cleanUp(3_599_000);
    assert.equal(await WorkerLog.count(), 21);
    await journal.cleanUp(3_600_000);
    assert.equal(await WorkerLog.count(), 20);
  });
});

describe("a log that cannot be written", () => {
  it("is told at each process until it can be written", async () => {
    await using journal = new WorkerJournal(lab.connection, "w");
    const before = await WorkerLog.count();
    await journal.begin("p".repeat(5000));
    await journal.settle();
    await assert.rejects(journal.begin("data.Result"), DataJointError);
    await journal.settle();
    await journal.begin("data.Result");
    await journal.settle();
    assert.equal(await WorkerLog.count(), before + 2);
  });
});

describe("causeOf", () => {
  it("is the same for messages that differ in numbers, names in quotes and paths", () => {
    const cause = causeOf("RecordingError: '/raw/a/run_g0' has 12 of 3.5 MB in /data/x-1/y.bin");
    assert.equal(causeOf("RecordingError: '/raw/b' has 7 of 99 MB in /other/z.bin"), cause);
    assert.notEqual(causeOf("RecordingError: '/raw/b' has 7 of 99 MB"), cause);
  });
});

describe("inlined", () => {
  it("writes values where they are bound, and nothing into quoted text", () => {
    const text = "SELECT `a?`, '?' FROM t WHERE a=? AND b=? AND c=? AND d IN (?, ?)";
    const parameters = [5, "x.y", "100 % 'sure'", null, new Uint8Array([1, 255])];
    const hex = Buffer.from("100 % 'sure'").toString("hex");
    assert.equal(
      inlined({ text, parameters }),
      `SELECT \`a?\`, '?' FROM t WHERE a=5 AND b='x.y' AND c=CONVERT(X'${hex}' USING utf8mb4) AND d IN (NULL, X'01ff')`,
    );
  });
});
