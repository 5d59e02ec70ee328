/**
 * @module
 * Zeros, poles and gain to second-order sections.
 *
 * Poles nearest the unit circle come last and take the zeros nearest to them (scipy's pairing "nearest"), which keeps the numbers
 * inside the cascade small.
 */
import { type Complex, complex, conjugate, magnitude, scale, subtract } from "./complex.ts";
import type { Sections, ZeroPoleGain } from "./filter-design.ts";

/** Conjugates and reals closer than this, relative to their size, are taken as such. */
const TOLERANCE = 100 * Number.EPSILON;

/** Makes second-order sections of a digital filter whose zeros and poles are real or come in conjugate pairs. */
export function sectionsOfZeroPole(filter: ZeroPoleGain): Sections {
  const size = Math.max(filter.zeros.length, filter.poles.length);
  const even = size + (size % 2);
  const zeros = upperHalf(padded(filter.zeros, even));
  const poles = upperHalf(padded(filter.poles, even));
  const sections = new Float64Array((even / 2) * 6);
  for (let section = even / 2 - 1; section >= 0; section--) {
    const first = takeWorst(poles, () => true);
    const second = isReal(first) ? takeWorst(poles, isReal) : conjugate(first);
    const [zero, otherZero] = takeZeros(zeros, poles, first);
    writeQuadratic(sections, section * 6, zero, otherZero);
    writeQuadratic(sections, section * 6 + 3, first, second);
  }
  for (let i = 0; i < 3; i++) sections[i] *= filter.gain;
  return sections;
}

function takeZeros(zeros: Complex[], poles: readonly Complex[], pole: Complex): [Complex, Complex] {
  // one real pole and one real zero left beside this pair: the real zero must stay for the real pole
  const mustBeComplex =
    !isReal(pole) && poles.filter(isReal).length === 1 && zeros.filter(isReal).length === 1;
  const zero = takeNearest(zeros, pole, mustBeComplex ? (value) => !isReal(value) : () => true);
  return [zero, isReal(zero) ? takeNearest(zeros, pole, isReal) : conjugate(zero)];
}

function padded(values: readonly Complex[], length: number): Complex[] {
  return [...values, ...new Array<Complex>(length - values.length).fill(complex(0))];
}

/** Complex values of the upper half plane, by real then imaginary part; after them the real values, ascending. */
function upperHalf(values: readonly Complex[]): Complex[] {
  const isNearlyReal = (value: Complex) => Math.abs(value.im) <= TOLERANCE * magnitude(value);
  const reals = values.filter(isNearlyReal).map((value) => complex(value.re));
  const upper = values.filter((value) => !isNearlyReal(value) && value.im > 0);
  reals.sort((a, b) => a.re - b.re);
  upper.sort((a, b) => a.re - b.re || a.im - b.im);
  return [...upper, ...reals];
}

function takeWorst(poles: Complex[], isWanted: (pole: Complex) => boolean): Complex {
  return takeSmallest(poles, isWanted, (pole) => Math.abs(1 - magnitude(pole)));
}

function takeNearest(zeros: Complex[], pole: Complex, isWanted: (zero: Complex) => boolean): Complex {
  return takeSmallest(zeros, isWanted, (zero) => magnitude(subtract(zero, pole)));
}

function takeSmallest(
  values: Complex[],
  isWanted: (value: Complex) => boolean,
  cost: (value: Complex) => number,
): Complex {
  let best = -1;
  for (let i = 0; i < values.length; i++)
    if (isWanted(values[i]) && (best < 0 || cost(values[i]) < cost(values[best]))) best = i;
  return values.splice(best, 1)[0];
}

function isReal(value: Complex): boolean {
  return value.im === 0;
}

/** Writes the coefficients of (x - a)(x - b), whose roots are both real or conjugates. */
function writeQuadratic(out: Float64Array, at: number, a: Complex, b: Complex): void {
  const sum = scale(complex(a.re + b.re), -1);
  out[at] = 1;
  out[at + 1] = sum.re;
  out[at + 2] = a.re * b.re - a.im * b.im;
}
