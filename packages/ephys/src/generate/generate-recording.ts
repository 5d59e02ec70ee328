/**
 * @module
 * Writes a recording with known truth to disk, as a SpikeGLX run with its truth beside it.
 *
 * NAME_g0/NAME_g0_imec0/ gets NAME_g0_t0.imec0.ap.bin and .ap.meta, truth.json, truth_spikes.bin and truth_templates.npy. The .bin has
 * another name until it is whole, and the .meta is written last: what looks like a recording is one.
 */
import { createHash } from "node:crypto";
import { access, mkdir, open, rename, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { ParameterError, RecordingError } from "../errors.ts";
import { NoiseLevelMeter } from "./noise-level.ts";
import { Simulator, STRETCH_SAMPLES } from "./simulator.ts";
import { amplifierOf, makeSpikeGlxMeta } from "./spikeglx-meta.ts";
import { resolveSuite, type Suite, type SuiteName } from "./suites.ts";
import {
  describeUnits,
  type TruthFile,
  type TruthUnit,
  writeTruthSpikes,
  writeTruthTemplates,
} from "./truth-files.ts";

export interface GenerateOptions {
  /** Called after each 6000 samples with the samples that are done and all of them. */
  readonly progress?: ((done: number, total: number) => void) | undefined;
  /** Length of the recording, s. Default: the suite's. A shorter one is *not* the beginning of a longer one in its last 10 ms. */
  readonly durationS?: number | undefined;
  /** NAME of the run. Default `SUITE_seedSEED`. */
  readonly name?: string | undefined;
  /** When the recording says that it began, `YYYY-MM-DDTHH:MM:SS`. Default 2026-01-01T12:00:00, for equal bytes. */
  readonly createTime?: string | undefined;
  /** Stops between stretches; what was written is removed. */
  readonly signal?: AbortSignal | undefined;
}

export interface GeneratedRecording {
  readonly metaPath: string;
  readonly binPath: string;
  readonly truthPath: string;
  readonly units: readonly TruthUnit[];
  readonly sampleCount: number;
}

/**
 * Generates a recording. Same suite, seed and options: same bytes.
 *
 * @param outDir  folder that gets the run's folder; made when absent
 * @throws ParameterError for an unknown suite or a field that cannot be; RecordingError `exists` when the run is there already
 */
export async function generateRecording(
  suiteOrName: SuiteName | Suite,
  seed: number,
  outDir: string,
  options: GenerateOptions = {},
): Promise<GeneratedRecording> {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new ParameterError(`Seed must be a whole number from 0, got ${seed}`, "seed");
  const found = resolveSuite(suiteOrName);
  const suite = resolveSuite({ ...found, durationS: options.durationS ?? found.durationS });
  const name = options.name ?? `${suite.name}_seed${seed}`;
  const folder = resolve(join(outDir, `${name}_g0`, `${name}_g0_imec0`));
  const base = join(folder, `${name}_g0_t0.imec0.ap`);
  const [binPath, metaPath] = [`${base}.bin`, `${base}.meta`];
  await refuseExisting(binPath);
  await mkdir(folder, { recursive: true });

  const simulator = new Simulator(suite, seed);
  const meter = new NoiseLevelMeter(suite.samplingRateHz);
  const partial = `${binPath}.partial`;
  let isWhole = false;
  try {
    const sha1 = await writeBin(simulator, meter, partial, options);
    const noise = meter.level() ?? new Float64Array(suite.channelCount).fill(suite.noiseUv);
    const units = describeUnits(simulator.units, simulator.spikes, noise);
    const truthPath = join(folder, "truth.json");
    const truth = makeTruth(simulator, seed, `${name}_g0_t0.imec0.ap.meta`, noise, units);
    await writeTruthSpikes(join(folder, truth.spikesFile), simulator.spikes);
    await writeTruthTemplates(join(folder, truth.templatesFile), simulator.units, suite.channelCount);
    await writeFile(truthPath, `${JSON.stringify(truth, null, 1)}\n`);
    await rename(partial, binPath);
    const { probe, sampleCount } = simulator;
    const createTime = options.createTime ?? "2026-01-01T12:00:00";
    await writeFile(
      metaPath,
      // the name alone: with the folder in it, the same seed would not give the same bytes
      makeSpikeGlxMeta({
        suite,
        seed,
        probe,
        binPath: `${name}_g0_t0.imec0.ap.bin`,
        sampleCount,
        sha1,
        createTime,
      }),
    );
    isWhole = true;
    return { metaPath, binPath, truthPath, units, sampleCount };
  } finally {
    if (!isWhole) await rm(partial, { force: true });
  }
}

const NOISE_WINDOWS = 6;

async function writeBin(
  simulator: Simulator,
  meter: NoiseLevelMeter,
  path: string,
  { progress, signal }: GenerateOptions,
): Promise<string> {
  const { sampleCount, suite, columnCount } = simulator;
  const { uvPerBit } = amplifierOf(suite.part);
  const stretches = Math.ceil(sampleCount / STRETCH_SAMPLES);
  const everyNth = Math.max(1, Math.floor(stretches / NOISE_WINDOWS));
  const hash = createHash("sha1");
  const file = await open(path, "w");
  try {
    let done = 0;
    for (let stretch = 0; ; stretch++) {
      signal?.throwIfAborted();
      const data = simulator.next();
      if (data === undefined) break;
      const rows = data.length / columnCount;
      const bytes = new Uint8Array(data.buffer);
      hash.update(bytes);
      await file.writeFile(bytes);
      if (stretch % everyNth === 0) meter.add(data, rows, columnCount, suite.channelCount, uvPerBit);
      done += rows;
      progress?.(done, sampleCount);
    }
  } finally {
    await file.close();
  }
  return hash.digest("hex").toUpperCase();
}

function makeTruth(
  simulator: Simulator,
  seed: number,
  recording: string,
  noiseLevelUv: Float64Array,
  units: readonly TruthUnit[],
): TruthFile {
  const { suite, sampleCount, spikes } = simulator;
  const template = simulator.units[0]?.template;
  return {
    format: "tenon-truth",
    version: 1,
    suite,
    seed,
    samplingRateHz: suite.samplingRateHz,
    sampleCount,
    channelCount: suite.channelCount,
    spikeCount: spikes.samples.length,
    recording,
    spikesFile: "truth_spikes.bin",
    templatesFile: "truth_templates.npy",
    templateSamplesBefore: template?.samplesBefore ?? 0,
    templateSampleCount: template?.sampleCount ?? 0,
    noiseLevelUv: Array.from(noiseLevelUv, (level) => Math.round(level * 1000) / 1000),
    units,
  };
}

async function refuseExisting(path: string): Promise<void> {
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (isThere)
    throw new RecordingError(
      `'${path}' exists already. Generate into another folder or under another name, or remove it first.`,
      "exists",
      path,
    );
}
