/** @module The WebAssembly kernel computes what the plain one does, and both what the formula says. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { Random } from "../../src/core/random.ts";
import { makeScoreKernel } from "../../src/matching/score-kernel.ts";
import { makeWasmScoreKernel } from "../../src/matching/wasm-score-kernel.ts";
import { compileKernel, embeddedKernel } from "./support/embed-kernel.ts";
import { smoothBasis, WINDOW } from "./support/synthetic-units.ts";

for (const rank of [5, 3])
  test(`gives the products of snippets and templates at every lag, rank ${rank}`, () => {
    const random = new Random(4);
    const basis = smoothBasis(rank);
    const shape = { lagCount: 7, maxWidth: 24, maxCandidates: 9 };
    const tableStart = 24;
    const table = Float32Array.from({ length: tableStart + 9 * rank * 24 }, () => random.normal());
    for (const make of [makeScoreKernel, makeWasmScoreKernel]) {
      const kernel = make(basis, shape, table);
      for (const [width, candidates] of [
        [24, 9],
        [20, 1],
        [4, 3],
        [12, 6],
      ]) {
        for (let i = 0; i < (WINDOW + 6) * width; i++) kernel.snippet[i] = random.normal();
        kernel.run(width, tableStart, candidates);
        for (let lag = 0; lag < 7; lag++)
          for (let k = 0; k < candidates; k++) {
            let expected = 0;
            for (let r = 0; r < rank; r++)
              for (let c = 0; c < width; c++) {
                let projected = 0;
                for (let w = 0; w < WINDOW; w++)
                  projected += basis.features[r * WINDOW + w] * kernel.snippet[(lag + w) * width + c];
                expected += projected * table[tableStart + (k * rank + r) * width + c];
              }
            const got = kernel.products[lag * candidates + k];
            assert.ok(
              Math.abs(got - expected) < 1e-4,
              `${make.name}, width ${width}, lag ${lag}, ${k}: ${got}`,
            );
          }
      }
    }
  });

test("embeds the kernel that its source compiles to", async () => {
  assert.equal(
    await readFile(embeddedKernel, "utf8"),
    await compileKernel(),
    "run test/matching/support/embed-kernel.ts",
  );
});
