/** Failed keys that are tried again by themselves, by the memory that workers share. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { findQueue, freeJobs, populate } from "@tenon/datajoint";
import { forgetRetry, readRetries } from "../../src/operations/retries.ts";
import { ErrorLog } from "../../src/pipeline/worker-log.ts";
import { keyHashOf } from "../../src/populate/job-hash.ts";
import { likePattern } from "../../src/populate/like-pattern.ts";
import { table } from "../../src/populate/process.ts";
import { ErrorRetries } from "../../src/populate/retry-errors.ts";
import { WorkerJournal } from "../../src/populate/worker-log.ts";
import {
  errors,
  failedSources,
  type OperationLab,
  openOperationLab,
  Result,
  Source,
} from "../operations/support/operation-lab.ts";

let lab: OperationLab;
before(async () => {
  lab = await openOperationLab();
});
after(() => lab.close());

const steps = [table("data.Result", Result)];

/** The memory as a worker that starts now has it. */
const worker = (autoclear: readonly string[] = [], onGivenUp?: (process: string) => void) =>
  new ErrorRetries(steps, new WorkerJournal(lab.connection, "w"), {
    autoclear,
    mostRetries: 6,
    firstPauseS: 30,
    ...(onGivenUp === undefined ? {} : { onGivenUp }),
  });

async function work(retries: ErrorRetries): Promise<void> {
  await populate(Result, {
    reserve: true,
    suppressErrors: true,
    onEvent: (event) => {
      if (event.kind === "done") retries.done("data.Result", event.key);
    },
  });
}

describe("a failed job", () => {
  it("whose error passes is tried again after a pause that grows, and kept in the error log", async () => {
    await Source.insert([{ source_id: 1 }, { source_id: 2 }, { source_id: 3 }]);
    errors.set(1, new Error("Deadlock found when trying to get lock"));
    errors.set(2, new Error("no spikes"));
    const retries = worker();
    await work(retries);
    assert.deepEqual(await failedSources(), [1, 2]);

    const retry = (atS: number) => retries.retry(atS * 1000);
    assert.equal(await retry(0), 0, "not at once");
    assert.equal(await retry(29), 0);
    assert.equal(await retry(30), 1);
    assert.deepEqual(await failedSources(), [2], "an error of the key stays for people");
    assert.deepEqual(
      (await ErrorLog.fetch()).map((row) => [row.process, row.key, row.error_message]),
      [["data.Result", '{"source_id":1}', "Error: Deadlock found when trying to get lock"]],
    );
    await work(retries);
    assert.equal(await retry(89), 0, "twice as long as before");
    assert.equal(await retry(90), 1);
    errors.clear();
    await work(retries);
    assert.deepEqual(await Result.keys(), [{ source_id: 1 }, { source_id: 3 }]);
    assert.equal((await readRetries()).length, 1);
    await retries.settle();
    assert.deepEqual(await readRetries(), [], "what is done is forgotten");
  });

  it("is not tried for ever, not even by workers that are started again and again", async () => {
    await Source.insert([{ source_id: 9 }]);
    errors.set(9, new Error("LostConnectionError: gone"));
    let [freed, now] = [0, 0];
    for (let i = 0; i < 12; i++) {
      const retries = worker();
      await work(retries);
      freed += await retries.retry(now);
      now += 1e9;
    }
    assert.equal(freed, 6);
    assert.deepEqual(await failedSources(), [2, 9]);
    assert.deepEqual(
      (await readRetries()).map(({ process, count }) => [process, count]),
      [["data.Result", 6]],
    );
  });

  it("is tried again when a pattern of the lab names its error", async () => {
    const retries = worker(["%no SPIKES%"]);
    assert.equal(await retries.retry(0), 0);
    assert.equal(await retries.retry(30_000), 1);
    errors.delete(2);
    await work(retries);
    await retries.settle();
    assert.deepEqual(await failedSources(), [9]);
  });
});

describe("a dead letter", () => {
  it("is told once, and again when it was freed and given up once more", async () => {
    const told: string[] = [];
    const retries = worker([], (process) => told.push(process));
    const queue = (await findQueue(Result))!;
    for (const times of [1, 2]) {
      for (let i = 0; i < 9; i++) {
        await work(retries);
        await retries.retry(i * 1e9);
      }
      assert.deepEqual(told, Array(times).fill("data.Result"));
      // as a person does with tenon jobs --retry
      await forgetRetry({ process: "data.Result", keyHash: keyHashOf(Result, { source_id: 9 }) });
      await freeJobs(queue, "error", [{ source_id: 9 }]);
    }
  });
});

describe("likePattern", () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ["%Deadlock%", "x DEADLOCK\ny", true],
    ["Deadlock%", "a Deadlock", false],
    ["a_c", "abc", true],
    ["a_c", "ac", false],
    ["100\\% (of)", "100% (of)", true],
    ["100\\%", "100x", false],
    ["a.c", "abc", false],
    ["a\\_c", "abc", false],
    ["a\\\\c", "a\\c", true],
  ];
  for (const [pattern, message, matches] of cases)
    it(`${JSON.stringify(message)} is ${matches ? "" : "not "}LIKE ${JSON.stringify(pattern)}`, async () => {
      assert.equal(likePattern(pattern).test(message), matches);
      // the server's own LIKE says the same, as far as SQLite has it
      const { rows } = await lab.connection.run({
        text: "SELECT ? LIKE ? ESCAPE '\\' AS is_like",
        parameters: [message, pattern],
      });
      assert.equal(Number(rows[0]!["is_like"]) === 1, matches);
    });
});
