/** An operator's commands with real workers: pause and resume, priorities, history, failed jobs, who is there. */
import assert from "node:assert/strict";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { generateRecording } from "@tenon/ephys";
import { makeTestLab, type TestLab, testServers } from "../support/test-lab.ts";

const subjects = ["m1", "m2", "m3"];
type Key = Readonly<Record<string, unknown>>;
interface Cause {
  process: string;
  count: number;
  dead: number;
  message: string;
  jobs: { retries: number; isDead: boolean }[];
}

for (const server of testServers)
  describe(`operating workers (${server.name})`, { skip: server.skip }, () => {
    let lab: TestLab;
    const binOf = (subject: string) => {
      const name = `${subject}rec_g0`;
      return join(lab.folder, "raw", name, `${name}_imec0`, `${name}_t0.imec0.ap.bin`);
    };

    before(async () => {
      lab = makeTestLab(server);
      for (const [i, subject] of subjects.entries()) {
        await generateRecording("tiny", i, join(lab.folder, "raw"), { durationS: 2, name: `${subject}rec` });
        const words = ["session", "add", `raw/${subject}rec_g0`, "--subject", subject];
        await lab.json(...words, "--sex", "U", "--birth-date", "2026-01-01");
      }
    });
    after(() => lab.remove());

    /** Runs the standard worker to its end. @returns what it said */
    async function standardWorker(): Promise<string> {
      const { code, err } = await lab.runWorkflow("standard_worker", "--once", "--verbose");
      assert.equal(code, 0, err);
      return err;
    }

    it("look at a database whose workers have left nothing yet", async () => {
      assert.deepEqual(await lab.json("pause"), { paused: [] });
      assert.deepEqual(await lab.json("prioritise"), { rules: [] });
      const { steps, runs } = await lab.json<{ steps: unknown[]; runs: unknown[] }>("history");
      assert.deepEqual([steps, runs], [[], []]);
      assert.deepEqual(await lab.json("workers"), { workers: [], paused: [] });
    });

    it("pause a step, and others go on", { timeout: 120_000 }, async () => {
      const { paused } = await lab.json<{ paused: Key[] }>(
        ...["pause", "--step", "ephys.LFP", "--reason", "new filter"],
      );
      assert.deepEqual(
        paused.map(({ worker, process, reason }) => [worker, process, reason]),
        [["", "ephys.LFP", "new filter"]],
      );
      // m3's raw data are away
      renameSync(binOf("m3"), `${binOf("m3")}.away`);
      await lab.json("prioritise", "subject=m2");
      const told = await standardWorker();
      assert.match(told, /ephys\.LFP: paused \(step ephys\.LFP\) by .+: new filter/);
      const made = await counts();
      assert.deepEqual([made["ephys.EphysRecording"], made["ephys.LFP"]], [2, 0]);
    });

    async function counts(): Promise<Record<string, number>> {
      const { steps } = await lab.json<{ steps: { process: string; done: number }[] }>("status");
      return Object.fromEntries(steps.map(({ process, done }) => [process, done]));
    }

    it("take the keys with priority first, and remember every run", async () => {
      type History = {
        steps: Key[];
        runs: { process: string; key: Key; outcome: string; durationS: number }[];
      };
      const { runs, steps } = await lab.json<History>("history", "--step", "EphysRecording");
      const inOrder = runs.toReversed().map(({ key, outcome }) => [key["subject"], outcome]);
      assert.deepEqual(inOrder[0], ["m2", "done"]);
      assert.deepEqual(inOrder.slice(1).toSorted(), [
        ["m1", "done"],
        ["m3", "failed"],
      ]);
      assert.deepEqual([steps[0]!["done"], steps[0]!["failed"]], [2, 1]);
      assert.ok(runs.every(({ durationS }) => durationS > 0 && durationS < 120));
      const failed = await lab.json<History>("history", "--outcome", "failed");
      assert.deepEqual(
        failed.runs.map(({ process, key }) => [process, key["subject"]]),
        [["ephys.EphysRecording", "m3"]],
      );
      const { out } = await lab.tenon("history");
      assert.match(out, /^step +done +failed +other +median/);
    });

    it("say which workers were there", async () => {
      const { workers } = await lab.json<{ workers: { worker: string; running: unknown[] }[] }>("workers");
      assert.deepEqual(
        workers.map(({ worker, running }) => [worker, running]),
        [["standard_worker", []]],
      );
      assert.match((await lab.tenon("workers")).out, /standard_worker.*ago +nothing/);
    });

    it("resume: what was held up is done", { timeout: 120_000 }, async () => {
      const no = await lab.tenon("resume", "--step", "ephys.LFPX");
      assert.equal(no.code, 2, no.err);
      const other = await lab.tenon("resume", "--worker", "standard_worker");
      assert.equal(other.code, 1, other.err);
      assert.match(other.err, /worker standard_worker was not paused/);
      const { resumed } = await lab.json<{ resumed: Key[] }>("resume", "--all");
      assert.equal(resumed.length, 1);
      await standardWorker();
      assert.equal((await counts())["ephys.LFP"], 2);
    });

    const jobs = (...words: string[]) =>
      lab.json<{ causes: Cause[]; ignored: number; retried: number }>("jobs", ...words);

    it("set failures aside and take them back", async () => {
      const { ignored } = await jobs("--ignore", "--step", "EphysRecording", "--dry-run");
      assert.equal(ignored, 0);
      assert.equal((await jobs("--ignore", "--step", "EphysRecording")).ignored, 1);
      assert.deepEqual((await jobs()).causes, []);
      const aside = (await jobs("--ignored")).causes;
      assert.deepEqual(
        aside.map(({ process, count, dead }) => [process, count, dead]),
        [["ephys.EphysRecording", 1, 0]],
      );
      assert.match(aside[0]!.message, /ap\.bin|m3rec/);
      await standardWorker();
      assert.equal((await jobs("--ignored")).causes.length, 1, "no worker touches it");
      assert.equal((await jobs("--ignored", "--retry")).retried, 1);
    });

    it("try by themselves what the lab's patterns name, until it is a dead letter", {
      timeout: 120_000,
    }, async () => {
      const file = join(lab.folder, "dj_local_conf.json");
      const configuration = JSON.parse(readFileSync(file, "utf8")) as { custom: Record<string, unknown> };
      Object.assign(configuration.custom, {
        autoclear_error_patterns: ["%m3rec%"],
        most_retries: 1,
        retry_pause_seconds: 1,
      });
      writeFileSync(file, JSON.stringify(configuration));
      // frees it once, after a second; the next failure is the last
      const worker = await lab.runWorkflow("standard_worker", "--duration", "6", "--sleep", "1");
      assert.equal(worker.code, 0, worker.err);
      assert.equal(worker.err.match(/EphysRecording m3.*: failed/g)?.length, 2, worker.err);
      const [cause] = (await jobs("--dead")).causes;
      assert.deepEqual(
        [cause!.count, cause!.dead, cause!.jobs[0]!.retries, cause!.jobs[0]!.isDead],
        [1, 1, 1, true],
      );
      assert.match((await lab.tenon("jobs")).out, /1 failed, 1 given up.*tried 2 times, given up/s);

      // its data are back: a person frees it, and its failures are forgotten
      renameSync(`${binOf("m3")}.away`, binOf("m3"));
      assert.equal((await jobs("--dead", "--retry")).retried, 1);
      await standardWorker();
      assert.equal((await counts())["ephys.EphysRecording"], 3);
      assert.deepEqual((await jobs()).causes, []);
    });
  });
