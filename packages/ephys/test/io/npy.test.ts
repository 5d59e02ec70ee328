import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { RecordingError, ShapeError } from "../../src/errors.ts";
import { npyNumbers, parseNpy, readNpy } from "../../src/io/npy/read-npy.ts";
import { formatNpy, writeNpy } from "../../src/io/npy/write-npy.ts";
import { sharedPath, skipWithoutSharedData } from "../support/shared-data.ts";
import { temporaryFolder } from "../support/tiny-spikeglx.ts";

interface Fixture {
  descr: string;
  shape: number[];
  fortran: boolean;
  values: (number | string | null)[];
  npy: string;
}

const fixtures: Fixture[] = JSON.parse(readFileSync(join(import.meta.dirname, "fixtures/npy.json"), "utf8"));
const SPECIAL: Record<string, number> = { inf: Number.POSITIVE_INFINITY, "-inf": Number.NEGATIVE_INFINITY };
const asNumber = (value: number | string | null) =>
  value === null ? Number.NaN : typeof value === "string" ? SPECIAL[value] : value;

describe("npy", () => {
  it("reads what numpy writes: every type, byte order, index order and version", () => {
    assert.ok(fixtures.length > 120);
    for (const { descr, shape, fortran, values, npy } of fixtures) {
      const array = parseNpy(Buffer.from(npy, "base64"), "fixture");
      const name = `${descr} (${shape}) ${fortran ? "fortran" : "C"}`;
      assert.deepEqual(array.shape, shape, name);
      assert.deepEqual([...npyNumbers(array, "fixture")], values.map(asNumber), name);
      assert.equal(array.isBoolean, descr === "|b1", name);
    }
  });

  it("writes the very bytes of numpy.save", () => {
    let written = 0;
    for (const { descr, fortran, npy } of fixtures) {
      const bytes = Buffer.from(npy, "base64");
      if (fortran || descr.startsWith(">") || descr.endsWith("f2") || descr.endsWith("b1") || bytes[6] !== 1)
        continue;
      const { values, shape } = parseNpy(bytes, "fixture");
      assert.deepEqual(Buffer.from(formatNpy(values, shape)), bytes, `${descr} (${shape})`);
      written++;
    }
    assert.ok(written >= 30, `${written}`);
  });

  it("refuses a file that is cut, of another kind, or of values that are no numbers", async () => {
    const good = formatNpy(Float32Array.of(1, 2, 3));
    const header = (descr: string) =>
      Buffer.from(Buffer.from(good).toString("latin1").replace("'<f4'", descr), "latin1");
    const wrong: [Uint8Array, RegExp][] = [
      [good.subarray(0, good.length - 1), /shape \(3\) of <f4, that is 12 bytes, and holds 11. It was cut/],
      [good.subarray(0, 60), /cut in its header/],
      [new Uint8Array(0), /not a .npy file/],
      [Buffer.from("PK zip file"), /not a .npy file/],
      [header("'<c8'"), /type '<c8', which are no real numbers/],
      [header("'|O' "), /type '\|O'/],
      [header("[('a', '<f4')]"), /named fields/],
    ];
    for (const [bytes, part] of wrong)
      assert.throws(
        () => parseNpy(bytes, "x.npy"),
        (error) => error instanceof RecordingError && part.test(error.message),
      );
    await assert.rejects(
      readNpy("/absent.npy"),
      (error) => error instanceof RecordingError && error.code === "missing-npy",
    );
    assert.throws(() => formatNpy(Float32Array.of(1, 2, 3), [2, 2]), ShapeError);
    const big = parseNpy(formatNpy(BigUint64Array.of(2n ** 60n + 1n)), "big.npy");
    assert.throws(() => npyNumbers(big, "big.npy"), /no exact number/);
  });

  it("writes a file that it reads again", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "a.npy");
    await writeNpy(path, Float64Array.of(1, 2, 3, 4, 5, 6), [3, 2]);
    const { values, shape } = await readNpy(path);
    assert.deepEqual(
      [[...values], shape],
      [
        [1, 2, 3, 4, 5, 6],
        [3, 2],
      ],
    );
  });

  it("reads real Phy folders, spike counts as expected", { skip: skipWithoutSharedData }, async () => {
    const clusters = JSON.parse(readFileSync(sharedPath("expected/phy_clusters.json"), "utf8"));
    assert.ok(Object.keys(clusters).length > 0);
    const folder = "Julie-Fabre+bombcell/py_bombcell/demos/toy_data";
    const times = await readNpy(sharedPath(folder, "spike_times.npy"));
    const units = await readNpy(sharedPath(folder, "spike_clusters.npy"));
    assert.equal(times.values.length, units.values.length);
    const templates = await readNpy(sharedPath(folder, "templates.npy"));
    assert.equal(templates.shape.length, 3);
  });
});
