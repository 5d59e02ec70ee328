import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random } from "../../src/core/random.ts";

describe("Random", () => {
  it("is PCG32: the numbers that its authors print for seed 42, stream 54", () => {
    const random = new Random(42, 54);
    const got = Array.from({ length: 6 }, () => random.uint32().toString(16));
    // pcg32-demo of the reference implementation, round 1 (pcg-random.org)
    assert.deepEqual(got, ["a15c02b7", "7b47f409", "ba1d3330", "83d2f293", "bfa4784b", "cbed606e"]);
  });

  it("gives the same again for a seed, and another sequence for another seed or stream", () => {
    const draw = (seed: number, stream?: number) => {
      const random = new Random(seed, stream);
      return Array.from({ length: 5 }, () => random.uniform());
    };
    assert.deepEqual(draw(7), draw(7));
    const others = [draw(7), draw(8), draw(7, 1), draw(7 + 2 ** 32)].map((values) => values.join());
    assert.equal(new Set(others).size, 4);
  });

  it("uniform, integer and normal have the moments of their distributions", () => {
    const random = new Random(1);
    const count = 200_000;
    let [uniform, normal, square, cube] = [0, 0, 0, 0];
    const bins = new Int32Array(10);
    for (let i = 0; i < count; i++) {
      const u = random.uniform();
      assert.ok(u >= 0 && u < 1);
      uniform += u;
      const z = random.normal();
      normal += z;
      square += z * z;
      cube += z ** 3;
      bins[random.integer(10)]++;
    }
    // four standard errors of each mean
    const allowed = 4 / Math.sqrt(count);
    assert.ok(Math.abs(uniform / count - 0.5) < allowed * Math.sqrt(1 / 12));
    assert.ok(Math.abs(normal / count) < allowed);
    assert.ok(Math.abs(square / count - 1) < allowed * Math.SQRT2);
    assert.ok(Math.abs(cube / count) < allowed * Math.sqrt(15));
    for (const bin of bins) assert.ok(Math.abs(bin / count - 0.1) < allowed * 0.3);
  });

  it("shuffles into every order equally often", () => {
    const random = new Random(2);
    const counts = new Map<string, number>();
    for (let i = 0; i < 24_000; i++) {
      const values = [0, 1, 2, 3];
      random.shuffle(values);
      counts.set(values.join(""), (counts.get(values.join("")) ?? 0) + 1);
    }
    assert.equal(counts.size, 24);
    // 1000 each; four standard deviations
    for (const count of counts.values()) assert.ok(Math.abs(count - 1000) < 4 * Math.sqrt(1000));
  });
});
