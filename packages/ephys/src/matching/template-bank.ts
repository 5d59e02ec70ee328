/**
 * @module
 * The template bank: of each unit, what it is scored with (few numbers in noise coordinates) and what is subtracted (its whole waveform).
 *
 * What a newcomer would get wrong: subtraction uses the whole mean, not the part that the basis carries. A template that keeps 99 % of
 * the energy of a unit of 90 sigma leaves 9 sigma, which is found again as a unit. The rest is shrunk to what exceeds its estimation noise.
 *
 * Source: shared/prototypes/sorter, section 1 E; James and Stein 1961 for the shrinkage.
 */
import { ShapeError } from "../errors.ts";
import { shiftColumns, shiftMatrix } from "./fractional-shift.ts";
import type { MatchingBasis, MatchingContext } from "./matching-context.ts";

/** Mean waveforms of units, of whitened traces. */
export interface UnitMeans {
  /** Channels of each unit's mean. */
  readonly channels: readonly Int32Array[];
  /** Mean of each unit, Float32Array [W x channels of it], time-major. */
  readonly waveforms: readonly Float32Array[];
  /** Spikes averaged for each unit. */
  readonly counts: ArrayLike<number>;
  /** Main channel of each unit; the channel of the largest energy when absent. */
  readonly mainChannels?: ArrayLike<number>;
}

/** Templates. Of unit k, channel j of its support is at `supportStart[k] + j`. */
export interface TemplateBank {
  readonly unitCount: number;
  readonly rank: number;
  readonly windowSamples: number;
  readonly shiftSteps: number;
  readonly counts: Int32Array;
  readonly mainChannels: Int32Array;
  /** Int32Array [units + 1]. */
  readonly supportStart: Int32Array;
  /** Channels of all supports, one unit after the other, ascending in each. */
  readonly support: Int32Array;
  /** U: Float32Array [support entries x R]. */
  readonly coefficients: Float32Array;
  /** N^2 = |U|^2 of each unit: the square of its distance from noise, in sigma. */
  readonly energies: Float64Array;
  /** Subtraction waveforms delayed by (q - shiftSteps / 2) / shiftSteps samples; unit k is [W x its support] at W x supportStart[k]. */
  readonly waveforms: readonly Float32Array[];
}

/**
 * Makes a bank.
 *
 * @throws ShapeError when a mean is not [W x its channels]
 */
export function makeTemplateBank(means: UnitMeans, context: MatchingContext): TemplateBank {
  const { basis } = context;
  const { rank, windowSamples } = basis;
  const { shiftSteps } = context.parameters;
  const unitCount = means.channels.length;
  const shapes = Array.from({ length: unitCount }, (_, unit) => shapeTemplate(means, unit, context));
  const supportStart = new Int32Array(unitCount + 1);
  for (let unit = 0; unit < unitCount; unit++)
    supportStart[unit + 1] = supportStart[unit] + shapes[unit].support.length;
  const entries = supportStart[unitCount];
  const support = new Int32Array(entries);
  const coefficients = new Float32Array(entries * rank);
  const energies = new Float64Array(unitCount);
  const waveforms = Array.from({ length: shiftSteps + 1 }, () => new Float32Array(entries * windowSamples));
  const columns = new Float32Array(windowSamples * entries);
  const matrices = waveforms.map((_, q) => shiftMatrix(windowSamples, (q - shiftSteps / 2) / shiftSteps));
  for (const [unit, shape] of shapes.entries()) {
    const at = supportStart[unit];
    support.set(shape.support, at);
    coefficients.set(shape.coefficients, at * rank);
    for (const value of shape.coefficients) energies[unit] += value * value;
    const width = shape.support.length;
    for (let w = 0; w < windowSamples; w++)
      columns.set(shape.waveform.subarray(w * width, (w + 1) * width), w * entries + at);
  }
  shiftColumns(matrices, columns, windowSamples, entries, (q, delayed, pitch) => {
    for (let unit = 0; unit < unitCount; unit++) {
      const [from, to] = [supportStart[unit], supportStart[unit + 1]];
      for (let w = 0; w < windowSamples; w++)
        waveforms[q].set(
          delayed.subarray(w * pitch + from, w * pitch + to),
          from * windowSamples + w * (to - from),
        );
    }
  });
  return {
    unitCount,
    rank,
    windowSamples,
    shiftSteps,
    counts: Int32Array.from(means.counts),
    mainChannels: Int32Array.from(shapes, (shape) => shape.mainChannel),
    supportStart,
    support,
    coefficients,
    energies,
    waveforms,
  };
}

/** The bank of some units, in the order of `units`. */
export function takeTemplates(bank: TemplateBank, units: ArrayLike<number>): TemplateBank {
  const list = Array.from(units);
  const supportStart = new Int32Array(list.length + 1);
  for (const [i, unit] of list.entries())
    supportStart[i + 1] = supportStart[i] + bank.supportStart[unit + 1] - bank.supportStart[unit];
  const take = <A extends Int32Array | Float32Array>(from: A, out: A, width: number): A => {
    for (const [i, unit] of list.entries())
      out.set(
        from.subarray(bank.supportStart[unit] * width, bank.supportStart[unit + 1] * width),
        supportStart[i] * width,
      );
    return out;
  };
  const entries = supportStart[list.length];
  return {
    ...bank,
    unitCount: list.length,
    counts: Int32Array.from(list, (unit) => bank.counts[unit]),
    mainChannels: Int32Array.from(list, (unit) => bank.mainChannels[unit]),
    supportStart,
    support: take(bank.support, new Int32Array(entries), 1),
    coefficients: take(bank.coefficients, new Float32Array(entries * bank.rank), bank.rank),
    energies: Float64Array.from(list, (unit) => bank.energies[unit]),
    waveforms: bank.waveforms.map((all) =>
      take(all, new Float32Array(entries * bank.windowSamples), bank.windowSamples),
    ),
  };
}

/** Channels of a unit's template, ascending. */
export function supportOf(bank: TemplateBank, unit: number): Int32Array {
  return bank.support.subarray(bank.supportStart[unit], bank.supportStart[unit + 1]);
}

/** A unit's subtraction waveform without shift, Float32Array [W x its support]. */
export function waveformOf(bank: TemplateBank, unit: number): Float32Array {
  const { supportStart, windowSamples, shiftSteps } = bank;
  return bank.waveforms[shiftSteps / 2].subarray(
    supportStart[unit] * windowSamples,
    supportStart[unit + 1] * windowSamples,
  );
}

/** The index in `bank.waveforms` of a shift in samples, -1/2..1/2. */
export function shiftIndex(bank: TemplateBank, shift: number): number {
  return Math.round(shift * bank.shiftSteps) + bank.shiftSteps / 2;
}

interface TemplateShape {
  readonly mainChannel: number;
  readonly support: Int32Array;
  readonly coefficients: Float32Array;
  readonly waveform: Float32Array;
}

function shapeTemplate(means: UnitMeans, unit: number, context: MatchingContext): TemplateShape {
  const { basis, parameters, distances, channelCount } = context;
  const { rank, windowSamples } = basis;
  const channels = means.channels[unit];
  const mean = means.waveforms[unit];
  const width = channels.length;
  if (mean.length !== windowSamples * width)
    throw new ShapeError(
      `The mean of unit ${unit} on ${width} channels must have ${windowSamples * width} values, got ${mean.length}`,
    );
  const spikes = Math.max(1, means.counts[unit]);
  const features = projectColumns(basis, mean, width);
  const energies = new Float64Array(width);
  for (let c = 0; c < width; c++) for (let r = 0; r < rank; r++) energies[c] += features[c * rank + r] ** 2;
  const mainChannel = means.mainChannels?.[unit] ?? channels[indexOfLargest(energies)];
  const least = (parameters.supportNoise * rank) / spikes + parameters.supportFloor;
  const kept = Array.from(channels.keys()).filter(
    (c) =>
      channels[c] === mainChannel ||
      (energies[c] > least &&
        distances[mainChannel * channelCount + channels[c]] <= parameters.templateRadiusUm),
  );
  kept.sort((a, b) => channels[a] - channels[b]);
  const coefficients = new Float32Array(kept.length * rank);
  const waveform = new Float32Array(windowSamples * kept.length);
  const carried = new Float64Array(windowSamples);
  for (const [j, c] of kept.entries()) {
    coefficients.set(features.subarray(c * rank, (c + 1) * rank), j * rank);
    carried.fill(0);
    for (let r = 0; r < rank; r++)
      for (let w = 0; w < windowSamples; w++)
        carried[w] += features[c * rank + r] * basis.waveforms[r * windowSamples + w];
    let restEnergy = 0;
    for (let w = 0; w < windowSamples; w++) restEnergy += (mean[w * width + c] - carried[w]) ** 2;
    const noise = (parameters.shrinkage * (windowSamples - rank)) / spikes;
    const share = Math.max(0, 1 - noise / Math.max(restEnergy, 1e-9));
    for (let w = 0; w < windowSamples; w++)
      waveform[w * kept.length + j] = carried[w] + share * (mean[w * width + c] - carried[w]);
  }
  return { mainChannel, support: Int32Array.from(kept, (c) => channels[c]), coefficients, waveform };
}

/** Features of each column of `snippet` [W x width]. @returns Float32Array [width x R] */
export function projectColumns(basis: MatchingBasis, snippet: Float32Array, width: number): Float32Array {
  const { rank, windowSamples } = basis;
  const out = new Float32Array(width * rank);
  for (let c = 0; c < width; c++)
    for (let r = 0; r < rank; r++) {
      let sum = 0;
      for (let w = 0; w < windowSamples; w++)
        sum += basis.features[r * windowSamples + w] * snippet[w * width + c];
      out[c * rank + r] = sum;
    }
  return out;
}

function indexOfLargest(values: Float64Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}
