/** @module A worker that waits is small: the compilers sleep until there is a key, and what is not in use is given back. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { runInNewContext } from "node:vm";
import { withWorkerCache } from "../../src/populate/compilers.ts";
import { giveMemoryBack } from "../../src/populate/give-memory-back.ts";
import { makeTestLab, runProgram, type TestLab } from "../support/test-lab.ts";

const program = fileURLToPath(new URL("../../src/cli/run-workflow.ts", import.meta.url));

describe("giveMemoryBack", () => {
  it("collects garbage at once, time after time, and leaves no flag behind", () => {
    for (let round = 0; round < 2; round++) {
      let garbage: { i: number }[] | undefined = Array.from({ length: 300_000 }, (_, i) => ({ i }));
      const full = process.memoryUsage().heapTotal;
      assert.equal(garbage.length, 300_000);
      garbage = undefined;
      giveMemoryBack();
      assert.ok(
        process.memoryUsage().heapTotal < full - 5e6,
        `${process.memoryUsage().heapTotal} of ${full}`,
      );
    }
    // V8 gives it to contexts that are made while the flag is set
    assert.equal(runInNewContext("typeof gc"), "undefined");
  });
});

describe("the optimizing compilers of a worker", () => {
  let lab: TestLab;
  before(async () => {
    lab = makeTestLab();
    await lab.json("generate", "--suite", "tiny", "--seed", "1", "--out", "raw");
  });
  after(() => lab.remove());

  /** What a worker wrote that ends when nothing is left to do. What it compiles is kept in the lab. */
  function worker(env: Readonly<Record<string, string>>, ...flags: string[]): string {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [...flags, program, "standard_worker", "--once"],
      {
        cwd: lab.folder,
        env: withWorkerCache({ ...lab.env, NODE_COMPILE_CACHE: join(lab.folder, "compiled"), ...env }),
        encoding: "utf8",
        maxBuffer: 1 << 28,
      },
    );
    assert.equal(status, 0, stderr);
    return stdout + stderr;
  }
  const count = (text: string, what: RegExp) => [...text.matchAll(what)].length;

  it("sleep while it finds nothing, and are awake when it has found a key", async () => {
    // the first declares the tables
    worker({});
    assert.equal(count(worker({}, "--trace-opt"), /completed optimizing/g), 0);
    await addSession("m1");
    assert.ok(count(worker({}, "--trace-opt"), /completed optimizing/g) > 20);
  });

  it("leave what was compiled of use to the next worker, whether they were awake or not, and whatever other program ran", async () => {
    const cache = { NODE_COMPILE_CACHE: join(lab.folder, "compiled by a worker at work first") };
    await lab.json("generate", "--suite", "tiny", "--seed", "2", "--out", "raw");
    await addSession("m2");
    // awake: 2 s of work
    assert.match(worker(cache), /made [1-9]/);
    // of the same modules, with the compilers awake from the start
    const { code, err } = await runProgram("tenon", ["status"], lab.folder, { ...lab.env, ...cache });
    assert.equal(code, 0, err);
    const said = worker({ ...cache, NODE_DEBUG_NATIVE: "COMPILE_CACHE" });
    assert.ok(count(said, /V8 code cache for \w+ .* was accepted/g) > 150);
    assert.equal(count(said, /V8 code cache for \w+ .* was (rejected|not initialized)/g), 0);
  });

  const addSession = (subject: string) =>
    lab.json(
      ...["session", "add", `raw/tiny_seed${subject.slice(1)}_g0`, "--subject", subject],
      ...["--sex", "U", "--birth-date", "2026-01-01"],
    );
});
