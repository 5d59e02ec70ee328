/** Worker processes as an operator starts and stops them. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { generateRecording } from "@tenon/ephys";
import { makeTestLab, root, startProgram, type TestLab, testServers } from "../support/test-lab.ts";

for (const server of testServers)
  describe(`workers (${server.name})`, { skip: server.skip }, () => {
    const lab = makeTestLab(server);
    after(() => lab.remove());

    it("may begin all at once on a database that has nothing yet", { timeout: 120_000 }, async () => {
      const names = ["standard_worker", "spike_processing_worker", "spike_sorting_worker", "standard_worker"];
      const ended = await Promise.all(names.map((name) => lab.runWorkflow(name, "--once")));
      for (const [i, { code, err }] of ended.entries()) {
        assert.equal(code, 0, err);
        assert.match(err, new RegExp(`${names[i]}: made 0, failed 0, ended: once`));
      }
    });

    it("end after their time, and after their idle cycles", { timeout: 60_000 }, async () => {
      const timed = await lab.runWorkflow("spike_sorting_worker", "--duration", "1", "--sleep", "1");
      assert.deepEqual([timed.code, /ended: duration/.test(timed.err)], [0, true], timed.err);
      const idle = makeTestLab({ ...server, env: { ...server.env, WORKER_MAX_IDLED_CYCLE: "2" } });
      try {
        const ended = await idle.runWorkflow("spike_sorting_worker", "--sleep", "0");
        assert.deepEqual([ended.code, /ended: idle/.test(ended.err)], [0, true], ended.err);
      } finally {
        await idle.remove();
      }
    });
  });

describe("a worker that is told to end", () => {
  const source = makeTestLab();
  before(async () => {
    await generateRecording("tiny", 4, join(source.folder, "raw"), { durationS: 12, name: "stopped" });
    const words = ["session", "add", "raw/stopped_g0", "--subject", "m1", "--sex", "U"];
    await source.json(...words, "--birth-date", "2026-01-01");
    await source.json("paramset", "add", "--method", "tenon", "--description", "defaults");
    for (const worker of ["standard_worker", "spike_processing_worker"]) {
      const { code, err } = await source.runWorkflow(worker, "--once");
      assert.equal(code, 0, err);
    }
  });
  after(() => source.remove());

  const outputs = "processed/stopped_g0/probe_0/tenon_0";

  /** Runs the sorter, sends it SIGTERM so often once it is at work, and waits for its end. */
  async function stopSorting(lab: TestLab, signals: number): Promise<{ code: number | null; err: string }> {
    const child = startProgram(
      "run-workflow",
      ["spike_sorting_worker", "--sleep", "1", "--verbose"],
      lab.folder,
      lab.env,
    );
    let err = "";
    child.stderr!.setEncoding("utf8").on("data", (text: string) => (err += text));
    const ended = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)));
    while (!/SIClustering .*started/.test(err)) {
      assert.equal(child.exitCode, null, err);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    for (let i = 0; i < signals; i++) {
      child.kill("SIGTERM");
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    return { code: await ended, err };
  }

  async function sorting(lab: TestLab) {
    type Step = { process: string; done: number; running: number; error: number; remaining: number };
    const { steps } = await lab.json<{ steps: Step[] }>("status");
    const { done, running, error, remaining } = steps.find(
      ({ process }) => process === "ephys_sorter.SIClustering",
    )!;
    return { done, running, error, remaining };
  }

  function copy(): TestLab {
    const lab = makeTestLab();
    cpSync(source.folder, lab.folder, { recursive: true });
    return lab;
  }

  it("once by SIGTERM finishes the job in hand", { timeout: 120_000 }, async () => {
    const lab = copy();
    try {
      const { code, err } = await stopSorting(lab, 1);
      assert.equal(code, 0, err);
      assert.match(err, /made 1, failed 0, ended: signal/);
      assert.deepEqual(await sorting(lab), { done: 1, running: 0, error: 0, remaining: 0 });
      assert.ok(existsSync(join(lab.folder, outputs, "sorting/attempt.json")));
    } finally {
      await lab.remove();
    }
  });

  it("twice gives it back at once, with no error and nothing half-written", {
    timeout: 120_000,
  }, async () => {
    const lab = copy();
    try {
      const { code, err } = await stopSorting(lab, 2);
      assert.equal(code, 0, err);
      assert.match(err, /given back/);
      assert.match(err, /made 0, failed 0, ended: signal/);
      assert.deepEqual(await sorting(lab), { done: 0, running: 0, error: 0, remaining: 1 });
      assert.deepEqual(readdirSync(join(lab.folder, outputs)), ["preprocessing"]);
    } finally {
      await lab.remove();
    }
  });

  it("gives its job back when the program that started it is killed by SIGKILL", {
    timeout: 120_000,
  }, async () => {
    const lab = copy();
    const child = spawn(
      "node",
      [join(root, "workflow/bin/run_workflow.mjs"), "spike_sorting_worker", "--verbose"],
      {
        cwd: lab.folder,
        env: lab.env,
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    try {
      let err = "";
      child.stderr!.setEncoding("utf8").on("data", (text: string) => (err += text));
      // the worker has the same stderr: it closes when both are gone
      const ended = new Promise((resolve) => child.once("close", resolve));
      while (!/SIClustering .*started/.test(err)) {
        assert.equal(child.exitCode, null, err);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      child.kill("SIGKILL");
      await ended;
      assert.match(err, /given back/);
      assert.match(err, /made 0, failed 0, ended: signal/);
      assert.deepEqual(await sorting(lab), { done: 0, running: 0, error: 0, remaining: 1 });
    } finally {
      child.kill("SIGKILL");
      await lab.remove();
    }
  });

  it("is waited for by a pause, alive; a dead one is not", { timeout: 120_000 }, async () => {
    const lab = copy();
    Object.assign(lab.env, { TENON_LEASE_SECONDS: "4" });
    const begin = async () => {
      const child = startProgram(
        "run-workflow",
        ["spike_sorting_worker", "--sleep", "1", "--verbose"],
        lab.folder,
        lab.env,
      );
      let err = "";
      child.stderr!.setEncoding("utf8").on("data", (text: string) => (err += text));
      const ended = new Promise((resolve) => child.once("close", resolve));
      while (!/SIClustering .*(started|taken over)/.test(err)) {
        assert.equal(child.exitCode, null, err);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      return { child, ended };
    };
    try {
      const dying = await begin();
      dying.child.kill("SIGKILL");
      await dying.ended;
      const late = await lab.tenon("pause", "--all", "--wait");
      assert.equal(late.code, 0, late.err);
      assert.match(late.err, /SIClustering .* has not been heard of; another one does it after the pause/);
      assert.deepEqual(await sorting(lab), { done: 0, running: 1, error: 0, remaining: 0 });
      await lab.tenon("resume", "--all");

      const living = await begin();
      const waited = await lab.tenon("pause", "--all", "--wait");
      assert.equal(waited.code, 0, waited.err);
      assert.deepEqual(await sorting(lab), { done: 1, running: 0, error: 0, remaining: 0 });
      living.child.kill("SIGTERM");
      await living.ended;
    } finally {
      await lab.remove();
    }
  });

  it("leaves what can never run here to others, and says why", async () => {
    const lab = makeTestLab();
    try {
      Object.assign(lab.env, { TENON_MEMORY_GB: "1" });
      const { code, err } = await lab.runWorkflow("spike_sorting_worker", "--once");
      assert.equal(code, 0, err);
      assert.match(
        err,
        /ephys_sorter\.SIClustering: left to other workers: it needs 2 GB of memory, and this process has 1\.0 GB, by custom\.memory_gb/,
      );
    } finally {
      await lab.remove();
    }
  });
});
