/**
 * @module
 * Normal numbers by the million: two from one 32-bit draw, each half an index into a table of quantiles.
 *
 * The distribution is a staircase of 65536 equal steps and ends at +-4.17, so it is for noise that is then mixed and filtered, not for
 * statistics of tails. Source of the generator: Blackman and Vigna 2018, xoshiro128++.
 */
import type { Random } from "../core/random.ts";

const STEPS = 65536;
let quantiles: Float32Array | undefined;

/** Fills arrays with standard normal numbers; seeded from `random`. */
export class NormalSource {
  readonly #state: Int32Array;

  constructor(random: Random) {
    this.#state = Int32Array.from({ length: 4 }, () => random.uint32() | 0);
    if (this.#state.every((word) => word === 0)) this.#state[0] = 1;
    quantiles ??= makeQuantiles();
  }

  /** Fills out[0, count). */
  fill(out: Float32Array, count: number = out.length): void {
    const table = quantiles as Float32Array;
    const state = this.#state;
    let a = state[0];
    let b = state[1];
    let c = state[2];
    let d = state[3];
    for (let i = 0; i < count; i += 2) {
      const sum = (a + d) | 0;
      const bits = (((sum << 7) | (sum >>> 25)) + a) | 0;
      const shifted = b << 9;
      c ^= a;
      d ^= b;
      b ^= c;
      a ^= d;
      c ^= shifted;
      d = (d << 11) | (d >>> 21);
      out[i] = table[bits & 0xffff];
      // beyond the end of a typed array a write is dropped
      out[i + 1] = i + 1 < count ? table[bits >>> 16] : out[i + 1];
    }
    state[0] = a;
    state[1] = b;
    state[2] = c;
    state[3] = d;
  }
}

function makeQuantiles(): Float32Array {
  const table = new Float32Array(STEPS);
  let square = 0;
  for (let i = 0; i < STEPS; i++) {
    table[i] = normalQuantile((i + 0.5) / STEPS);
    square += table[i] ** 2;
  }
  const scale = 1 / Math.sqrt(square / STEPS);
  for (let i = 0; i < STEPS; i++) table[i] *= scale;
  return table;
}

/** Inverse of the normal distribution function, by Newton's method on Abramowitz and Stegun's 26.2.23. */
export function normalQuantile(probability: number): number {
  if (probability > 0.5) return -normalQuantile(1 - probability);
  const t = Math.sqrt(-2 * Math.log(probability));
  let x = -(
    t -
    (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)))
  );
  for (let step = 0; step < 4; step++) {
    const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
    x -= (normalBelow(x) - probability) / density;
  }
  return x;
}

/** Normal distribution function for x <= 0 to about 1e-15 relative: series near 0, continued fraction in the tail. */
function normalBelow(x: number): number {
  const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  const y = -x;
  if (y > 2.5) {
    let fraction = 0;
    for (let k = 80; k >= 1; k--) fraction = k / (y + fraction);
    return density / (y + fraction);
  }
  let term = y;
  let sum = y;
  for (let k = 1; k < 80; k++) {
    term *= (y * y) / (2 * k + 1);
    sum += term;
  }
  return 0.5 - density * sum;
}
