/**
 * @module
 * Weighted isotonic regression (pool adjacent violators), and the unimodal (up, then down) fit that isocut is made of.
 */
import { ParameterError, ShapeError } from "../errors.ts";

/** Scratch space of the fits, for up to `capacity` values. */
export interface IsotonicWork {
  readonly capacity: number;
  readonly level: Float64Array;
  readonly weight: Float64Array;
  readonly size: Int32Array;
}

export function makeIsotonicWork(capacity: number): IsotonicWork {
  return {
    capacity,
    level: new Float64Array(capacity),
    weight: new Float64Array(capacity),
    size: new Int32Array(capacity),
  };
}

/**
 * Fits the nearest monotone sequence in weighted least squares.
 *
 * @param values  Float64Array [count]
 * @param weights  Float64Array [count], > 0; all 1 when absent
 * @param options.decreasing  a falling fit instead of a rising one; default false
 * @returns Float64Array [count]
 * @throws ShapeError when the lengths differ; ParameterError when a weight is not > 0
 *
 * Within 1e-12 of scipy.optimize.isotonic_regression (test/clustering/isotonic.test.ts). Cost: linear.
 */
export function isotonicRegression(
  values: Float64Array,
  weights: Float64Array = new Float64Array(values.length).fill(1),
  options: { readonly decreasing?: boolean } = {},
): Float64Array {
  if (weights.length !== values.length)
    throw new ShapeError(
      `isotonicRegression: ${values.length} values need as many weights, got ${weights.length}`,
    );
  for (let i = 0; i < weights.length; i++)
    if (!(weights[i] > 0))
      throw new ParameterError(`isotonicRegression: weight ${i} is ${weights[i]}; must be > 0`, "weights");
  const out = new Float64Array(values.length);
  const work = makeIsotonicWork(values.length);
  if (options.decreasing) fitFalling(values, weights, 0, values.length, out, work);
  else fitRising(values, weights, 0, values.length, out, work);
  return out;
}

/** Writes the rising fit of values [start, end) to the same places of `out`. A kernel: checks nothing. */
export function fitRising(
  values: Float64Array,
  weights: Float64Array,
  start: number,
  end: number,
  out: Float64Array,
  work: IsotonicWork,
): void {
  const { level, weight, size } = work;
  let blocks = 0;
  for (let i = start; i < end; i++) {
    let mean = values[i];
    let mass = weights[i];
    let members = 1;
    while (blocks > 0 && level[blocks - 1] >= mean) {
      blocks--;
      const total = mass + weight[blocks];
      mean = (mean * mass + level[blocks] * weight[blocks]) / total;
      mass = total;
      members += size[blocks];
    }
    level[blocks] = mean;
    weight[blocks] = mass;
    size[blocks] = members;
    blocks++;
  }
  let position = start;
  for (let b = 0; b < blocks; b++) for (let j = size[b]; j > 0; j--) out[position++] = level[b];
}

/** Writes the falling fit of values [start, end) to the same places of `out`: the rising fit read backwards. A kernel. */
export function fitFalling(
  values: Float64Array,
  weights: Float64Array,
  start: number,
  end: number,
  out: Float64Array,
  work: IsotonicWork,
): void {
  const { level, weight, size } = work;
  let blocks = 0;
  for (let i = end - 1; i >= start; i--) {
    let mean = values[i];
    let mass = weights[i];
    let members = 1;
    while (blocks > 0 && level[blocks - 1] >= mean) {
      blocks--;
      const total = mass + weight[blocks];
      mean = (mean * mass + level[blocks] * weight[blocks]) / total;
      mass = total;
      members += size[blocks];
    }
    level[blocks] = mean;
    weight[blocks] = mass;
    size[blocks] = members;
    blocks++;
  }
  let position = end - 1;
  for (let b = 0; b < blocks; b++) for (let j = size[b]; j > 0; j--) out[position--] = level[b];
}

/**
 * Fits a sequence that rises, then falls, in weighted least squares, over a few candidate places of the turn. A kernel.
 *
 * The candidates (heaviest three neighbours, mode of the rising fit, largest value, middle) instead of all places are the study's:
 * isocut's thresholds were chosen with this fit.
 *
 * @param values, weights  Float64Array [count]
 * @param trial  Float64Array [count], scratch
 * @param out  Float64Array [count]
 */
export function fitUnimodal(
  values: Float64Array,
  weights: Float64Array,
  count: number,
  trial: Float64Array,
  out: Float64Array,
  work: IsotonicWork,
): void {
  fitRising(values, weights, 0, count, trial, work);
  let risen = 0;
  let largest = 0;
  let heaviest = 0;
  let heaviestSum = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) {
    if (trial[i] > trial[risen]) risen = i;
    if (values[i] > values[largest]) largest = i;
    let sum = values[i] * weights[i];
    if (i > 0) sum += values[i - 1] * weights[i - 1];
    if (i + 1 < count) sum += values[i + 1] * weights[i + 1];
    if (sum > heaviestSum) {
      heaviestSum = sum;
      heaviest = i;
    }
  }
  const middle = count >> 1;
  let best = Number.POSITIVE_INFINITY;
  let turn = -1;
  // in ascending order of the candidates, so that equal errors take the first
  for (let step = 0; step < 4; step++) {
    let next = count;
    if (heaviest > turn && heaviest < next) next = heaviest;
    if (risen > turn && risen < next) next = risen;
    if (largest > turn && largest < next) next = largest;
    if (middle > turn && middle < next) next = middle;
    if (next === count) break;
    turn = next;
    fitRising(values, weights, 0, turn + 1, trial, work);
    fitFalling(values, weights, turn + 1, count, trial, work);
    let error = 0;
    for (let i = 0; i < count; i++) error += weights[i] * (trial[i] - values[i]) * (trial[i] - values[i]);
    if (error < best) {
      best = error;
      for (let i = 0; i < count; i++) out[i] = trial[i];
    }
  }
}
