/**
 * @module
 * Makes a recording's integers, stretch by stretch, in bounded memory.
 *
 * Stretches are always 6000 samples: far neurons and noise draw in that rhythm, so another length would give another recording.
 */
import type { Probe } from "../core/probe.ts";
import { FarNeurons } from "./far-neurons.ts";
import { RecordingNoise } from "./noise.ts";
import { addTemplate } from "./render.ts";
import { amplifierOf } from "./spikeglx-meta.ts";
import { makeSuiteProbe } from "./suite-probe.ts";
import type { Suite } from "./suites.ts";
import { AFTER_MS, BEFORE_MS } from "./templates.ts";
import { PHASES, type Train } from "./trains.ts";
import { drawTrains, drawUnits, type TrueUnit } from "./units.ts";

export const STRETCH_SAMPLES = 6000;

/** The spikes of all units in time order; of equal times the lower unit first. */
export interface TrueSpikes {
  /** Sample of the unit's extremum on its main channel, a multiple of 1/8. */
  readonly samples: Float64Array;
  readonly units: Uint32Array;
  /** Amplitude relative to the unit's template. */
  readonly amplitudes: Float32Array;
}

/** A recording of which everything is known. Ask for `next` until it gives undefined. */
export class Simulator {
  readonly suite: Suite;
  readonly probe: Probe;
  readonly units: readonly TrueUnit[];
  readonly spikes: TrueSpikes;
  readonly sampleCount: number;
  /** Columns of the integers: the channels and a sync word (bit 6: 1 Hz square wave). */
  readonly columnCount: number;
  readonly #noise: RecordingNoise;
  readonly #farNeurons: FarNeurons;
  /** Microvolts of a stretch and of the templates that reach beyond it. */
  readonly #buffer: Float32Array;
  readonly #tailRows: number;
  #sample = 0;
  #spike = 0;

  constructor(suite: Suite, seed: number) {
    this.suite = suite;
    this.probe = makeSuiteProbe(suite, seed);
    this.sampleCount = Math.round(suite.durationS * suite.samplingRateHz);
    this.units = drawUnits(suite, this.probe, seed);
    this.spikes = inTimeOrder(drawTrains(suite, this.units, this.sampleCount, seed));
    this.columnCount = suite.channelCount + 1;
    this.#noise = new RecordingNoise(suite, this.probe, seed);
    this.#farNeurons = new FarNeurons(suite, this.probe, seed);
    this.#tailRows = 2 + Math.ceil(((BEFORE_MS + AFTER_MS) * suite.samplingRateHz) / 1000);
    this.#buffer = new Float32Array((STRETCH_SAMPLES + this.#tailRows) * suite.channelCount);
  }

  /** The next stretch: Int16Array [rows x columns], time-major; undefined at the end. The array is the caller's. */
  next(): Int16Array | undefined {
    const rows = Math.min(STRETCH_SAMPLES, this.sampleCount - this.#sample);
    if (rows <= 0) return undefined;
    const channelCount = this.suite.channelCount;
    const buffer = this.#buffer;
    this.#addSpikes(rows);
    this.#farNeurons.addTo(buffer, rows, channelCount);
    this.#noise.addTo(buffer, rows);
    const out = new Int16Array(rows * this.columnCount);
    const { uvPerBit, maxInt } = amplifierOf(this.suite.part);
    quantise(buffer, rows, channelCount, uvPerBit, maxInt, out);
    const half = this.suite.samplingRateHz / 2;
    for (let row = 0; row < rows; row++)
      out[row * this.columnCount + channelCount] = Math.floor((this.#sample + row) / half) % 2 === 0 ? 64 : 0;
    buffer.copyWithin(0, rows * channelCount, (rows + this.#tailRows) * channelCount);
    buffer.fill(0, this.#tailRows * channelCount);
    this.#sample += rows;
    return out;
  }

  #addSpikes(rows: number): void {
    const { samples, units, amplitudes } = this.spikes;
    const channelCount = this.suite.channelCount;
    const end = this.#sample + rows;
    while (this.#spike < samples.length) {
      const sample = samples[this.#spike];
      const whole = Math.floor(sample);
      const unit = this.units[units[this.#spike]];
      const start = whole - unit.template.samplesBefore;
      if (start >= end) break;
      const phase = Math.round((sample - whole) * PHASES);
      const amplitude = amplitudes[this.#spike];
      addTemplate(unit.template, phase, amplitude, this.#buffer, start - this.#sample, channelCount);
      this.#spike++;
    }
  }
}

function quantise(
  uv: Float32Array,
  rows: number,
  channelCount: number,
  uvPerBit: number,
  maxInt: number,
  out: Int16Array,
): void {
  const perUv = 1 / uvPerBit;
  for (let row = 0; row < rows; row++) {
    const from = row * channelCount;
    const to = row * (channelCount + 1);
    for (let c = 0; c < channelCount; c++) {
      const value = Math.floor(uv[from + c] * perUv + 0.5);
      out[to + c] = value < -maxInt ? -maxInt : value >= maxInt ? maxInt - 1 : value;
    }
  }
}

function inTimeOrder(trains: readonly Train[]): TrueSpikes {
  const count = trains.reduce((sum, train) => sum + train.samples.length, 0);
  const all = {
    samples: new Float64Array(count),
    units: new Uint32Array(count),
    amplitudes: new Float32Array(count),
  };
  let place = 0;
  for (const [unit, train] of trains.entries()) {
    all.samples.set(train.samples, place);
    all.amplitudes.set(train.amplitudes, place);
    all.units.fill(unit, place, place + train.samples.length);
    place += train.samples.length;
  }
  // by index where equal, which is by unit
  const order = Uint32Array.from({ length: count }, (_, i) => i).sort(
    (i, j) => all.samples[i] - all.samples[j] || i - j,
  );
  return {
    samples: Float64Array.from(order, (i) => all.samples[i]),
    units: Uint32Array.from(order, (i) => all.units[i]),
    amplitudes: Float32Array.from(order, (i) => all.amplitudes[i]),
  };
}
