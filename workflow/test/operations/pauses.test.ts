/** Pauses as a running worker meets them. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { populate } from "@tenon/datajoint";
import { PauseWatch } from "../../src/operations/pause-watch.ts";
import { isPausedBy, pauseTarget, readPauses, resumeTarget } from "../../src/operations/pauses.ts";
import { type OperationLab, openOperationLab, pace, Result, Source } from "./support/operation-lab.ts";

let lab: OperationLab;
before(async () => {
  lab = await openOperationLab();
});
after(() => lab.close());

describe("a pause", () => {
  const everything = { worker: "", process: "" };

  it("holds up what it names: a worker, a step, one step of one worker, or all", () => {
    const step = { worker: "w", process: "s" };
    const holdsUp = (worker: string, process: string) => isPausedBy({ worker, process }, step);
    assert.deepEqual(
      [holdsUp("w", "s"), holdsUp("", "s"), holdsUp("w", ""), holdsUp("", "")],
      Array(4).fill(true),
    );
    assert.deepEqual(
      [holdsUp("x", "s"), holdsUp("w", "t"), holdsUp("x", ""), holdsUp("", "t")],
      Array(4).fill(false),
    );
  });

  it("is kept as it was when it is said twice, and ends by its own name", async () => {
    assert.equal(await pauseTarget({ worker: "w", process: "" }, "disk is full"), true);
    assert.equal(await pauseTarget({ worker: "w", process: "" }, "again"), false);
    assert.deepEqual(
      (await readPauses()).map(({ worker, process, reason }) => [worker, process, reason]),
      [["w", "", "disk is full"]],
    );
    assert.deepEqual(await resumeTarget({ worker: "", process: "s" }, false), []);
    assert.equal((await resumeTarget({ worker: "w", process: "" }, false)).length, 1);
    assert.deepEqual(await readPauses(), []);
  });

  it("ends a step at work after the key in hand, and is told once", { timeout: 60_000 }, async () => {
    await Source.insert(Array.from({ length: 60 }, (_, source_id) => ({ source_id })));
    pace.ms = 50;
    const lines: string[] = [];
    const watch = new PauseWatch("w", (line) => lines.push(line), 200);
    const turn = () =>
      watch.unlessPaused("data.Result", (pause) =>
        populate(Result, { reserve: true, suppressErrors: true, finish: pause }),
      );
    const working = turn();
    const deadline = Date.now() + 30_000;
    while ((await Result.count()) < 3 && Date.now() < deadline) await sleep(20);
    await pauseTarget({ worker: "", process: "data.Result" }, "new probe map");
    const made = (await working)!.successCount;
    assert.ok(made > 2 && made < 40, `${made} of 60 made`);
    assert.equal(await Result.count(), made, "the key in hand was finished");
    assert.equal(await turn(), undefined);
    assert.equal(await turn(), undefined);
    assert.equal(lines.length, 1, lines.join("\n"));
    assert.match(
      lines[0]!,
      /^data\.Result: paused \(step data\.Result\) by .+@.+ since .+ UTC: new probe map$/,
    );

    assert.equal((await resumeTarget(everything, true)).length, 1);
    await sleep(250);
    pace.ms = 0;
    assert.equal((await turn())!.successCount, 60 - made);
    assert.equal(lines.at(-1), "data.Result: resumed");
  });
});
