/**
 * @module
 * The upper tail of the chi-square distribution.
 *
 * Source: the series and the continued fraction of the incomplete gamma function, Abramowitz and Stegun 6.5.29 and 6.5.31.
 */

const TOLERANCE = 1e-15;
const MOST_TERMS = 10_000;

/**
 * Probability that a chi-square number of `degrees` degrees of freedom exceeds `value`.
 *
 * Within 1e-12, relative, of scipy.stats.chi2.sf (test/metrics/feature-space.test.ts).
 * @param degrees  a whole number from 1; @param value  from 0
 */
export function chiSquareTail(value: number, degrees: number): number {
  const a = degrees / 2;
  const x = value / 2;
  if (x <= 0) return 1;
  if (!Number.isFinite(x)) return Number.isNaN(x) ? Number.NaN : 0;
  const front = Math.exp(a * Math.log(x) - x - logGammaOfHalf(degrees));
  return x < a + 1 ? 1 - front * lowerSeries(a, x) : front * upperFraction(a, x);
}

/** sum of x^n / (a (a + 1) ... (a + n)). */
function lowerSeries(a: number, x: number): number {
  let term = 1 / a;
  let sum = term;
  for (let n = 1; n < MOST_TERMS && term > TOLERANCE * sum; n++) {
    term *= x / (a + n);
    sum += term;
  }
  return sum;
}

/** 1 / (x + 1 - a - 1 (1 - a) / (x + 3 - a - ...)), evaluated from the front (Lentz). */
function upperFraction(a: number, x: number): number {
  let b = x + 1 - a;
  let d = 1 / b;
  let c = Number.MAX_VALUE;
  let product = d;
  for (let n = 1; n < MOST_TERMS; n++) {
    const numerator = -n * (n - a);
    b += 2;
    d = 1 / (numerator * d + b);
    c = b + numerator / c;
    const factor = c * d;
    product *= factor;
    if (Math.abs(factor - 1) < TOLERANCE) break;
  }
  return product;
}

/** ln Gamma(degrees / 2), from Gamma(1) or Gamma(1/2) upwards. */
function logGammaOfHalf(degrees: number): number {
  let sum = degrees % 2 === 0 ? 0 : 0.5 * Math.log(Math.PI);
  for (let k = degrees % 2 === 0 ? 1 : 0.5; k < degrees / 2; k++) sum += Math.log(k);
  return sum;
}
