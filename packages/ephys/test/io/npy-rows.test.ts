import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { Random } from "../../src/core/random.ts";
import { readNpyRows, readNpyShape } from "../../src/io/npy/read-npy-rows.ts";
import { writeNpy } from "../../src/io/npy/write-npy.ts";

const folder = mkdtempSync(join(tmpdir(), "tenon-npy-rows-"));
after(() => rmSync(folder, { recursive: true }));

/** Rows of 2 x 3 that hold their own numbers, far more than one piece holds. */
const count = 50_000;
const all = Float32Array.from({ length: count * 6 }, (_, i) => i);
const path = join(folder, "all.npy");

describe("readNpyRows", () => {
  it("gives the rows that are asked for, near and far apart", async () => {
    await writeNpy(path, all, [count, 2, 3]);
    const random = new Random(1);
    for (const rows of [
      Int32Array.of(0, 1, 2, count - 1),
      Int32Array.from({ length: 3000 }, () => random.integer(count)).sort(),
      Int32Array.from({ length: count }, (_, i) => i),
      new Int32Array(0),
    ]) {
      const { values, shape } = await readNpyRows(path, rows);
      assert.deepEqual(shape, [rows.length, 2, 3]);
      assert.ok(values instanceof Float32Array);
      assert.ok(values.every((value, i) => value === 6 * rows[Math.floor(i / 6)] + (i % 6)));
    }
    assert.deepEqual(await readNpyShape(path), [count, 2, 3]);
  });

  it("reads arrays in Fortran order too", async () => {
    // the same two rows (1 2 3) and (4 5 6), columns first
    const fortran = join(folder, "fortran.npy");
    await writeNpy(fortran, Float64Array.of(1, 4, 2, 5, 3, 6), [2, 3]);
    writeFileSync(
      fortran,
      Buffer.from(readFileSync(fortran).toString("latin1").replace("False", "True "), "latin1"),
    );
    const { values, shape } = await readNpyRows(fortran, Int32Array.of(1));
    assert.deepEqual([...values], [4, 5, 6]);
    assert.deepEqual(shape, [1, 3]);
  });

  it("refuses a row that is not there, a file that is not there, and one that was cut", async () => {
    await writeNpy(path, all, [count, 2, 3]);
    await assert.rejects(readNpyRows(path, Int32Array.of(count)), /has no row 50000/);
    await assert.rejects(readNpyRows(join(folder, "none.npy"), Int32Array.of(0)), { code: "missing-npy" });
    writeFileSync(path, readFileSync(path).subarray(0, 500_000));
    await assert.rejects(readNpyRows(path, Int32Array.of(40_000)), { code: "bad-npy" });
  });
});
