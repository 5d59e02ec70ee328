/**
 * @module
 * Times preprocessing and detection of a 384-channel recording from a file against numpy and scipy in the same run.
 * Run: `TENON_PYTHON=... node packages/ephys/bench/preprocessing.bench.ts [seconds]`; without TENON_PYTHON only this package is timed.
 *
 * One thread each (OMP_NUM_THREADS=1). Both read the same int16 file (seed 1), with the same whitening rows, pools and prototype, and the
 * results are compared. Five rounds, the two programs in turn; least and median are printed, ratios are of the medians. Reading takes
 * part in both. Goal: the chain at least 4 times as fast as scipy's.
 */
import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "../src/core/random.ts";
import type { Recording } from "../src/core/recording.ts";
import { Detector } from "../src/detection/detector.ts";
import { learnDetector } from "../src/detection/learn-detector.ts";
import { openRecording } from "../src/io/open-recording.ts";
import { planPreprocessing } from "../src/preprocessing/plan.ts";
import type { SparseRows } from "../src/preprocessing/preprocessing-plan.ts";
import { Preprocessor } from "../src/preprocessing/preprocessor.ts";

const CHANNELS = 384;
const RATE = 30_000;
const GAIN_UV = 2.34375;
const THRESHOLD = 3.6;
const ROUNDS = 5;
const seconds = Number(process.argv[2] ?? 5);
const python = process.env["TENON_PYTHON"];
const folder = await mkdtemp(join(tmpdir(), "tenon-bench-"));

try {
  const recording = await makeRecording();
  const started = performance.now();
  const plan = await planPreprocessing(recording);
  const planned = performance.now();
  const preprocessor = Preprocessor.create(plan);
  const model = await learnDetector(preprocessor, recording, { random: new Random(1) });
  console.log(
    `planPreprocessing ${(planned - started).toFixed(0)} ms, learnDetector ${(performance.now() - planned).toFixed(0)} ms`,
  );
  await writeFile(
    join(folder, "plan.json"),
    JSON.stringify({
      channels: CHANNELS,
      seconds,
      gain: GAIN_UV,
      threshold: THRESHOLD,
      sos: Array.from(plan.sections),
      whitening: plain(plan.whitening),
      pools: model.pools.map(plain),
      prototype: Array.from(model.prototype),
      before: model.before,
    }),
  );
  const detector = new Detector(model);
  const out = new Float32Array(RATE * CHANNELS);
  const own: Timing[] = [];
  const peers: Timing[] = [];
  let versions = "";
  for (let round = 0; round < ROUNDS; round++) {
    const ours = await measure(recording, preprocessor, detector, out);
    own.push(ours);
    if (python === undefined) continue;
    const theirs = runPeer(python);
    peers.push(theirs);
    versions = theirs.versions;
    compare(out, await readFile(join(folder, "last.f32")), ours.events, theirs.events);
  }
  console.log(
    `Node ${process.version}, ${cpus()[0]?.model}, ${CHANNELS} channels, ${seconds} s at ${RATE} Hz, seed 1, one thread; ` +
      "ms of CPU time per second of recording, least and median of " +
      ROUNDS,
  );
  const parts = {
    chain: "gain, band pass, common median, whitening",
    detection: "matched filter, pools, peaks",
  };
  for (const part of ["chain", "detection"] as const) {
    console.log(`${part} (${parts[part]}): ours ${spread(own, part)}`);
    if (python === undefined) continue;
    const ratio = median(peers, part) / median(own, part);
    console.log(`  ${versions}: ${spread(peers, part)}; ratio ${ratio.toFixed(2)}`);
  }
  if (python === undefined) console.log("TENON_PYTHON is not set: no comparison");
} finally {
  await rm(folder, { recursive: true });
}

interface Timing {
  readonly chain: number;
  readonly detection: number;
  readonly events: number;
}

function median(timings: readonly Timing[], part: "chain" | "detection"): number {
  const sorted = timings.map((timing) => timing[part]).toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function spread(timings: readonly Timing[], part: "chain" | "detection"): string {
  const least = Math.min(...timings.map((timing) => timing[part]));
  return `${least.toFixed(1)}, ${median(timings, part).toFixed(1)}`;
}

async function measure(
  recording: Recording,
  preprocessor: Preprocessor,
  detector: Detector,
  out: Float32Array,
): Promise<Timing> {
  let chain = 0;
  let detection = 0;
  let events = 0;
  for (let second = 0; second < seconds; second++) {
    const start = cpuMs();
    const traces = await preprocessor.whiten(recording, second * RATE, (second + 1) * RATE, out);
    const middle = cpuMs();
    events = detector.events(traces, THRESHOLD).samples.length;
    chain += middle - start;
    detection += cpuMs() - middle;
  }
  return { chain: chain / seconds, detection: detection / seconds, events };
}

/** CPU time of this process, all its threads, ms: unlike the clock it does not count what other programs take. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function runPeer(program: string): Timing & { versions: string } {
  const script = new URL("support/preprocessing-peer.py", import.meta.url).pathname;
  const run = spawnSync(program, [script, folder], {
    encoding: "utf8",
    env: { ...process.env, OMP_NUM_THREADS: "1" },
  });
  if (run.status !== 0) throw new Error(`The peer failed:\n${run.stderr}`);
  return JSON.parse(run.stdout);
}

function compare(ours: Float32Array, bytes: Buffer, ourEvents: number, theirEvents: number): void {
  const theirs = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  let largest = 0;
  for (let i = 0; i < ours.length; i++) largest = Math.max(largest, Math.abs(ours[i] - theirs[i]));
  console.log(
    `last second: largest difference ${largest.toExponential(1)} sigma; peaks and events ${theirEvents}, ${ourEvents}`,
  );
  if (!(largest < 0.05))
    throw new Error(`The results differ by ${largest} sigma: the times do not compare like with like`);
}

function plain(rows: SparseRows): { rowStart: number[]; channels: number[]; weights: number[] } {
  return {
    rowStart: Array.from(rows.rowStart),
    channels: Array.from(rows.channels),
    weights: Array.from(rows.weights),
  };
}

/** Noise that neighbours share, a common part, a slow wave and spikes, in an int16 file. */
async function makeRecording(): Promise<Recording> {
  const random = new Random(1);
  const table = Float32Array.from({ length: 65_536 }, () => random.normal());
  const samples = new Int16Array(seconds * RATE * CHANNELS);
  for (let t = 0; t < seconds * RATE; t++) {
    const common = 3 * table[random.uint32() & 65_535] + 100 * Math.sin(t / 700);
    let own = 0;
    for (let c = 0; c < CHANNELS; c++) {
      own = 0.6 * own + 4 * table[random.uint32() & 65_535];
      samples[t * CHANNELS + c] = own + common;
    }
  }
  for (let spike = 0; spike < 1000 * seconds; spike++) {
    const at = 50 + random.integer(seconds * RATE - 100);
    const channel = random.integer(CHANNELS);
    for (let c = Math.max(0, channel - 4); c < Math.min(CHANNELS, channel + 5); c++)
      for (let d = -8; d < 25; d++)
        samples[(at + d) * CHANNELS + c] -=
          (50 * Math.exp((-d * d) / 18) - 15 * Math.exp(-((d - 8) ** 2) / 50)) / (1 + Math.abs(c - channel));
  }
  await writeFile(join(folder, "data.raw"), samples);
  const columns = [16, 48, 0, 32];
  const positions = Array.from({ length: CHANNELS }, (_, c) => [columns[c % 4], 20 * Math.floor(c / 2)]);
  const path = join(folder, "recording.json");
  await writeFile(
    path,
    JSON.stringify({
      data: "data.raw",
      dtype: "int16",
      channelCount: CHANNELS,
      samplingRateHz: RATE,
      gainUvPerBit: GAIN_UV,
      probe: { positions },
    }),
  );
  return openRecording(path);
}
