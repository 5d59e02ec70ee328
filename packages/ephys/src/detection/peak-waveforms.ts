/**
 * @module
 * Waveforms of large, isolated troughs: what the detector's prototype and the sorter's temporal basis are learned from.
 */
import type { Random } from "../core/random.ts";
import type { Recording } from "../core/recording.ts";
import type { Traces } from "../core/traces.ts";
import type { Preprocessor } from "../preprocessing/preprocessor.ts";
import { samplesAtRate } from "../preprocessing/time-scale.ts";

export interface PeakWaveforms {
  /** Float32Array [count x length]: whitened signal of the trough's channel. */
  readonly data: Float32Array;
  readonly count: number;
  readonly length: number;
  /** Index of the trough in each waveform. */
  readonly trough: number;
}

export interface PeakWaveformOptions {
  readonly random: Random;
  readonly signal?: AbortSignal | undefined;
  /** Troughs are below this, sigma; default -6. */
  readonly threshold?: number | undefined;
  /** Stretches of half a second that are looked at; default 24. */
  readonly stretches?: number | undefined;
  /** At most so many waveforms, drawn at random from all; default 20 000. */
  readonly limit?: number | undefined;
}

/** Samples before and after the trough, at 30 kHz. */
const BEFORE = 22;
const AFTER = 53;
/** Of troughs so near in time (at 30 kHz) and space only the largest is isolated. */
const ISOLATION_SAMPLES = 30;
const ISOLATION_UM = 100;
/** Troughs so near a stretch's end are left out. */
const EDGE = 60;

/** Where a waveform is cut. */
interface Window {
  readonly trough: number;
  readonly length: number;
}

/**
 * Collects waveforms of isolated troughs, 22 samples before to 53 after (the same times above 30 kHz), from stretches spread over the recording.
 *
 * @returns possibly no waveform at all, when nothing passes the threshold
 */
export async function collectPeakWaveforms(
  preprocessor: Preprocessor,
  recording: Recording,
  options: PeakWaveformOptions,
): Promise<PeakWaveforms> {
  const { threshold = -6, stretches = 24, limit = 20_000, random, signal } = options;
  const rate = recording.samplingRateHz;
  const trough = samplesAtRate(BEFORE, rate);
  const window = { trough, length: trough + 1 + samplesAtRate(AFTER, rate) };
  const waveforms: Float32Array[] = [];
  const length = Math.min(recording.sampleCount, Math.round(recording.samplingRateHz / 2));
  const count = Math.min(stretches, Math.max(1, Math.floor(recording.sampleCount / Math.max(1, length))));
  for (let i = 0; i < count && length > 0; i++) {
    signal?.throwIfAborted();
    const start = Math.floor(((recording.sampleCount - length) * i) / Math.max(1, count - 1));
    const traces = await preprocessor.whiten(recording, start, start + length);
    for (const trough of isolatedTroughs(traces, recording, threshold))
      waveforms.push(cut(traces, trough, window));
  }
  const order = Int32Array.from(waveforms, (_, i) => i);
  if (order.length > limit) random.shuffle(order);
  const kept = Array.from(order.subarray(0, limit), (i) => waveforms[i]);
  const data = new Float32Array(kept.length * window.length);
  for (const [i, waveform] of kept.entries()) data.set(waveform, i * window.length);
  return { data, count: kept.length, ...window };
}

interface Trough {
  readonly sample: number;
  readonly channel: number;
  readonly depth: number;
  isOutdone: boolean;
}

function isolatedTroughs(traces: Traces, recording: Recording, threshold: number): Trough[] {
  const { data, sampleCount, channelCount } = traces;
  const { x, y, shank } = recording.probe;
  const isolation = samplesAtRate(ISOLATION_SAMPLES, recording.samplingRateHz);
  const edge = samplesAtRate(EDGE, recording.samplingRateHz);
  const troughs: Trough[] = [];
  for (let i = channelCount; i < (sampleCount - 1) * channelCount; i++) {
    const value = data[i];
    if (value < threshold && value <= data[i - channelCount] && value < data[i + channelCount])
      troughs.push({
        sample: Math.floor(i / channelCount),
        channel: i % channelCount,
        depth: -value,
        isOutdone: false,
      });
  }
  for (let i = 0; i < troughs.length; i++)
    for (let j = i + 1; j < troughs.length && troughs[j].sample - troughs[i].sample <= isolation; j++) {
      const a = troughs[i];
      const b = troughs[j];
      if (shank[a.channel] !== shank[b.channel]) continue;
      if (Math.hypot(x[a.channel] - x[b.channel], y[a.channel] - y[b.channel]) >= ISOLATION_UM) continue;
      if (b.depth <= a.depth) b.isOutdone = true;
      else a.isOutdone = true;
    }
  return troughs.filter(
    ({ isOutdone, sample }) => !isOutdone && sample > edge && sample < sampleCount - edge,
  );
}

function cut(traces: Traces, trough: Trough, window: Window): Float32Array {
  const waveform = new Float32Array(window.length);
  for (let k = 0; k < window.length; k++)
    waveform[k] = traces.data[(trough.sample - window.trough + k) * traces.channelCount + trough.channel];
  return waveform;
}
