/**
 * @module
 * Accuracy and cost of the sorter `tenon` on generated recordings with known truth.
 *
 *     node scripts/start.mjs benchmarks/sorter-accuracy.ts [--suite np384-static] [--seeds 1,2,3] [--threads 1] [--seconds S]
 *                                                          [--keep DIR] [--no-scratch] [--units] [--json]
 *
 * Each recording is generated into a temporary folder (or kept in DIR and used again) and sorted in a process of its own, whose CPU
 * seconds (all threads) and peak memory are printed. Seeds are independent recordings.
 */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { generateRecording, SUITES } from "@tenon/ephys";
import { describeMachine, machineLine } from "./support/machine.ts";
import { meanShare, missedUnits, SCORE_HEADER, scoreRow } from "./support/score-table.ts";
import { sortInChild } from "./support/sort-in-child.ts";
import type { SortReport } from "./support/sort-once.ts";

const { values } = parseArgs({
  options: {
    suite: { type: "string", default: "np384-static" },
    seeds: { type: "string", default: "1,2,3" },
    threads: { type: "string", default: "1" },
    seconds: { type: "string" },
    keep: { type: "string" },
    "no-scratch": { type: "boolean", default: false },
    units: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const suite = SUITES.get(values.suite);
const seeds = values.seeds.split(",").map(Number);
const threads = Number(values.threads);
const durationS = values.seconds === undefined ? suite?.durationS : Number(values.seconds);
if (suite === undefined || durationS === undefined || ![...seeds, threads, durationS].every((n) => n >= 0)) {
  process.stderr.write(
    `Expected --suite of ${[...SUITES.keys()].join(", ")}, --seeds as 1,2,3, --threads and --seconds as numbers; got ${process.argv.slice(2).join(" ")}\n`,
  );
  process.exit(2);
}

const machine = describeMachine();
const scratch = await mkdtemp(join(tmpdir(), "tenon-bench-"));
const folder = values.keep ?? scratch;
const reports: { readonly seed: number; readonly report: SortReport }[] = [];
try {
  await mkdir(folder, { recursive: true });
  if (!values.json) {
    console.log(machineLine(machine));
    console.log(`${suite.name}: ${durationS} s x ${suite.channelCount} channels, ${threads} thread(s)\n`);
    console.log(SCORE_HEADER);
  }
  for (const seed of seeds) {
    const name = `${suite.name}_${durationS}s_seed${seed}`;
    const run = join(folder, `${name}_g0`, `${name}_g0_imec0`);
    if (!existsSync(join(run, `${name}_g0_t0.imec0.ap.meta`)))
      await generateRecording(suite, seed, folder, { durationS, name });
    const report = sortInChild({
      recording: run,
      truth: join(run, "truth.json"),
      threads,
      scratch: values["no-scratch"] ? undefined : scratch,
    });
    if (values.keep === undefined) await rm(join(folder, `${name}_g0`), { recursive: true });
    reports.push({ seed, report });
    if (values.json) continue;
    console.log(scoreRow(`seed ${seed}`, report));
    if (values.units) for (const line of missedUnits(report)) console.log(line);
  }
} finally {
  await rm(scratch, { recursive: true });
}
const share = meanShare(reports.map(({ report }) => report));
if (values.json) {
  console.log(JSON.stringify({ machine, suite: suite.name, durationS, threads, meanShare: share, reports }));
} else {
  console.log(`\nmean share of the units with SNR > 5 that are well detected: ${(100 * share).toFixed(1)} %`);
  console.log(`sorter version ${reports[0]?.report.sorterVersion}`);
}
