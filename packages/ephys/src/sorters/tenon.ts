/**
 * @module
 * The sorter `tenon`: preprocess, detect, cluster, match, learn again, match.
 *
 * No pass holds the recording: every stage reads it chunk by chunk, and preprocesses anew or reads whitened chunks from a scratch file.
 * What a newcomer would get wrong: jobs work with samples of the band-passed signal, which lags; only the result's spikes are moved
 * back to where their troughs are in the recording.
 *
 * Source: shared/prototypes/sorter (a study of ours).
 */
import { randomUUID } from "node:crypto";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Recording } from "../core/recording.ts";
import { ParameterError } from "../errors.ts";
import type { PreprocessingPlan } from "../preprocessing/preprocessing-plan.ts";
import { planChunks } from "./chunks.ts";
import { JobPool } from "./job-pool.ts";
import type { SharedSetup } from "./job-tools.ts";
import type { DetectedChunk } from "./jobs/detect-seeds.ts";
import type { MatchedChunk } from "./jobs/match-chunk.ts";
import { type GivenSorterParameters, type SorterParameters, sorterParameters } from "./parameters.ts";
import type { SortingResult, StageTiming } from "./sorting-result.ts";
import { audition } from "./stages/audition.ts";
import { clusterWindows } from "./stages/cluster-windows.ts";
import { describeUnits, type UnitDescriptions } from "./stages/describe-units.ts";
import { type FinalSpikes, finalSpikes } from "./stages/final-spikes.ts";
import { firstTemplates } from "./stages/first-templates.ts";
import { type LearnSetupOptions, learnSetup } from "./stages/learn-setup.ts";
import { learningRound } from "./stages/learning-round.ts";
import { type FoundEvents, join as joinArrays, joinMatched, matchChunks } from "./stages/match-recording.ts";
import { STREAMS, type StageContext } from "./stages/stage-context.ts";
import { type CachePlan, createCache, removeCache } from "./whitened-cache.ts";

/** Of the algorithm: raised when the same recording and parameters give other spikes. */
export const TENON_VERSION = "1";

export interface SortOptions {
  readonly parameters?: GivenSorterParameters | undefined;
  /** Threads that work; the result does not depend on it. Default: the machine's, at most 4; 1 works in the calling thread. */
  readonly threads?: number | undefined;
  /**
   * A folder that gets a file of whitened chunks while sorting (2 bytes a value of the learned part, at most `learningSeconds`) when they
   * are too many for `cacheBytes`. Without it every pass then preprocesses anew, which takes up to twice as long on many channels.
   */
  readonly scratchDir?: string | undefined;
  /** The preprocessing, when it was learned before of this recording with the same parameters. Default: it is learned here. */
  readonly plan?: PreprocessingPlan | undefined;
  /** Memory for whitened chunks, bytes: 65 s of 384 channels fit the default, 1.5e9; 0 for none. Moves results by next to nothing. */
  readonly cacheBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told of each stage what is done. */
  readonly progress?: ((stage: SortStage, done: number, total: number) => void) | undefined;
}

export type SortStage =
  | "learn"
  | "detect"
  | "cluster"
  | "templates"
  | "match"
  | "relearn"
  | "audition"
  | "final match"
  | "describe";

/** A recording of less than this many windows has nothing to learn from. */
const SHORTEST_WINDOWS = 20;
const WINDOW_SAMPLES = 76;
const CACHE_BYTES = 1.5e9;

/**
 * Sorts a recording.
 *
 * @returns an empty sorting, and why (`emptyReason`), for a recording that is silent, without spikes, or shorter than 0.05 s
 * @throws ParameterError for a parameter that is unknown or out of range; RecordingError from reading; the signal's reason
 *
 * Same result for the same recording and parameters, whatever the threads. Memory: `cacheBytes`, some 50 MB a thread and 0.7 kB a spike.
 */
export async function sortRecording(recording: Recording, options: SortOptions = {}): Promise<SortingResult> {
  const parameters = sorterParameters(options.parameters);
  const threads = options.threads ?? Math.min(4, availableParallelism());
  if (!Number.isInteger(threads) || threads < 1)
    throw new ParameterError(`threads must be a whole number of at least 1, got ${threads}`, "threads");
  const clock = new StageClock(options);
  const setup = await clock.time("learn", (progress) =>
    setupOf(recording, parameters, { plan: options.plan, signal: options.signal, progress }),
  );
  if (typeof setup === "string") return emptyResult(recording, parameters, clock.timings, setup);
  const cache = planCache(options, recording, setup);
  const pool = new JobPool({ ...setup, cache }, recording, threads);
  try {
    return await sortWith(pool, recording, setup, clock, options.signal);
  } finally {
    await pool.close();
    if (cache !== undefined) removeCache(cache);
  }
}

/** The empty cache of the learning chunks, each with the margins that `JobTools.whiten` gives it. */
function planCache(
  { scratchDir, cacheBytes = CACHE_BYTES }: SortOptions,
  recording: Recording,
  setup: SharedSetup,
): CachePlan | undefined {
  const { sampleCount, samplingRateHz, channelCount } = recording;
  const { chunks, learning } = planChunks(sampleCount, samplingRateHz, setup.parameters);
  const margin = 2 * setup.basis.windowSamples;
  const spans = learning.map((chunk) => {
    const { start, end } = chunks[chunk];
    return Math.min(sampleCount, end + margin) - Math.max(0, start - margin);
  });
  const path =
    scratchDir === undefined ? undefined : join(scratchDir, `tenon-whitened-${process.pid}-${randomUUID()}`);
  const starts = Float64Array.from(learning, (chunk) => chunks[chunk].start);
  return createCache(starts, spans, channelCount, cacheBytes, path);
}

async function sortWith(
  pool: JobPool,
  recording: Recording,
  setup: SharedSetup,
  clock: StageClock,
  signal: AbortSignal | undefined,
): Promise<SortingResult> {
  const { parameters } = setup;
  const plan = planChunks(recording.sampleCount, recording.samplingRateHz, parameters);
  const stage = <R>(name: SortStage, work: (context: StageContext) => Promise<R>): Promise<R> =>
    clock.time(name, (progress) => work({ pool, tools: pool.tools, plan, signal, progress }));
  const detected = await stage("detect", detectAll);
  const clusters = await stage("cluster", (context) =>
    clusterWindows(
      context,
      detected.map((chunk) => chunk.seeds),
      { windows: STREAMS.seedWindows, trim: STREAMS.seedTrim },
    ),
  );
  let bank = await stage("templates", (context) => firstTemplates(context, clusters));
  const empty = (): SortingResult => ({
    ...emptyResult(recording, parameters, clock.timings, nothingFound(parameters)),
    plan: setup.plan,
  });
  if (bank.unitCount === 0) return empty();
  let costs: Float32Array | undefined;
  const found: FoundEvents = {
    samples: joinArrays(
      Float64Array,
      detected.map((chunk) => chunk.samples),
    ),
    channels: joinArrays(
      Int32Array,
      detected.map((chunk) => chunk.channels),
    ),
    chunks: new Set(plan.learning),
  };
  if (parameters.learningRounds > 0) {
    const matched: MatchedChunk[] = [];
    const first = bank;
    await stage("match", (context) =>
      matchChunks(
        context,
        { bank: first, costs: undefined, chunks: plan.learning, found, isResidualSearched: true },
        (result) => matched.push(result),
      ),
    );
    const learned = await stage("relearn", (context) => learningRound(context, first, joinMatched(matched)));
    ({ bank, costs } = await stage("audition", (context) => audition(context, learned, found)));
    if (bank.unitCount === 0) return empty();
  }
  const spikes = await stage("final match", (context) => finalSpikes(context, bank, costs, found));
  if (spikes.unitCount === 0) return empty();
  const units = await stage("describe", (context) => describeUnits(context, spikes));
  return makeResult(recording, setup, spikes, units, pool, clock.timings);
}

async function detectAll(context: StageContext): Promise<DetectedChunk[]> {
  const { pool, plan, signal, progress } = context;
  const detected: DetectedChunk[] = [];
  const items = plan.learning.map((chunk) => plan.chunks[chunk]);
  await pool.run("detectSeeds", undefined, items, {
    signal,
    take: (result, index) => {
      detected.push(result);
      progress(index + 1, items.length);
    },
  });
  return detected;
}

function nothingFound({ seedThreshold, minimumSpikes }: SorterParameters): string {
  return (
    `No unit was found: nothing above ${seedThreshold} sigma repeats at least ${minimumSpikes} times. ` +
    "Look at the raw traces; if there are spikes, check the gain and the probe's positions."
  );
}

/** The setup; for a recording with nothing to learn from, a sentence that says why. */
async function setupOf(
  recording: Recording,
  parameters: SorterParameters,
  options: LearnSetupOptions,
): Promise<SharedSetup | string> {
  const shortest = SHORTEST_WINDOWS * WINDOW_SAMPLES;
  if (recording.channelCount === 0) return "The recording has no channel with a contact.";
  if (recording.sampleCount < shortest)
    return `The recording is too short to sort: it has ${recording.sampleCount} samples, ${shortest} are needed.`;
  try {
    return await learnSetup(recording, parameters, options);
  } catch (error) {
    // preprocessing refuses a recording without a channel to use; for a sorter that is a recording without spikes
    if (error instanceof ParameterError && error.parameter === "recording") return error.message;
    throw error;
  }
}

function makeResult(
  recording: Recording,
  setup: SharedSetup,
  spikes: FinalSpikes,
  units: UnitDescriptions,
  pool: JobPool,
  timings: readonly StageTiming[],
): SortingResult {
  // undelayed, spikes of different units may change places
  const moved = spikes.samples.map((sample, i) => sample + spikes.shifts[i] + units.offsets[spikes.units[i]]);
  const order = Uint32Array.from(moved.keys()).sort((i, j) => moved[i] - moved[j] || i - j);
  const width = spikes.featuresPerChannel * spikes.featureChannels;
  const values = new Float32Array(spikes.features.length);
  for (const [to, i] of order.entries())
    values.set(spikes.features.subarray(i * width, (i + 1) * width), to * width);
  const unitChannels = new Int32Array(spikes.unitCount * spikes.featureChannels).fill(-1);
  for (let unit = 0; unit < spikes.unitCount; unit++)
    unitChannels.set(
      pool.tools.context.neighbours[spikes.mainChannels[unit]].subarray(0, spikes.featureChannels),
      unit * spikes.featureChannels,
    );
  const spikeUnits = Int32Array.from(order, (i) => spikes.units[i]);
  const spikeAmplitudes = Float32Array.from(order, (i) => spikes.amplitudes[i]);
  return {
    sorting: {
      samplingRateHz: recording.samplingRateHz,
      sampleCount: recording.sampleCount,
      unitIds: Int32Array.from({ length: spikes.unitCount }, (_, unit) => unit),
      spikeSamples: Float64Array.from(order, (i) => moved[i]),
      spikeUnits,
      spikeAmplitudes,
    },
    templates: units.templates,
    unitMainChannels: units.mainChannels,
    unitPositions: units.positions,
    unitDepthsUm: Float64Array.from({ length: spikes.unitCount }, (_, unit) => units.positions[2 * unit + 1]),
    spikeAmplitudesUv: spikeAmplitudes.map((amplitude, i) => amplitude * units.peaksUv[spikeUnits[i]]),
    spikePositions: Float32Array.from(
      { length: 2 * order.length },
      (_, at) => spikes.positions[2 * order[at >> 1] + (at & 1)],
    ),
    features: {
      values,
      featuresPerChannel: spikes.featuresPerChannel,
      channelCount: spikes.featureChannels,
      unitChannels,
    },
    parameters: setup.parameters,
    plan: setup.plan,
    timings,
    emptyReason: undefined,
    version: TENON_VERSION,
  };
}

function emptyResult(
  recording: Recording,
  parameters: SorterParameters,
  timings: readonly StageTiming[],
  emptyReason: string,
): SortingResult {
  const { samplingRateHz, sampleCount } = recording;
  const [integers, doubles, singles] = [new Int32Array(0), new Float64Array(0), new Float32Array(0)];
  return {
    sorting: {
      samplingRateHz,
      sampleCount,
      unitIds: integers,
      spikeSamples: doubles,
      spikeUnits: integers,
      spikeAmplitudes: singles,
    },
    templates: {
      windowSamples: WINDOW_SAMPLES,
      samplesBefore: 22,
      channels: [],
      waveformsUv: [],
      counts: integers,
    },
    unitMainChannels: integers,
    unitPositions: doubles,
    unitDepthsUm: doubles,
    spikeAmplitudesUv: singles,
    spikePositions: singles,
    features: { values: singles, featuresPerChannel: 0, channelCount: 0, unitChannels: integers },
    parameters,
    plan: undefined,
    timings,
    emptyReason,
    version: TENON_VERSION,
  };
}

/** Times stages and passes their progress on. */
class StageClock {
  readonly timings: StageTiming[] = [];
  readonly #options: SortOptions;

  constructor(options: SortOptions) {
    this.#options = options;
  }

  async time<R>(
    stage: SortStage,
    work: (progress: (done: number, total: number) => void) => Promise<R>,
  ): Promise<R> {
    this.#options.signal?.throwIfAborted();
    const started = performance.now();
    const result = await work((done, total) => this.#options.progress?.(stage, done, total));
    this.timings.push({ stage, seconds: (performance.now() - started) / 1000 });
    return result;
  }
}
