/**
 * @module
 * isocut: is a one-dimensional sample one hump or more? The dip is the distance between the sample and the closest unimodal density
 * (an up-down isotonic fit of the log density), in units of a Kolmogorov-Smirnov statistic, so that one threshold (1.4 to 2) serves any
 * sample size.
 *
 * What a newcomer would get wrong: with few points (some tens) the dip has little power and stays small whatever the gap; see the gap
 * rule of pair-dip.ts. Bins of equal counts need different values: thousands of exactly equal values look like a peak of their own.
 */
import { ParameterError } from "../errors.ts";
import { fitUnimodal, type IsotonicWork, makeIsotonicWork } from "./isotonic.ts";
import { firstNotFinite } from "./points.ts";

export interface Isocut {
  /** sqrt(n) x KS distance; 0 for fewer than 8 values. */
  readonly dip: number;
  /** Where the sample is best cut in two: the emptiest place relative to the unimodal fit. Same unit as the sample. */
  readonly cut: number;
}

/** Scratch space for samples of up to `capacity` values. */
export interface IsocutWork {
  readonly capacity: number;
  readonly edges: Float64Array;
  readonly counts: Float64Array;
  readonly widths: Float64Array;
  readonly logDensity: Float64Array;
  readonly fit: Float64Array;
  readonly trial: Float64Array;
  readonly expected: Float64Array;
  readonly isotonic: IsotonicWork;
}

export function makeIsocutWork(capacity: number): IsocutWork {
  const bins = edgeCount(capacity);
  return {
    capacity,
    edges: new Float64Array(bins),
    counts: new Float64Array(bins),
    widths: new Float64Array(bins),
    logDensity: new Float64Array(bins),
    fit: new Float64Array(bins),
    trial: new Float64Array(bins),
    expected: new Float64Array(bins),
    isotonic: makeIsotonicWork(bins),
  };
}

const MINIMUM_COUNT = 8;

function edgeCount(count: number): number {
  return Math.floor(Math.min(count, Math.max(20, 4 * Math.sqrt(count))));
}

/**
 * Tests a sample for more than one hump.
 *
 * @param sample  Float64Array [count], in any order; not changed
 * @returns dip and cut; `cut` is NaN for an empty sample
 * @throws ParameterError when a value is not finite
 *
 * Within 1e-9 of the study's numpy version (test/clustering/isocut.test.ts). Cost: one sort.
 * Source: Magland and Barnett 2015, "Unimodal clustering using isotonic regression: ISO-SPLIT"; bins, candidate turns and the tails
 * (1, 1/2, 1/4 ... of each side) as in the sorter's study.
 */
export function isocut(sample: Float64Array): Isocut {
  const bad = firstNotFinite(sample, sample.length);
  if (bad >= 0)
    throw new ParameterError(`isocut: value ${bad} is ${sample[bad]}; every value must be finite`, "sample");
  const sorted = Float64Array.from(sample).sort();
  const work = makeIsocutWork(sorted.length);
  const dip = isocutDip(sorted, sorted.length, work);
  const cut = sorted.length < MINIMUM_COUNT ? sorted[sorted.length >> 1] : cutPoint(work, sorted.length);
  return { dip, cut: cut ?? Number.NaN };
}

/** Computes the dip of the first `count` values of `sorted` (ascending). A kernel: checks nothing, allocates nothing. */
export function isocutDip(sorted: Float64Array, count: number, work: IsocutWork): number {
  if (count < MINIMUM_COUNT) return 0;
  const bins = fillBins(sorted, count, work);
  const { counts, widths, logDensity, fit, trial, expected } = work;
  fitUnimodal(logDensity, counts, bins, trial, fit, work.isotonic);
  let observedSum = 0;
  let expectedSum = 0;
  for (let i = 0; i < bins; i++) {
    expected[i] = Math.exp(fit[i]) * widths[i];
    observedSum += counts[i];
    expectedSum += expected[i];
  }
  let mode = 0;
  for (let i = 0; i < bins; i++) {
    expected[i] *= observedSum / expectedSum;
    if (fit[i] > fit[mode]) mode = i;
  }
  // each side of the mode with it, and its outer half, quarter, ...
  let dip = 0;
  for (let length = mode + 1; length >= 4; length >>= 1)
    dip = Math.max(dip, distance(counts, expected, 0, length));
  for (let length = bins - mode; length >= 4; length >>= 1)
    dip = Math.max(dip, distance(counts, expected, bins - length, bins));
  return dip;
}

/** Cuts the sorted sample into bins of nearly equal counts between order statistics; returns their number. */
function fillBins(sorted: Float64Array, count: number, work: IsocutWork): number {
  const { edges, counts, widths, logDensity } = work;
  const edgesWanted = edgeCount(count);
  const step = (count - 1) / (edgesWanted - 1);
  const leastWidth = 1e-9 + 1e-6 * (sorted[count - 1] - sorted[0]);
  let previous = 0;
  edges[0] = sorted[0];
  for (let i = 1; i < edgesWanted; i++) {
    // edgesWanted <= count, so that each step is at least one value and no bin is empty
    const index = i === edgesWanted - 1 ? count - 1 : roundHalfEven(i * step);
    const width = sorted[index] - sorted[previous];
    edges[i] = sorted[index];
    counts[i - 1] = index - previous;
    widths[i - 1] = Math.max(width, leastWidth);
    logDensity[i - 1] = Math.log(counts[i - 1] / widths[i - 1]);
    previous = index;
  }
  return edgesWanted - 1;
}

/** Rounds as numpy does, so that the bins are the study's. */
function roundHalfEven(value: number): number {
  const low = Math.floor(value);
  const rest = value - low;
  if (rest < 0.5) return low;
  if (rest > 0.5) return low + 1;
  return low % 2 === 0 ? low : low + 1;
}

/** sqrt(n) x the largest difference of the two cumulative distributions over bins [start, end). */
function distance(observed: Float64Array, expected: Float64Array, start: number, end: number): number {
  let observedSum = 0;
  let expectedSum = 0;
  for (let i = start; i < end; i++) {
    observedSum += observed[i];
    expectedSum += expected[i];
  }
  let a = 0;
  let b = 0;
  let largest = 0;
  for (let i = start; i < end; i++) {
    a += observed[i];
    b += expected[i];
    const difference = Math.abs(a / observedSum - b / expectedSum);
    if (difference > largest) largest = difference;
  }
  return largest * Math.sqrt(observedSum);
}

/** Middle of the inner bin whose neighbourhood is emptiest relative to the fit; reads what `isocutDip` left in `work`. */
function cutPoint(work: IsocutWork, count: number): number {
  const { edges, counts, logDensity, fit } = work;
  const bins = edgeCount(count) - 1;
  let best = 1;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 1; i < bins - 1; i++) {
    let sum = 0;
    for (let j = i - 1; j <= i + 1; j++) sum += (logDensity[j] - fit[j]) * counts[j];
    if (sum < least) {
      least = sum;
      best = i;
    }
  }
  return 0.5 * (edges[best] + edges[best + 1]);
}
