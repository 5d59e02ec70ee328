/**
 * @module
 * Draws a recording's units: where they sit, how they look, how and when they fire.
 */
import type { Probe } from "../core/probe.ts";
import { Random } from "../core/random.ts";
import { drawFootprint, type Footprint, type Place } from "./spatial-models.ts";
import type { Suite } from "./suites.ts";
import { makeTemplate, type TrueTemplate } from "./templates.ts";
import { drawTrain, drawTrainParameters, type Train, type TrainParameters } from "./trains.ts";
import { drawTimeCourse, type WaveformKind } from "./waveforms.ts";

export interface TrueUnit {
  readonly id: number;
  readonly place: Place;
  readonly footprint: Footprint;
  readonly kind: WaveformKind;
  /** |extremum| of the waveform on the main channel, uV. */
  readonly peakUv: number;
  readonly template: TrueTemplate;
  readonly firing: TrainParameters;
}

/** Random streams of one seed, so that changing one part does not change the others. */
export const STREAMS = { places: 1, units: 2, noise: 3, farNeurons: 4, synchrony: 5, trains: 1000 } as const;

/** Draws the units of a suite, in order of depth; ids are 0, 1, ... */
export function drawUnits(suite: Suite, probe: Probe, seed: number): TrueUnit[] {
  const places = drawPlaces(suite, probe, new Random(seed, STREAMS.places));
  const random = new Random(seed, STREAMS.units);
  return places.map((place, id) => {
    const course = drawTimeCourse(random);
    const footprint = drawFootprint(place, probe.x, probe.y, random);
    const peakUv = drawLogNormal(
      suite.amplitudeMedianUv,
      suite.amplitudeLogSd,
      suite.amplitudeRangeUv,
      random,
    );
    const isFast = course.kind === "axonal";
    const speedUmPerMs = isFast ? 500 + 500 * random.uniform() : 250 + 100 * random.uniform();
    const rateHz = drawLogNormal(suite.rateMedianHz, suite.rateLogSd, suite.rateRangeHz, random);
    const firing = drawTrainParameters(rateHz, suite.burstingFraction, random);
    const template = makeTemplate(course, footprint, probe, {
      peakUv,
      speedUmPerMs,
      samplingRateHz: suite.samplingRateHz,
    });
    return { id, place, footprint, kind: course.kind, peakUv, template, firing };
  });
}

/** Draws the trains of units, with the suite's synchrony. */
export function drawTrains(
  suite: Suite,
  units: readonly TrueUnit[],
  sampleCount: number,
  seed: number,
): Train[] {
  const trains = units.map(({ id, firing }) =>
    drawTrain(firing, sampleCount, suite.samplingRateHz, new Random(seed, STREAMS.trains + id)),
  );
  if (suite.synchrony === 0 || units.length < 2) return trains;
  const random = new Random(seed, STREAMS.synchrony);
  return units.map((unit, u) => {
    const neighbour = nearestUnit(unit, units);
    return withCopies(trains[u], trains[neighbour], unit.firing, suite, random);
  });
}

/** Adds a fraction of another train's spikes, moved by up to 1 ms, where the refractory time allows it. */
function withCopies(own: Train, other: Train, firing: TrainParameters, suite: Suite, random: Random): Train {
  const perMs = suite.samplingRateHz / 1000;
  const events = Array.from(own.samples, (sample, i) => ({ sample, amplitude: own.amplitudes[i] }));
  for (const sample of other.samples) {
    if (random.uniform() >= suite.synchrony) continue;
    const moved = sample + Math.round((2 * random.uniform() - 1) * perMs * 8) / 8;
    events.push({ sample: moved, amplitude: Math.max(0.3, 1 + firing.amplitudeSd * random.normal()) });
  }
  events.sort((a, b) => a.sample - b.sample);
  const kept = events.slice(0, 1);
  for (const event of events.slice(1))
    if (event.sample - kept[kept.length - 1].sample >= firing.refractoryMs * perMs) kept.push(event);
  return {
    samples: Float64Array.from(kept, (event) => event.sample),
    amplitudes: Float32Array.from(kept, (event) => event.amplitude),
  };
}

function nearestUnit(unit: TrueUnit, units: readonly TrueUnit[]): number {
  let best = -1;
  let least = Number.POSITIVE_INFINITY;
  for (const other of units) {
    const distance =
      other.id === unit.id ? Number.POSITIVE_INFINITY : distanceBetween(unit.place, other.place);
    if (distance < least) {
      least = distance;
      best = other.id;
    }
  }
  return best;
}

/** Draws a log-normal number in a range (drawn again when outside). */
export function drawLogNormal(
  median: number,
  logSd: number,
  [lowest, highest]: readonly [number, number],
  random: Random,
): number {
  for (;;) {
    const value = median * Math.exp(logSd * random.normal());
    if (value >= lowest && value <= highest) return value;
  }
}

const AROUND_UM = 30;
const ATTEMPTS = 200;

function drawPlaces(suite: Suite, probe: Probe, random: Random): Place[] {
  const [left, right] = extent(probe.x);
  const [bottom, top] = extent(probe.y);
  const places: Place[] = [];
  let minDistance = suite.minDistanceUm;
  let attempts = 0;
  while (places.length < suite.unitCount) {
    const place = {
      xUm: left - AROUND_UM + (right - left + 2 * AROUND_UM) * random.uniform(),
      yUm: bottom - 10 + (top - bottom + 20) * random.uniform(),
      zUm: 5 + 45 * random.uniform(),
    };
    if (places.every((other) => distanceBetween(place, other) >= minDistance)) places.push(place);
    else if (++attempts % ATTEMPTS === 0) minDistance *= 0.9;
  }
  return places.sort((a, b) => a.yUm - b.yUm);
}

function distanceBetween(a: Place, b: Place): number {
  return Math.hypot(a.xUm - b.xUm, a.yUm - b.yUm, a.zUm - b.zUm);
}

function extent(values: Float64Array): [number, number] {
  return [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
}
