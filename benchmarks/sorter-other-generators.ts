/**
 * @module
 * Accuracy of the sorter `tenon` on recordings that its own generator did not make, scored by us and by SpikeInterface.
 *
 *     TENON_PYTHON=... node scripts/start.mjs benchmarks/sorter-other-generators.ts [--generator spikeinterface|shapes|hybrid]
 *         [--layouts tetrode,linear32,poly64] [--seeds 1,2,3] [--noise 8] [--seconds 60] [--threads 1] [--keep DIR] [--units]
 *
 * `spikeinterface` is its generate_ground_truth_recording; `shapes` has other waveforms, noise, rates and probes (see
 * generators/make-shapes-recording.py); `hybrid` adds known units to the real locust recording, of which only those are scored.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { describeMachine, machineLine } from "./support/machine.ts";
import { meanShare, missedUnits, SCORE_HEADER, scoreRow } from "./support/score-table.ts";
import { sortInChild } from "./support/sort-in-child.ts";
import type { SortReport } from "./support/sort-once.ts";

const LAYOUTS: Readonly<Record<string, string>> = {
  spikeinterface: "tetrode,linear32,poly64",
  shapes: "tetrode20,linear16,grid24,poly32",
  hybrid: "locust",
};
const { values } = parseArgs({
  options: {
    generator: { type: "string", default: "spikeinterface" },
    layouts: { type: "string" },
    seeds: { type: "string", default: "1,2,3" },
    noise: { type: "string", default: "8" },
    seconds: { type: "string", default: "60" },
    threads: { type: "string", default: "1" },
    keep: { type: "string" },
    units: { type: "boolean", default: false },
  },
});
const python = process.env["TENON_PYTHON"];
const layouts = values.layouts ?? LAYOUTS[values.generator];
if (python === undefined || layouts === undefined) {
  process.stderr.write(
    `Expected TENON_PYTHON to be a Python with spikeinterface (bash scripts/python-env.sh makes one) and --generator of ` +
      `${Object.keys(LAYOUTS).join(", ")}; got TENON_PYTHON=${python ?? ""} --generator ${values.generator}\n`,
  );
  process.exit(2);
}

console.log(machineLine(describeMachine()));
console.log(
  `generator ${values.generator}, noise ${values.noise} uV, ${values.seconds} s\n\n${SCORE_HEADER}`,
);
const canCompare = spawnSync(python, ["-c", "import numba, pandas"]).status === 0;
const scratch = await mkdtemp(join(tmpdir(), "tenon-bench-"));
const disagreements: string[] = [];
try {
  for (const layout of layouts.split(",")) {
    const reports: SortReport[] = [];
    for (const seed of values.seeds.split(",")) {
      const name = `${values.generator}-${layout}-seed${seed}-${values.noise}uV-${values.seconds}s`;
      const folder = join(values.keep ?? scratch, name);
      if (!existsSync(join(folder, "truth.json")))
        runPython(`make-${values.generator}-recording.py`, [
          folder,
          layout,
          seed,
          values.seconds,
          values.noise,
        ]);
      const phy = join(scratch, `${name}-phy`);
      const report = sortInChild({
        recording: join(folder, "recording.json"),
        truth: join(folder, "truth.json"),
        threads: Number(values.threads),
        phy,
      });
      reports.push(report);
      console.log(scoreRow(`${layout}, seed ${seed}`, report));
      if (values.units) for (const line of missedUnits(report)) console.log(line);
      if (canCompare && report.unitCount > 0) compareScores(name, report, phy, folder);
      await rm(phy, { recursive: true, force: true });
      if (values.keep === undefined) await rm(folder, { recursive: true });
    }
    console.log(
      `| ${layout}, mean share of SNR > 5 | | | ${(100 * meanShare(reports)).toFixed(1)} % | | | | | | | | |`,
    );
  }
} finally {
  await rm(scratch, { recursive: true });
}
if (!canCompare)
  console.log("\nSpikeInterface's own score was not taken: it needs pandas and numba in TENON_PYTHON.");
else
  console.log(
    disagreements.length === 0
      ? "\nSpikeInterface's counts (well detected, found, false, redundant, overmerged) are the same for every recording."
      : `\nSpikeInterface counts otherwise:\n${disagreements.join("\n")}`,
  );

function compareScores(name: string, { score }: SortReport, phy: string, folder: string): void {
  if (score === undefined) return;
  const theirs = JSON.parse(runPython("score-with-spikeinterface.py", [phy, folder])) as Record<
    string,
    number
  >;
  const ours: Record<string, number> = {
    wellDetectedOfAll: score.wellDetectedOfAll,
    wellDetected: score.wellDetected,
    found: score.found,
    falsePositives: score.falsePositives,
    redundant: score.redundant,
    overmerged: score.overmerged,
  };
  const different = Object.keys(theirs).filter((key) => ours[key] !== theirs[key]);
  if (different.length > 0)
    disagreements.push(
      `  ${name}: ${different.map((key) => `${key} ${theirs[key]} (ours ${ours[key]})`).join(", ")}`,
    );
}

function runPython(script: string, args: readonly string[]): string {
  const path = join(import.meta.dirname, "generators", script);
  const run = spawnSync(python ?? "python3", [path, ...args], { encoding: "utf8", maxBuffer: 1 << 26 });
  if (run.status === 0) return run.stdout.trim().split("\n").at(-1) ?? "";
  throw new Error(`${script} ${args.join(" ")} failed:\n${run.stderr}`);
}
