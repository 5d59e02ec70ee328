import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ResourcePool } from "../../src/operations/resource-pool.ts";
import { runWorker, type Step, type WorkerOptions } from "../../src/populate/run-worker.ts";

/** A clock that moves only when someone sleeps. */
function virtualTime() {
  let now = 0;
  const slept: number[] = [];
  return {
    slept,
    clock: () => now,
    sleep: (seconds: number) => {
      now += seconds;
      slept.push(seconds);
      return Promise.resolve();
    },
  };
}

/** A step that makes the given numbers of keys, one a cycle, then none. */
function step(process: string, counts: readonly number[], failures = 0): Step & { calls: number } {
  const made = {
    process,
    calls: 0,
    run: () => {
      const successCount = counts[made.calls] ?? 0;
      const errors =
        made.calls === 0 ? Array.from({ length: failures }, () => ({ key: {}, error: new Error("no") })) : [];
      made.calls++;
      return Promise.resolve({ successCount, errors } as unknown as Awaited<ReturnType<Step["run"]>>);
    },
  };
  return made;
}

function options(more: Partial<WorkerOptions> = {}): WorkerOptions & { slept: number[]; lines: string[] } {
  const time = virtualTime();
  const lines: string[] = [];
  return { signal: new AbortController().signal, log: (line) => lines.push(line), lines, ...time, ...more };
}

describe("runWorker", () => {
  it("goes through all steps until a cycle finds nothing, with --once", async () => {
    const [a, b] = [step("a", [2, 1]), step("b", [0, 0, 3])];
    const summary = await runWorker("w", [a, b], options({ once: true }));
    assert.deepEqual(summary, { cycles: 4, made: 6, failed: 0, ended: "once" });
    assert.equal(a.calls, 4);
  });

  it("counts idle cycles in a row, not over its whole life", async () => {
    const busyNowAndThen = step("a", [0, 0, 1, 0, 0, 1, 0, 0, 0]);
    const summary = await runWorker("w", [busyNowAndThen], options({ maxIdledCycle: 3, sleepS: 1 }));
    assert.equal(summary.ended, "idle");
    assert.equal(summary.cycles, 9);
  });

  it("begins no new cycle when its time is over", async () => {
    const summary = await runWorker("w", [step("a", [])], options({ durationS: 100, sleepS: 30 }));
    assert.deepEqual([summary.ended, summary.cycles], ["duration", 4]);
  });

  it("stops at once with a duration of 0, as the original does", async () => {
    const summary = await runWorker("w", [step("a", [1])], options({ durationS: 0 }));
    assert.deepEqual([summary.ended, summary.made], ["duration", 0]);
  });

  it("sleeps only after an idle cycle", async () => {
    const settings = options({ maxIdledCycle: 1, sleepS: 7 });
    await runWorker("w", [step("a", [1, 1, 1])], settings);
    assert.deepEqual(settings.slept, []);
  });

  it("ends between steps when it is told to", async () => {
    const stop = new AbortController();
    const second = step("b", [1]);
    const first: Step = {
      process: "a",
      run: () => {
        stop.abort();
        return Promise.resolve({ successCount: 1, errors: [] } as unknown as Awaited<
          ReturnType<Step["run"]>
        >);
      },
    };
    const summary = await runWorker("w", [first, second], options({ signal: stop.signal }));
    assert.deepEqual([summary.ended, summary.made, second.calls], ["signal", 1, 0]);
  });

  it("counts failed keys and goes on", async () => {
    const summary = await runWorker("w", [step("a", [1], 2)], options({ once: true }));
    assert.deepEqual([summary.made, summary.failed], [1, 2]);
  });

  it("goes on after trouble, longer waits each time, and gives up after ten in a row", async () => {
    const settings = options({ sleepS: 1 });
    const broken: Step = { process: "a", run: () => Promise.reject(new Error("server away")) };
    await assert.rejects(runWorker("w", [broken], settings), /server away/);
    assert.deepEqual(settings.slept, [2, 4, 8, 16, 32, 60, 60, 60, 60]);
    assert.match(settings.lines.at(-1)!, /trouble 9 of 10/);
  });

  it("stays with --once while a late lease may still be taken over", async () => {
    let waits = 0;
    const late: Step = { ...step("a", []), isWaiting: () => Promise.resolve(++waits < 4) };
    const settings = options({ once: true });
    await runWorker("w", [late], settings);
    assert.deepEqual(settings.slept, [5, 5, 5]);
  });

  it("runs steps side by side as far as the pool allows, and several keys of one step in its lanes", async () => {
    const mostAtOnce = async (cpus: number, lanes: number) => {
      let [now, most] = [0, 0];
      const busy = (process: string): Step => {
        let left = 3;
        return {
          process,
          lanes,
          resources: { cpus: 1 },
          run: async () => {
            if (left-- <= 0) return { successCount: 0, errors: [] };
            most = Math.max(most, ++now);
            await new Promise(setImmediate);
            now--;
            return { successCount: 1, errors: [] };
          },
        };
      };
      const limits = { cpus, memoryBytes: 2 ** 40, gpus: [], from: { cpus: "", memory: "", gpus: "" } };
      const { made } = await runWorker("w", [busy("a"), busy("b")], {
        ...options({ once: true }),
        pool: new ResourcePool(limits),
      });
      assert.equal(made, 6);
      return most;
    };
    assert.equal(await mostAtOnce(1, 1), 1);
    assert.equal(await mostAtOnce(2, 1), 2);
    assert.equal(await mostAtOnce(8, 2), 4);
  });
});
