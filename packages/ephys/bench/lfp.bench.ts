/**
 * @module
 * Decimation of 30 s x 384 channels by 12: ours and scipy.signal.decimate over the same float32 samples in the same run, one core each,
 * one after the other. Run: `TENON_PYTHON=/path/to/python node bench/lfp.bench.ts`; without it only ours is timed. Needs 5 GB of memory.
 *
 * Goal: at least 5 times as fast as scipy with the same filter (ftype "fir").
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "../src/core/random.ts";
import { makeTraces } from "../src/core/traces.ts";
import { Decimator } from "../src/dsp/decimate.ts";
import { supportsRelaxed } from "../src/dsp/wasm/load.ts";

const SEED = 20261124;
const RATE_HZ = 30000;
const CHANNELS = 384;
const FACTOR = 12;
/** The samples repeat after this long; the whole is this times `REPEATS`. */
const BLOCK_S = 1;
const REPEATS = 30;
const COMPARED_CHANNELS = 8;

interface ScipyResult {
  readonly python: string;
  readonly numpy: string;
  readonly scipy: string;
  readonly samples: number;
  readonly seconds: { readonly fir: number; readonly iir: number };
}

const block = makeTraces(BLOCK_S * RATE_HZ, CHANNELS);
const random = new Random(SEED);
for (let i = 0; i < block.data.length; i++) block.data[i] = 50 * random.normal();

console.log(
  `node ${process.version}, ${cpus()[0]?.model}, SIMD ${supportsRelaxed() ? "relaxed" : "plain"}, seed ${SEED}`,
);
console.log(`${BLOCK_S * REPEATS} s x ${CHANNELS} channels at ${RATE_HZ} Hz, by ${FACTOR}`);

const sampleCount = Math.ceil((block.sampleCount * REPEATS) / FACTOR);
const compared = new Float32Array(sampleCount * COMPARED_CHANNELS);
const runs = [0, 1, 2].map(() => ours());
const median = runs.toSorted((a, b) => a - b)[1];
console.log(
  `ours      ${Math.min(...runs).toFixed(3)} s least, ${median.toFixed(3)} s median of three (runs ${runs.map((run) => run.toFixed(3)).join(", ")})`,
);

const python = process.env.TENON_PYTHON;
if (python === undefined) console.log("scipy     not timed: set TENON_PYTHON to a python with scipy");
else {
  const peer = scipy(python);
  const versions = `scipy ${peer.result.scipy}, numpy ${peer.result.numpy}, python ${peer.result.python}`;
  console.log(
    `scipy fir ${peer.result.seconds.fir.toFixed(3)} s, iir ${peer.result.seconds.iir.toFixed(3)} s (${versions})`,
  );
  console.log(
    `ratio     ${(peer.result.seconds.fir / median).toFixed(1)} to fir, ${(peer.result.seconds.iir / median).toFixed(1)} to iir`,
  );
  console.log(
    `largest difference from scipy fir, ${COMPARED_CHANNELS} channels: ${peer.difference.toExponential(2)} uV`,
  );
}

/** Decimates the whole once. @returns seconds of CPU time, which unlike the clock does not count what other programs take */
function ours(): number {
  const start = process.cpuUsage();
  const decimator = new Decimator(FACTOR, CHANNELS);
  let row = 0;
  for (let i = 0; i <= REPEATS; i++) {
    const out = i < REPEATS ? decimator.push(block) : decimator.finish();
    for (let t = 0; t < out.sampleCount; t++, row++)
      for (let c = 0; c < COMPARED_CHANNELS; c++)
        compared[row * COMPARED_CHANNELS + c] = out.data[t * CHANNELS + c];
  }
  if (row !== sampleCount) throw new Error(`Expected ${sampleCount} samples, got ${row}`);
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}

function scipy(python: string): { result: ScipyResult; difference: number } {
  const folder = mkdtempSync(join(tmpdir(), "tenon-lfp-bench-"));
  try {
    writeFileSync(join(folder, "block.f32"), new Uint8Array(block.data.buffer));
    const script = join(import.meta.dirname, "decimate-scipy.py");
    const one = { OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1", MKL_NUM_THREADS: "1" };
    const run = spawnSync(python, [script, folder, String(REPEATS)], {
      encoding: "utf8",
      env: { ...process.env, ...one },
    });
    if (run.status !== 0) throw new Error(`scipy's run failed: ${run.stderr}`);
    const theirs = new Float32Array(new Uint8Array(readFileSync(join(folder, "fir.f32"))).buffer);
    if (theirs.length !== compared.length)
      throw new Error(`scipy gave ${theirs.length} values, ours ${compared.length}`);
    let difference = 0;
    for (let i = 0; i < compared.length; i++)
      difference = Math.max(difference, Math.abs(compared[i] - theirs[i]));
    return { result: JSON.parse(run.stdout) as ScipyResult, difference };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
