/**
 * @module
 * The kernels against scipy in one run, one core each: the 384-channel chain (goal >= 4 times scipy) and LFP decimation (goal >= 5 times
 * scipy.signal.decimate with the same kind of filter).
 *
 *     TENON_PYTHON=... node scripts/start.mjs benchmarks/against-scipy.ts [--only preprocessing|lfp]
 *
 * The programs are packages/ephys/bench/preprocessing.bench.ts and lfp.bench.ts; each checks first that both sides compute the same.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { describeMachine, machineLine } from "./support/machine.ts";

const GOALS = [
  { name: "preprocessing", goal: "the chain at least 4 times scipy" },
  { name: "lfp", goal: "decimation at least 5 times scipy (fir)" },
];
const { values } = parseArgs({ options: { only: { type: "string" } } });
const chosen = GOALS.filter(({ name }) => values.only === undefined || values.only === name);
if (chosen.length === 0 || process.env["TENON_PYTHON"] === undefined) {
  process.stderr.write(
    `Expected TENON_PYTHON to be a Python with scipy (bash scripts/python-env.sh makes one) and --only preprocessing or lfp; ` +
      `got TENON_PYTHON=${process.env["TENON_PYTHON"] ?? ""} ${process.argv.slice(2).join(" ")}\n`,
  );
  process.exit(2);
}
console.log(machineLine(describeMachine()));
for (const { name, goal } of chosen) {
  console.log(`\n${name}: goal ${goal}`);
  const program = join(import.meta.dirname, "../packages/ephys/bench", `${name}.bench.ts`);
  const run = spawnSync(process.execPath, [program], { stdio: ["ignore", "inherit", "inherit"] });
  if (run.status !== 0) process.exit(run.status ?? 1);
}
