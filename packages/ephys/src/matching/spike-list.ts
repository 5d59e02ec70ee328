/**
 * @module
 * Spikes that matching found, as a growing list of flat arrays, and how a spike is taken out of traces or put back.
 */
import type { Traces } from "../core/traces.ts";
import { addRows } from "../dsp/trace-memory.ts";
import { shiftIndex, type TemplateBank } from "./template-bank.ts";

/** Spikes in order of sample, then unit. A spike lies at samples[i] + shifts[i]. */
export interface MatchedSpikes {
  /** Sample from the start of the traces. */
  readonly samples: Int32Array;
  /** Index of the unit in the bank. */
  readonly units: Int32Array;
  /** 1 = as the template. */
  readonly amplitudes: Float32Array;
  /** Log likelihood gained (times 2), less the cost. */
  readonly gains: Float32Array;
  /** -1/2..1/2. */
  readonly shifts: Float32Array;
}

/** A growing list of spikes. */
export class SpikeList {
  length = 0;
  samples = new Int32Array(1024);
  units = new Int32Array(1024);
  amplitudes = new Float32Array(1024);
  gains = new Float32Array(1024);
  shifts = new Float32Array(1024);

  clear(): void {
    this.length = 0;
  }

  push(sample: number, unit: number, amplitude: number, gain: number, shift: number): void {
    if (this.length === this.samples.length) this.#grow();
    this.set(this.length++, sample, unit, amplitude, gain, shift);
  }

  set(at: number, sample: number, unit: number, amplitude: number, gain: number, shift: number): void {
    this.samples[at] = sample;
    this.units[at] = unit;
    this.amplitudes[at] = amplitude;
    this.gains[at] = gain;
    this.shifts[at] = shift;
  }

  /** Indices in order of sample, then unit. */
  order(): Uint32Array {
    const { samples, units } = this;
    const order = new Uint32Array(this.length);
    for (let i = 0; i < this.length; i++) order[i] = i;
    return order.sort((i, j) => samples[i] - samples[j] || units[i] - units[j] || i - j);
  }

  /** Copies the spikes of `indices`. */
  take(indices: Uint32Array): MatchedSpikes {
    return {
      samples: Int32Array.from(indices, (i) => this.samples[i]),
      units: Int32Array.from(indices, (i) => this.units[i]),
      amplitudes: Float32Array.from(indices, (i) => this.amplitudes[i]),
      gains: Float32Array.from(indices, (i) => this.gains[i]),
      shifts: Float32Array.from(indices, (i) => this.shifts[i]),
    };
  }

  #grow(): void {
    const size = 2 * this.samples.length;
    const wider = <A extends Int32Array | Float32Array>(out: A, from: A): A => {
      out.set(from);
      return out;
    };
    this.samples = wider(new Int32Array(size), this.samples);
    this.units = wider(new Int32Array(size), this.units);
    this.amplitudes = wider(new Float32Array(size), this.amplitudes);
    this.gains = wider(new Float32Array(size), this.gains);
    this.shifts = wider(new Float32Array(size), this.shifts);
  }
}

/**
 * Adds `scale` times a unit's waveform, shifted, to the traces in place (scale = -amplitude takes the spike out).
 *
 * @param first  sample of the traces where the window begins: the spike's sample - samplesBefore; the window must lie inside
 */
export function addWaveform(
  y: Traces,
  bank: TemplateBank,
  unit: number,
  first: number,
  scale: number,
  shift: number,
): void {
  const { support, supportStart, windowSamples } = bank;
  const [from, to] = [supportStart[unit], supportStart[unit + 1]];
  const all = bank.waveforms[shiftIndex(bank, shift)];
  const waveform = all.subarray(from * windowSamples, to * windowSamples);
  addRows(y, first, windowSamples, support.subarray(from, to), waveform, scale);
}
