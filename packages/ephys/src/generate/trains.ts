/**
 * @module
 * Spike trains: gamma renewal with a refractory time, some bursting; times on a lattice of 1/8 sample.
 */
import type { Random } from "../core/random.ts";

/** Places between two samples where a spike may lie. */
export const PHASES = 8;

export interface Train {
  /** Samples of the unit's extremum on its main channel, ascending, multiples of 1/8. */
  readonly samples: Float64Array;
  /** Amplitude relative to the unit's template. */
  readonly amplitudes: Float32Array;
}

export interface TrainParameters {
  readonly rateHz: number;
  /** Shape of the gamma distribution of intervals, 1 or more: 1 is Poisson. */
  readonly shape: number;
  readonly refractoryMs: number;
  /** Whether a third of the spikes begins a burst. */
  readonly isBursting: boolean;
  /** Spread of the amplitude, relative. */
  readonly amplitudeSd: number;
  /** Loss of amplitude right after a spike; it comes back with 20 ms. */
  readonly burstLoss: number;
}

/** Draws how a unit fires. */
export function drawTrainParameters(
  rateHz: number,
  burstingFraction: number,
  random: Random,
): TrainParameters {
  const isBursting = random.uniform() < burstingFraction;
  return {
    rateHz,
    shape: 1 + 2 * random.uniform(),
    refractoryMs: 1.5 + 2.5 * random.uniform(),
    isBursting,
    amplitudeSd: 0.05 + 0.05 * random.uniform(),
    burstLoss: isBursting ? 0.2 + 0.3 * random.uniform() : 0.1 * random.uniform(),
  };
}

const MARGIN_MS = 5;
const BURST_START = 0.35;
const RECOVERY_MS = 20;

/** Draws a train for [0, sampleCount); no spike within 5 ms of either end, so that every spike is whole. */
export function drawTrain(
  parameters: TrainParameters,
  sampleCount: number,
  samplingRateHz: number,
  random: Random,
): Train {
  const perMs = samplingRateHz / 1000;
  const { shape, refractoryMs, isBursting } = parameters;
  // a burst adds one to three spikes, two on average
  const spikesPerEvent = isBursting ? 1 + 2 * BURST_START : 1;
  const meanMs = Math.max((1000 * spikesPerEvent) / parameters.rateHz - refractoryMs, refractoryMs);
  const times: number[] = [];
  const last = sampleCount / perMs - MARGIN_MS;
  // the first interval is cut at random, so that the recording does not begin with a spike of all units
  let timeMs = MARGIN_MS + random.uniform() * meanMs;
  while (timeMs < last) {
    times.push(timeMs);
    if (isBursting && random.uniform() < BURST_START) {
      const extra = 1 + random.integer(3);
      for (let k = 0; k < extra; k++) {
        timeMs += refractoryMs + 1 + 3 * random.uniform();
        if (timeMs < last) times.push(timeMs);
      }
    }
    timeMs += refractoryMs + (meanMs / shape) * drawGamma(shape, random);
  }
  const samples = Float64Array.from(times, (time) => Math.round(time * perMs * PHASES) / PHASES);
  return { samples, amplitudes: drawAmplitudes(samples, perMs, parameters, random) };
}

/** Amplitudes for given spikes: N(1, sd) and a loss after a short interval. */
export function drawAmplitudes(
  samples: Float64Array,
  samplesPerMs: number,
  parameters: TrainParameters,
  random: Random,
): Float32Array {
  const amplitudes = new Float32Array(samples.length);
  for (let i = 0; i < samples.length; i++) {
    const sinceMs = i === 0 ? 1000 : (samples[i] - samples[i - 1]) / samplesPerMs;
    const loss = sinceMs < 100 ? parameters.burstLoss * Math.exp(-sinceMs / RECOVERY_MS) : 0;
    const spread = 1 + parameters.amplitudeSd * random.normal();
    amplitudes[i] = Math.max(0.3, spread * (1 - loss));
  }
  return amplitudes;
}

/** A gamma-distributed number of scale 1 for shape >= 1. Source: Marsaglia and Tsang 2000. */
export function drawGamma(shape: number, random: Random): number {
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v <= 0) continue;
    const u = random.uniform();
    if (Math.log(u) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}
