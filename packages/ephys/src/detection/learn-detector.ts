/**
 * @module
 * Learns a recording's detector: the prototype from its own large troughs, the scale of each pooled score from its noise.
 *
 * Method: shared/sorting.md S8, prototypes/sorter/README.md 1 B. What a newcomer would get wrong: the score's noise is not 1 by the norms
 * of the weights alone, because whitening is in space only; it is measured, channel by channel.
 */
import type { Random } from "../core/random.ts";
import type { Recording } from "../core/recording.ts";
import { makeTraces } from "../core/traces.ts";
import { medianInPlace } from "../dsp/median.ts";
import { liveNoiseInPlace } from "../preprocessing/live-noise.ts";
import { contactDistanceUm, nearestChannels } from "../preprocessing/neighbours.ts";
import type { SparseRows } from "../preprocessing/preprocessing-plan.ts";
import type { Preprocessor } from "../preprocessing/preprocessor.ts";
import { samplesAtRate } from "../preprocessing/time-scale.ts";
import { Detector } from "./detector.ts";
import type { DetectorModel } from "./detector-model.ts";
import { collectPeakWaveforms, type PeakWaveforms } from "./peak-waveforms.ts";

export interface LearnDetectorOptions {
  readonly random: Random;
  readonly signal?: AbortSignal | undefined;
  /** Waveforms that `collectPeakWaveforms` gave, to learn the prototype from; collected when absent. */
  readonly waveforms?: PeakWaveforms | undefined;
}

/** The prototype's samples before and after the trough, at 30 kHz, as the exclusion below. */
const BEFORE = 8;
const AFTER = 16;
/** exp(-distance / width) within the radius; 0 is the channel alone. */
const POOL_WIDTHS_UM = [0, 25];
const POOL_RADIUS_UM = 75;
const EXCLUSION_SAMPLES = 12;
const EXCLUSION_UM = 60;
/** With fewer troughs than this the threshold is lowered: noise's own troughs have a usable shape too. */
const FEWEST_WAVEFORMS = 20;
const THRESHOLDS = [-6, -5, -4.5];
/** Noise of the scores: stretches, their seconds, and every so many samples. */
const SCALE_STRETCHES = 4;
const SCALE_SECONDS = 0.25;
const SCALE_STEP = 3;

/** Learns the detector of a preprocessed recording.
 *
 * A recording in which nothing at all stands out gets a prototype of one sample, so that detection still runs and finds next to nothing. */
export async function learnDetector(
  preprocessor: Preprocessor,
  recording: Recording,
  options: LearnDetectorOptions,
): Promise<DetectorModel> {
  const { isUsed } = preprocessor.plan;
  const { channelCount, probe, samplingRateHz } = recording;
  const before = samplesAtRate(BEFORE, samplingRateHz);
  const near = (radius: number) =>
    Array.from({ length: channelCount }, (_, c) =>
      isUsed[c] === 0 ? [] : nearestChannels(probe, isUsed, c, radius),
    );
  const bare: DetectorModel = {
    channelCount,
    prototype: prototypeOf(
      await enoughWaveforms(preprocessor, recording, options),
      before,
      samplesAtRate(AFTER, samplingRateHz),
    ),
    before,
    pools: POOL_WIDTHS_UM.map((width) => poolRows(near(width === 0 ? 0 : POOL_RADIUS_UM), width, recording)),
    exclusionSamples: samplesAtRate(EXCLUSION_SAMPLES, samplingRateHz),
    near: sparse(near(EXCLUSION_UM), () => []),
  };
  const scales = await scoreNoise(preprocessor, recording, bare, options.signal);
  return { ...bare, pools: bare.pools.map((pool, i) => divided(pool, scales[i])) };
}

async function enoughWaveforms(
  preprocessor: Preprocessor,
  recording: Recording,
  options: LearnDetectorOptions,
): Promise<PeakWaveforms> {
  let waveforms = options.waveforms;
  for (const threshold of THRESHOLDS) {
    if (waveforms !== undefined && waveforms.count >= FEWEST_WAVEFORMS) break;
    const { random, signal } = options;
    waveforms = await collectPeakWaveforms(preprocessor, recording, { random, signal, threshold });
  }
  return waveforms as PeakWaveforms;
}

/** The median of the waveforms scaled to norm 1, about the trough, scaled to norm 1. */
function prototypeOf(waveforms: PeakWaveforms, before: number, after: number): Float32Array {
  const { data, count, length, trough } = waveforms;
  const prototype = new Float32Array(before + 1 + after);
  const norms = Float64Array.from({ length: count }, (_, i) =>
    Math.hypot(...data.subarray(i * length, (i + 1) * length)),
  );
  const values = new Float32Array(count);
  for (let k = 0; k < prototype.length && count > 0; k++) {
    for (let i = 0; i < count; i++) values[i] = data[i * length + trough - before + k] / norms[i];
    prototype[k] = medianInPlace(values);
  }
  if (count === 0) prototype[before] = -1;
  const norm = Math.hypot(...prototype);
  return prototype.map((value) => value / norm);
}

function poolRows(near: readonly number[][], widthUm: number, recording: Recording): SparseRows {
  return sparse(near, (channels, c) => {
    const weights = channels.map((other) =>
      widthUm === 0 ? Number(other === c) : Math.exp(-contactDistanceUm(recording.probe, c, other) / widthUm),
    );
    const norm = Math.hypot(...weights);
    return weights.map((weight) => weight / norm);
  });
}

/** Noise of each pool's score on each channel: MAD / 0.6745 over a second of the recording. */
async function scoreNoise(
  preprocessor: Preprocessor,
  recording: Recording,
  model: DetectorModel,
  signal: AbortSignal | undefined,
): Promise<Float32Array[]> {
  const { channelCount } = model;
  const length = Math.min(recording.sampleCount, Math.round(SCALE_SECONDS * recording.samplingRateHz));
  const each = Math.ceil(length / SCALE_STEP);
  const kept = model.pools.map(() => new Float32Array(channelCount * each * SCALE_STRETCHES));
  const detectors = model.pools.map((pool) => new Detector({ ...model, pools: [pool] }));
  const map = makeTraces(length, channelCount);
  for (let stretch = 0; stretch < SCALE_STRETCHES; stretch++) {
    signal?.throwIfAborted();
    const start = Math.floor(((recording.sampleCount - length) * (stretch + 0.5)) / SCALE_STRETCHES);
    const traces = await preprocessor.whiten(recording, start, start + length);
    for (const [i, detector] of detectors.entries()) {
      detector.map(traces, map.data);
      for (let t = 0, to = stretch * each; t < length; t += SCALE_STEP, to++)
        for (let c = 0; c < channelCount; c++)
          kept[i][c * each * SCALE_STRETCHES + to] = map.data[t * channelCount + c];
    }
  }
  for (const detector of detectors) detector.dispose();
  const row = each * SCALE_STRETCHES;
  return kept.map((values) =>
    Float32Array.from({ length: channelCount }, (_, c) =>
      liveNoiseInPlace(values.subarray(c * row, (c + 1) * row)),
    ),
  );
}

function sparse(rows: readonly number[][], weigh: (channels: number[], row: number) => number[]): SparseRows {
  const rowStart = new Int32Array(rows.length + 1);
  for (const [c, row] of rows.entries()) rowStart[c + 1] = rowStart[c] + row.length;
  return {
    rowStart,
    channels: Int32Array.from(rows.flat()),
    weights: Float32Array.from(rows.flatMap(weigh)),
  };
}

function divided(rows: SparseRows, divisors: Float32Array): SparseRows {
  const weights = rows.weights.slice();
  for (let c = 0; c < divisors.length; c++)
    for (let k = rows.rowStart[c]; k < rows.rowStart[c + 1]; k++) weights[k] /= Math.max(divisors[c], 1e-6);
  return { ...rows, weights };
}
