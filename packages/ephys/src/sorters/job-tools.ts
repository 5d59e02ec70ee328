/**
 * @module
 * What the jobs of one thread work with: the open recording, the preprocessor, the detector, windows, and buffers that are used again.
 */
import type { Recording, RecordingSource } from "../core/recording.ts";
import type { Traces } from "../core/traces.ts";
import { Detector } from "../detection/detector.ts";
import type { DetectorModel } from "../detection/detector-model.ts";
import { TraceMemory } from "../dsp/trace-memory.ts";
import { TraceKernels } from "../dsp/wasm/load.ts";
import { locatingNeighbours } from "../features/centre-of-mass.ts";
import { type ClusteringWindows, layWindows } from "../features/clustering-windows.ts";
import { Matcher } from "../matching/matcher.ts";
import {
  type MatchingBasis,
  type MatchingContext,
  makeMatchingContext,
} from "../matching/matching-context.ts";
import type { TemplateBank } from "../matching/template-bank.ts";
import type { PreprocessingPlan } from "../preprocessing/preprocessing-plan.ts";
import { Preprocessor } from "../preprocessing/preprocessor.ts";
import { samplesAtRate } from "../preprocessing/time-scale.ts";
import { planChunks } from "./chunks.ts";
import type { SorterParameters } from "./parameters.ts";
import { type CachePlan, WhitenedCache } from "./whitened-cache.ts";

/** All that a thread needs to begin; can be cloned into a worker. */
export interface SharedSetup {
  readonly source: RecordingSource;
  readonly plan: PreprocessingPlan;
  readonly detector: DetectorModel;
  readonly basis: MatchingBasis;
  readonly parameters: SorterParameters;
  /** Where whitened chunks are kept; undefined to preprocess anew in each pass. */
  readonly cache: CachePlan | undefined;
}

/** A piece of the recording, samples [start, end). */
export interface Chunk {
  readonly start: number;
  readonly end: number;
}

/** A chunk's traces with margins; sample t of the traces is sample `first + t` of the recording. */
export interface ChunkTraces {
  readonly traces: Traces;
  readonly first: number;
}

/**
 * On probes of up to so many channels templates and shadows reach every channel: the common median of so few channels carries a large
 * unit's waveform to all of them, and where its template ends its remains would be found as units.
 */
const SMALL_PROBE_CHANNELS = 64;

export class JobTools {
  readonly parameters: SorterParameters;
  readonly recording: Recording;
  readonly context: MatchingContext;
  readonly windows: ClusteringWindows;
  readonly locating: readonly Int32Array[];
  readonly preprocessor: Preprocessor;
  readonly detector: Detector;
  /** Samples before and after a chunk: two windows, as matching wants. */
  readonly margin: number;
  readonly #cache: WhitenedCache | undefined;
  readonly #memory: TraceMemory;
  #matcher: Matcher | undefined;

  constructor(setup: SharedSetup, recording: Recording) {
    const { parameters, basis, plan } = setup;
    const isSmall = recording.channelCount <= SMALL_PROBE_CHANNELS;
    const everywhere = Number.MAX_VALUE;
    const atRate = (samples: number): number => samplesAtRate(samples, recording.samplingRateHz);
    this.parameters = {
      ...parameters,
      shadowLag: atRate(parameters.shadowLag),
      shadowRadiusUm: isSmall ? everywhere : parameters.shadowRadiusUm,
      matching: {
        ...parameters.matching,
        lags: atRate(parameters.matching.lags),
        templateRadiusUm: isSmall ? everywhere : parameters.matching.templateRadiusUm,
      },
    };
    this.recording = recording;
    this.context = makeMatchingContext(basis, recording.probe, this.parameters.matching);
    this.windows = layWindows(this.context, parameters.windowSpacingUm, parameters.windowRadiusUm);
    this.locating = locatingNeighbours(this.context);
    this.preprocessor = Preprocessor.create(plan);
    const kernels = new TraceKernels();
    this.detector = new Detector(setup.detector, kernels);
    this.margin = 2 * basis.windowSamples;
    const { sampleCount, samplingRateHz, channelCount } = recording;
    const { chunks } = planChunks(sampleCount, samplingRateHz, parameters);
    const longest = chunks.reduce((most, { start, end }) => Math.max(most, end - start), 0);
    this.#memory = new TraceMemory(Math.min(sampleCount, longest + 2 * this.margin), channelCount, {
      kernels,
      paddingRows: this.detector.paddingRows,
    });
    this.#cache = setup.cache === undefined ? undefined : new WhitenedCache(setup.cache);
  }

  /**
   * Whitened traces of a chunk with margins. The next call writes over them.
   *
   * @param isFirst  the first pass: preprocesses and fills the cache, from which later passes read
   */
  async whiten(chunk: Chunk, isFirst = false): Promise<ChunkTraces> {
    const { first, last } = this.#span(chunk);
    const traces = this.#memory.traces(last - first);
    if (!isFirst && this.#cache?.has(chunk.start)) {
      this.#cache.read(chunk.start, traces.data);
      return { traces, first };
    }
    await this.preprocessor.whiten(this.recording, first, last, traces.data);
    if (isFirst) this.#cache?.write(chunk.start, traces.data);
    return { traces, first };
  }

  /** Band-passed traces in uV of a chunk with margins. The next call writes over them. */
  async filter(chunk: Chunk): Promise<ChunkTraces> {
    const { first, last } = this.#span(chunk);
    const traces = this.#memory.traces(last - first);
    await this.preprocessor.filter(this.recording, first, last, traces.data);
    return { traces, first };
  }

  /** The matcher of a bank; the same one while the bank is the same. */
  matcher(bank: TemplateBank, costs: Float32Array | undefined): Matcher {
    if (this.#matcher?.bank !== bank)
      this.#matcher = Matcher.create(bank, this.context, costs === undefined ? {} : { costs });
    return this.#matcher;
  }

  /** Whether an event's window lies inside the recording, with a window to spare on both sides for lags and shifts. */
  isInside(sample: number): boolean {
    const { windowSamples } = this.context.basis;
    return sample >= windowSamples && sample < this.recording.sampleCount - windowSamples;
  }

  dispose(): void {
    this.#cache?.close();
    this.preprocessor.dispose();
    this.detector.dispose();
  }

  #span(chunk: Chunk): { first: number; last: number } {
    return {
      first: Math.max(0, chunk.start - this.margin),
      last: Math.min(this.recording.sampleCount, chunk.end + this.margin),
    };
  }
}
