/**
 * @module
 * Seeded random numbers (PCG32). Every program that needs chance is handed one of these; `Math.random` is not used in this package.
 *
 * Source: O'Neill 2014, "PCG: A Family of Simple Fast Space-Efficient Statistically Good Algorithms", the XSH-RR 64/32 member,
 * written with two 32-bit halves.
 */

export class Random {
  #high: number;
  #low: number;
  readonly #incrementHigh: number;
  readonly #incrementLow: number;
  #spare: number | undefined;

  /** @param seed  any integer; @param stream  independent sequences of one seed */
  constructor(seed: number, stream = 54) {
    this.#incrementHigh = 0;
    this.#incrementLow = ((stream << 1) | 1) >>> 0;
    this.#high = 0;
    this.#low = 0;
    this.#step();
    const low = (this.#low + (seed >>> 0)) >>> 0;
    const carry = low < this.#low ? 1 : 0;
    this.#low = low;
    this.#high = (this.#high + (Math.floor(seed / 4294967296) >>> 0) + carry) >>> 0;
    this.#step();
  }

  /** A whole number in [0, 2^32). */
  uint32(): number {
    const high = this.#high;
    const low = this.#low;
    this.#step();
    // xorshifted = ((state >> 18) ^ state) >> 27, the low 32 bits
    const shiftedHigh = high >>> 18;
    const shiftedLow = ((high << 14) | (low >>> 18)) >>> 0;
    const mixedHigh = (shiftedHigh ^ high) >>> 0;
    const mixedLow = (shiftedLow ^ low) >>> 0;
    const xorshifted = ((mixedHigh << 5) | (mixedLow >>> 27)) >>> 0;
    const rotation = high >>> 27;
    return ((xorshifted >>> rotation) | (xorshifted << (-rotation & 31))) >>> 0;
  }

  /** A number in [0, 1) with 53 random bits. */
  uniform(): number {
    return ((this.uint32() >>> 5) * 67108864 + (this.uint32() >>> 6)) / 9007199254740992;
  }

  /** A whole number in [0, count). */
  integer(count: number): number {
    return Math.floor(this.uniform() * count);
  }

  /** A number of the standard normal distribution (polar method; keeps its second value for the next call). */
  normal(): number {
    if (this.#spare !== undefined) {
      const spare = this.#spare;
      this.#spare = undefined;
      return spare;
    }
    let u = 0;
    let v = 0;
    let s = 0;
    do {
      u = 2 * this.uniform() - 1;
      v = 2 * this.uniform() - 1;
      s = u * u + v * v;
    } while (s >= 1 || s === 0);
    const scale = Math.sqrt((-2 * Math.log(s)) / s);
    this.#spare = v * scale;
    return u * scale;
  }

  /** Puts the values in random order, in place (Fisher and Yates). */
  shuffle(values: { [index: number]: number; length: number }): void {
    for (let i = values.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const value = values[i];
      values[i] = values[j];
      values[j] = value;
    }
  }

  #step(): void {
    // state = state * 6364136223846793005 + increment, modulo 2^64, in 16-bit pieces
    const a = this.#high;
    const b = this.#low;
    const mHigh = 0x5851f42d;
    const mLow = 0x4c957f2d;
    const b0 = b & 0xffff;
    const b1 = b >>> 16;
    const m0 = mLow & 0xffff;
    const m1 = mLow >>> 16;
    const p00 = b0 * m0;
    const p01 = b0 * m1;
    const p10 = b1 * m0;
    const p11 = b1 * m1;
    const middle = (p00 >>> 16) + (p01 & 0xffff) + (p10 & 0xffff);
    const low = (((middle & 0xffff) << 16) | (p00 & 0xffff)) >>> 0;
    const highOfLow = p11 + (p01 >>> 16) + (p10 >>> 16) + (middle >>> 16);
    const high = (highOfLow + Math.imul(a, mLow) + Math.imul(b, mHigh)) >>> 0;
    const sum = low + this.#incrementLow;
    this.#low = sum >>> 0;
    this.#high = (high + this.#incrementHigh + (sum > 4294967295 ? 1 : 0)) >>> 0;
  }
}
