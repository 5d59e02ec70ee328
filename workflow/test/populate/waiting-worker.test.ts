/** @module A worker that waits is small: the compilers sleep until there is a key, and what is not in use is given back. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { giveMemoryBack } from "../../src/populate/give-memory-back.ts";
import { makeTestLab, type TestLab } from "../support/test-lab.ts";

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
    assert.equal((globalThis as { gc?: unknown }).gc, undefined);
  });
});

describe("the optimizing compilers of a worker", () => {
  let lab: TestLab;
  before(async () => {
    lab = makeTestLab();
    await lab.json("generate", "--suite", "tiny", "--seed", "1", "--out", "raw");
    // what the second worker would find compiled is compiled by neither
    await worker([]);
  });
  after(() => lab.remove());

  /** Functions that V8 optimized in a worker that ends when nothing is left to do. */
  async function worker(flags: readonly string[]): Promise<number> {
    const text = execFileSync(process.execPath, [...flags, program, "standard_worker", "--once"], {
      cwd: lab.folder,
      env: lab.env,
      encoding: "utf8",
      maxBuffer: 1 << 28,
    });
    return text.split("[completed optimizing").length - 1;
  }

  it("sleep while it finds nothing, and are awake when it has found a key", async () => {
    assert.equal(await worker(["--trace-opt"]), 0);
    await lab.json(
      ...[
        "session",
        "add",
        "raw/tiny_seed1_g0",
        "--subject",
        "m1",
        "--sex",
        "U",
        "--birth-date",
        "2026-01-01",
      ],
    );
    assert.ok((await worker(["--trace-opt"])) > 20);
  });
});
