/**
 * @module
 * Accuracy and cost of the sorter. Run: `node packages/ephys/bench/sorter.bench.ts [suite] [seeds] [threads] [seconds]`, e.g.
 * `np384-static 7,11 2`. Recordings are kept in the system's temporary folder, tenon-sorter-bench, and used again.
 * SORTER_BENCH_SCRATCH=FOLDER lets the sorter keep whitened chunks there; SORTER_BENCH_UNITS=1 lists the units that were not found well.
 */
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { scoreSorting } from "../src/comparison/score-sorting.ts";
import { readTruth } from "../src/comparison/truth.ts";
import { generateRecording } from "../src/generate/generate-recording.ts";
import { resolveSuite } from "../src/generate/suites.ts";
import { openRecording } from "../src/io/open-recording.ts";
import { sortRecording } from "../src/sorters/tenon.ts";

const [suiteName = "tiny", seeds = "1", threads = "1", seconds] = process.argv.slice(2);
const suite = resolveSuite(suiteName);
const durationS = seconds === undefined ? suite.durationS : Number(seconds);
const folder = join(tmpdir(), "tenon-sorter-bench");

for (const seed of seeds.split(",")) {
  const name = `${suiteName}_${durationS}s_seed${seed}`;
  const run = join(folder, `${name}_g0`, `${name}_g0_imec0`);
  if (!existsSync(join(run, `${name}_g0_t0.imec0.ap.meta`)))
    await generateRecording(suite, Number(seed), folder, { durationS, name });
  const truth = await readTruth(join(run, "truth.json"));
  const recording = await openRecording(run);
  const cpu = process.cpuUsage();
  const started = performance.now();
  const result = await sortRecording(recording, {
    threads: Number(threads),
    scratchDir: process.env["SORTER_BENCH_SCRATCH"],
  });
  const wall = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  await recording.close();
  const score = scoreSorting(truth, result.sorting);
  const perSecond = ((user + system) / 1e6 / durationS).toFixed(3);
  console.log(
    `${name}: ${score.wellDetected} of ${score.detectableUnits} units with SNR > 5 and ${score.wellDetectedOfAll} of all ${score.trueUnits} ` +
      `have accuracy >= 0.8; found ${score.found}, false ${score.falsePositives}, redundant ${score.redundant}, overmerged ${score.overmerged}; ` +
      `mean accuracy at SNR >= 8: ${score.meanAccuracySnr8.toFixed(3)}`,
  );
  console.log(
    `  ${perSecond} CPU-s per recorded second, wall ${wall.toFixed(1)} s, peak RSS ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB, ` +
      `${result.sorting.spikeSamples.length} spikes`,
  );
  console.log(`  ${result.timings.map(({ stage, seconds: s }) => `${stage} ${s.toFixed(2)}`).join(", ")} s`);
  if (process.env["SORTER_BENCH_UNITS"] !== undefined)
    for (const unit of score.units.toSorted((a, b) => a.snr - b.snr))
      if (unit.accuracy < 0.8)
        console.log(
          `  unit ${unit.id}: SNR ${unit.snr.toFixed(1)}, ${unit.spikeCount} spikes, accuracy ${unit.accuracy.toFixed(2)}, ` +
            `precision ${unit.precision.toFixed(2)}, recall ${unit.recall.toFixed(2)}, best agreement ${unit.bestAgreement.toFixed(2)}`,
        );
}
