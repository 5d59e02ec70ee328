/**
 * @module
 * Finds spikes in whitened traces: correlation with the prototype, pooling over near channels, and the largest score of its surroundings.
 *
 * Scores change little from one sample to the next, so candidates are looked for at every second sample and then scored at the samples
 * beside them: half the work. A prototype that is too short for that gets every sample (`coarseStep`).
 *
 * What a newcomer would get wrong: traces are taken as zero beyond their ends, so scores within a prototype's length of an end are too
 * small, and an event near an end may be outdone by one that is not seen. Give a margin, and drop events in it.
 */
import type { Traces } from "../core/traces.ts";
import { makeTraces } from "../core/traces.ts";
import { MemoryTraces } from "../dsp/trace-memory.ts";
import { type KernelVariant, TraceKernels } from "../dsp/wasm/load.ts";
import { EphysError, ShapeError } from "../errors.ts";
import type { DetectorModel, Events } from "./detector-model.ts";
import { arrangeEvents, largestEvents } from "./largest-events.ts";
import { BLOCK, MOST_PEAKS, PADDING_ROWS, ScoreBlocks } from "./score-blocks.ts";

/** Numbers of traces that are copied into the kernels' memory at once. */
const BUFFER_NUMBERS = 1_500_000;
/** Candidates at every second sample are looked for down to this share of what a spike's score keeps one sample from its peak. */
const COARSE_SHARE = 0.93;
/** Below this correlation of the prototype with itself one sample later, every sample is scored. */
const LEAST_CORRELATION = 0.8;

/** Rows of traces in the kernels' memory, and which. */
interface Piece {
  /** Address where sample 0 of all traces would be. */
  readonly origin: number;
  readonly from: number;
  readonly to: number;
}

export class Detector {
  readonly model: DetectorModel;
  /** Zeros that traces in the detector's own memory need on both sides. */
  readonly paddingRows = PADDING_ROWS;
  readonly #blocks: ScoreBlocks;
  readonly #bufferRows: number;
  readonly #step: 1 | 2;
  readonly #coarse: number;
  readonly #isNear: Uint8Array;
  #input: number | undefined;
  #kernels: TraceKernels | undefined;

  /**
   * @param kernels  a build of the kernels, default the fastest that the engine runs; or kernels whose memory holds the traces that are
   * to be looked at (`TraceMemory`), which then are not copied
   */
  constructor(model: DetectorModel, kernels?: KernelVariant | TraceKernels) {
    const { channelCount, near, prototype } = model;
    const own = kernels instanceof TraceKernels ? kernels : new TraceKernels(kernels);
    const correlation = nextSampleCorrelation(prototype);
    this.model = model;
    this.#kernels = own;
    this.#blocks = new ScoreBlocks(model, own);
    this.#step = correlation < LEAST_CORRELATION ? 1 : 2;
    this.#coarse = this.#step === 1 ? 1 : correlation * COARSE_SHARE;
    this.#bufferRows = Math.max(2 * BLOCK, Math.floor(BUFFER_NUMBERS / channelCount));
    this.#isNear = new Uint8Array(channelCount * channelCount);
    for (let c = 0; c < channelCount; c++)
      for (let k = near.rowStart[c]; k < near.rowStart[c + 1]; k++)
        this.#isNear[c * channelCount + near.channels[k]] = 1;
    // kernels handed in may not grow after this: their memory is laid out by their owner
    this.#input = kernels instanceof TraceKernels ? undefined : this.#reserveInput(own);
  }

  /**
   * Computes the pooled score, in sigma, of every sample and channel: the largest over the pools.
   *
   * @param y  whitened traces
   * @param out  Float32Array [samples x channels]; a new one when absent
   * @throws ShapeError when the channels are not the model's
   */
  map(y: Traces, out?: Float32Array): Traces {
    const { channelCount } = this.model;
    const result = makeTraces(y.sampleCount, channelCount, out);
    this.#eachPiece(y, BLOCK, ({ origin, from, to }) => {
      for (let start = from; start < to; start += BLOCK) {
        this.#blocks.score(origin, start, 1);
        const samples = Math.min(BLOCK, to - start);
        result.data.set(this.#blocks.turnedScores(samples), start * channelCount);
      }
    });
    return result;
  }

  /**
   * Finds events: scores above `threshold` that are the largest of three samples and the largest candidate of their surroundings
   * (`exclusionSamples`, the channels `near`; of equal ones the earlier, then the lower channel, remains).
   *
   * @throws ShapeError when the channels are not the model's
   */
  events(y: Traces, threshold: number): Events {
    return this.largest(this.candidates(y, threshold));
  }

  /** The scores above `threshold` that are the largest of three samples of their channel. */
  candidates(y: Traces, threshold: number): Events {
    const step = this.#step;
    const found: number[] = [];
    const width = (BLOCK - 2) * step;
    this.#eachPiece(y, width, ({ origin, from, to }) => {
      for (let start = from; start < to; start += width) {
        // column 0 is the sample before the first that may be a candidate
        const first = start - step;
        this.#blocks.score(origin, first, step);
        const last = Math.min(BLOCK - 2, Math.ceil((y.sampleCount - first) / step) - 1);
        const peaks = this.#blocks.peaks(last, threshold * this.#coarse);
        for (let i = 0; i < peaks.samples.length; i++) peaks.samples[i] = first + step * peaks.samples[i];
        this.#refine(origin, peaks.samples, peaks.channels, 1, y.sampleCount, threshold, found);
      }
    });
    return arrangeEvents(found, this.model.channelCount);
  }

  /**
   * Scores candidates again after the traces changed: each moves by at most a sample, or goes when it is no candidate any more.
   *
   * @param candidates  of `candidates` of the traces as they were
   */
  rescored(y: Traces, candidates: Events, threshold: number): Events {
    const found: number[] = [];
    const { samples, channels } = candidates;
    this.#eachPiece(y, BLOCK, ({ origin, from, to }) => {
      const first = firstFrom(samples, from);
      const last = firstFrom(samples, to);
      for (let at = first; at < last; at += MOST_PEAKS) {
        const end = Math.min(last, at + MOST_PEAKS);
        const places = samples.slice(at, end);
        this.#refine(origin, places, channels.subarray(at, end), 2, y.sampleCount, threshold, found);
      }
    });
    return arrangeEvents(found, this.model.channelCount);
  }

  /** The largest of candidates in their surroundings. */
  largest(candidates: Events): Events {
    return largestEvents(candidates, this.#isNear, this.model);
  }

  /** Lets go of the memory; later calls throw. */
  dispose(): void {
    this.#kernels = undefined;
  }

  /** Scores places at the samples around them; pushes sample, channel and score of the peaks among these. */
  #refine(
    origin: number,
    samples: Int32Array,
    channels: Int32Array,
    radius: 1 | 2,
    sampleCount: number,
    threshold: number,
    found: number[],
  ): void {
    const { channelCount } = this.model;
    const width = 2 * radius + 1;
    const scores = this.#blocks.scoreAround(origin, samples, channels, radius);
    for (let i = 0; i < samples.length; i++) {
      let best = i * width;
      for (let at = best + 1; at < (i + 1) * width; at++) if (scores[at] > scores[best]) best = at;
      const offset = best - i * width - radius;
      const sample = samples[i] + offset;
      // with two samples on each side the outer ones only tell whether the inner ones are peaks
      if (radius === 2 && Math.abs(offset) === 2) continue;
      if (scores[best] > threshold && sample > 0 && sample < sampleCount - 1 && channels[i] < channelCount)
        found.push(sample, channels[i], scores[best]);
    }
  }

  /** Hands over the traces: at once when they are in the kernels' memory, else copied piece by piece, a multiple of `multiple` rows each. */
  #eachPiece(y: Traces, multiple: number, take: (piece: Piece) => void): void {
    const { channelCount } = this.model;
    if (y.channelCount !== channelCount)
      throw new ShapeError(`The detector is for ${channelCount} channels, the traces have ${y.channelCount}`);
    const kernels = this.#kernels;
    if (kernels === undefined)
      throw new EphysError("This Detector was disposed of; make another from its model");
    if (y instanceof MemoryTraces && y.memory.kernels === kernels && y.memory.paddingRows >= PADDING_ROWS) {
      take({ origin: y.memory.address, from: 0, to: y.sampleCount });
      return;
    }
    this.#input ??= this.#reserveInput(kernels);
    const rows = Math.max(1, Math.floor(this.#bufferRows / multiple)) * multiple;
    for (let from = 0; from < y.sampleCount; from += rows) {
      const buffer = kernels.floats(this.#input, (rows + 2 * PADDING_ROWS) * channelCount);
      const first = from - PADDING_ROWS;
      const begin = Math.max(0, first);
      const end = Math.min(y.sampleCount, from + rows + PADDING_ROWS);
      buffer.fill(0, 0, (begin - first) * channelCount);
      buffer.set(y.data.subarray(begin * channelCount, end * channelCount), (begin - first) * channelCount);
      buffer.fill(0, (end - first) * channelCount);
      take({
        origin: this.#input - first * channelCount * 4,
        from,
        to: Math.min(y.sampleCount, from + rows),
      });
    }
  }

  #reserveInput(kernels: TraceKernels): number {
    return kernels.reserve((this.#bufferRows + 2 * PADDING_ROWS) * this.model.channelCount * 4 + 64);
  }
}

/** Correlation of a waveform of norm 1 with itself one sample later. */
function nextSampleCorrelation(waveform: Float32Array): number {
  let sum = 0;
  for (let k = 1; k < waveform.length; k++) sum += waveform[k] * waveform[k - 1];
  return sum;
}

/** Index of the first of ascending `samples` that is at least `sample`. */
function firstFrom(samples: Int32Array, sample: number): number {
  let [low, high] = [0, samples.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (samples[middle] < sample) low = middle + 1;
    else high = middle;
  }
  return low;
}
