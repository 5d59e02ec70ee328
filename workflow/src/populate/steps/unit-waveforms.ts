/**
 * @module
 * Mean waveforms of units, cut from the recording around a sample of their spikes: band-passed without delay, common median removed, uV.
 *
 * Memory and reading are bounded for any length of recording: spikes are taken from whole chunks in random order until every unit has
 * enough, and only the stretches around them are read. What a newcomer would get wrong: the preprocessor's band pass is causal; running
 * it once more backwards over the *means* gives those of the zero-phase filter, because filtering and averaging can change places.
 */
import {
  filterBackwards,
  makeTraces,
  type PreprocessingPlan,
  Preprocessor,
  Random,
  type Recording,
} from "@tenon/ephys";
import { type Stretch, stretchesOf } from "./spike-sample.ts";

/** A window around a spike, samples: 1 ms before and 2 ms after at 30 kHz, as SpikeInterface's default. */
export interface WaveformWindow {
  readonly before: number;
  /** Samples from the spike's own on. */
  readonly after: number;
}

export interface WaveformUnit {
  /** Samples of its spikes, ascending. */
  readonly spikeSamples: Float64Array;
  readonly peakChannel: number;
  /** Channels to average on, the peak channel among them. */
  readonly channels: Int32Array;
}

export interface UnitWaveform {
  /** Float32Array [samples x unit's channels], uV; NaN without a usable spike. */
  readonly mean: Float32Array;
  /** Float32Array [spikes x samples] on the peak channel, uV, of some of the averaged spikes. */
  readonly examples: Float32Array;
  /** Spikes averaged. */
  readonly count: number;
}

export interface WaveformOptions {
  readonly window: WaveformWindow;
  /** Spikes averaged of a unit, at most; default 500. */
  readonly mostSpikes?: number;
  /** Spikes of a unit after which no further chunk is looked for; default 200. */
  readonly enoughSpikes?: number;
  /** Spikes of a unit kept one by one, at most; default 100. */
  readonly mostExamples?: number;
  /** Default 0. */
  readonly seed?: number;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: ((done: number, total: number) => void) | undefined;
}

/** The window at a sampling rate. */
export function waveformWindow(samplingRateHz: number): WaveformWindow {
  return { before: Math.round(0.001 * samplingRateHz), after: Math.round(0.002 * samplingRateHz) };
}

/**
 * Cuts and averages.
 *
 * @returns one for each unit, in order
 * @throws RecordingError from reading; the signal's reason
 */
export async function unitWaveforms(
  recording: Recording,
  plan: PreprocessingPlan | undefined,
  units: readonly WaveformUnit[],
  options: WaveformOptions,
): Promise<UnitWaveform[]> {
  const { window, mostExamples = 100, signal } = options;
  // the band pass rings after a spike; the backward pass needs that tail (to 0.1 % of it)
  const tail = plan === undefined ? 0 : Math.ceil(plan.marginSamples / 3);
  const length = window.before + window.after;
  const sums = units.map((unit) => new UnitSum(unit, length, tail, mostExamples));
  if (plan !== undefined) {
    const stretches = stretchesOf(
      units.map((unit) => unit.spikeSamples),
      {
        sampleCount: recording.sampleCount,
        chunkSamples: Math.round(recording.samplingRateHz),
        before: window.before,
        after: window.after + tail,
        gap: plan.marginSamples,
        most: options.mostSpikes ?? 500,
        enough: options.enoughSpikes ?? 200,
        random: new Random(options.seed ?? 0),
      },
    );
    const preprocessor = Preprocessor.create(plan);
    try {
      for (const [i, stretch] of stretches.entries()) {
        signal?.throwIfAborted();
        const { data } = await preprocessor.filter(recording, stretch.start, stretch.end);
        addStretch(data, recording.channelCount, stretch, window.before, sums);
        options.progress?.(i + 1, stretches.length);
      }
    } finally {
      preprocessor.dispose();
    }
  }
  return sums.map((sum) => sum.finish(plan));
}

function addStretch(
  data: Float32Array,
  channelCount: number,
  stretch: Stretch,
  before: number,
  sums: readonly UnitSum[],
): void {
  for (let i = 0; i < stretch.samples.length; i++)
    sums[stretch.units[i]!]!.add(data, channelCount, stretch.samples[i]! - stretch.start - before);
}

/** Running sum of one unit's windows, tail included. */
class UnitSum {
  readonly #unit: WaveformUnit;
  readonly #length: number;
  readonly #rows: number;
  readonly #sum: Float64Array;
  readonly #examples: Float32Array;
  #exampleCount = 0;
  #count = 0;

  constructor(unit: WaveformUnit, length: number, tail: number, mostExamples: number) {
    this.#unit = unit;
    this.#length = length;
    this.#rows = length + tail;
    this.#sum = new Float64Array(this.#rows * unit.channels.length);
    this.#examples = new Float32Array(this.#rows * Math.min(mostExamples, unit.spikeSamples.length));
  }

  /** @param first  row of the window's first sample in `data` [samples x channels] */
  add(data: Float32Array, channelCount: number, first: number): void {
    const { channels, peakChannel } = this.#unit;
    const width = channels.length;
    const sum = this.#sum;
    for (let t = 0, o = 0; t < this.#rows; t++) {
      const row = (first + t) * channelCount;
      for (let c = 0; c < width; c++, o++) sum[o]! += data[row + channels[c]!]!;
    }
    this.#count++;
    if ((this.#exampleCount + 1) * this.#rows > this.#examples.length) return;
    const at = this.#exampleCount++ * this.#rows;
    for (let t = 0; t < this.#rows; t++)
      this.#examples[at + t] = data[(first + t) * channelCount + peakChannel]!;
  }

  finish(plan: PreprocessingPlan | undefined): UnitWaveform {
    const width = this.#unit.channels.length;
    const count = this.#count;
    if (count === 0 || plan === undefined)
      return {
        mean: new Float32Array(this.#length * width).fill(Number.NaN),
        examples: new Float32Array(0),
        count: 0,
      };
    const mean = Float32Array.from(this.#sum, (value) => value / count);
    filterBackwards(plan.sections, makeTraces(this.#rows, width, mean));
    // the examples' rows become channels, so that one pass filters them all
    const traces = makeTraces(this.#rows, this.#exampleCount);
    turn(this.#examples, this.#exampleCount, this.#rows, traces.data);
    filterBackwards(plan.sections, traces);
    const examples = new Float32Array(this.#exampleCount * this.#length);
    turn(traces.data, this.#length, this.#exampleCount, examples);
    return { mean: mean.slice(0, this.#length * width), examples, count };
  }
}

/** Transposes the first `rows` rows of [rows x columns] into [columns x rows]. */
function turn(from: Float32Array, rows: number, columns: number, to: Float32Array): void {
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) to[column * rows + row] = from[row * columns + column]!;
}
