/**
 * @module
 * Fourier transform of any length: radix 2 for powers of two, Bluestein's chirp for the others; float64.
 *
 * Source: Bluestein 1970, "A linear filtering approach to the computation of discrete Fourier transform".
 * What a newcomer would get wrong: a plan holds its scratch space, so one plan serves one transform at a time.
 */
import { ParameterError, ShapeError } from "../errors.ts";

/** Transforms complex arrays of one length, in place: X[k] = sum x[n] exp(-2 pi i k n / length), unscaled. */
export class FourierTransform {
  readonly length: number;
  readonly #size: number;
  readonly #cos: Float64Array;
  readonly #sin: Float64Array;
  readonly #chirp: Chirp | undefined;

  /** @throws ParameterError when the length is not a whole number of at least 1 */
  constructor(length: number) {
    if (!Number.isInteger(length) || length < 1 || length > 2 ** 27)
      throw new ParameterError(`length must be a whole number in 1..2^27, got ${length}`, "length");
    this.length = length;
    let size = 1;
    const isPower = (length & (length - 1)) === 0;
    while (size < (isPower ? length : 2 * length - 1)) size *= 2;
    this.#size = size;
    this.#cos = new Float64Array(size / 2);
    this.#sin = new Float64Array(size / 2);
    for (let i = 0; i < size / 2; i++) {
      this.#cos[i] = Math.cos((2 * Math.PI * i) / size);
      this.#sin[i] = Math.sin((2 * Math.PI * i) / size);
    }
    this.#chirp = isPower ? undefined : this.#makeChirp();
  }

  /** Transforms. @param re, im  Float64Array [length], overwritten; @throws ShapeError when they have another length */
  forward(re: Float64Array, im: Float64Array): void {
    if (re.length !== this.length || im.length !== this.length)
      throw new ShapeError(`Transform of length ${this.length} got arrays of ${re.length} and ${im.length}`);
    if (this.#chirp === undefined) radix2(re, im, this.#cos, this.#sin);
    else this.#bluestein(re, im, this.#chirp);
  }

  #makeChirp(): Chirp {
    const { length } = this;
    const size = this.#size;
    const cos = new Float64Array(length);
    const sin = new Float64Array(length);
    const filterRe = new Float64Array(size);
    const filterIm = new Float64Array(size);
    for (let n = 0; n < length; n++) {
      // n^2 modulo 2 length keeps the angle small and exact
      const angle = (Math.PI * ((n * n) % (2 * length))) / length;
      cos[n] = Math.cos(angle);
      sin[n] = Math.sin(angle);
      filterRe[n] = filterRe[(size - n) % size] = cos[n];
      filterIm[n] = filterIm[(size - n) % size] = sin[n];
    }
    radix2(filterRe, filterIm, this.#cos, this.#sin);
    return { cos, sin, filterRe, filterIm, re: new Float64Array(size), im: new Float64Array(size) };
  }

  #bluestein(outRe: Float64Array, outIm: Float64Array, chirp: Chirp): void {
    const { length } = this;
    const size = this.#size;
    const { cos, sin, filterRe, filterIm, re, im } = chirp;
    re.fill(0);
    im.fill(0);
    for (let n = 0; n < length; n++) {
      re[n] = outRe[n] * cos[n] + outIm[n] * sin[n];
      im[n] = outIm[n] * cos[n] - outRe[n] * sin[n];
    }
    radix2(re, im, this.#cos, this.#sin);
    // the inverse transform is the forward one of the conjugate
    for (let k = 0; k < size; k++) {
      const real = re[k] * filterRe[k] - im[k] * filterIm[k];
      im[k] = -(re[k] * filterIm[k] + im[k] * filterRe[k]);
      re[k] = real;
    }
    radix2(re, im, this.#cos, this.#sin);
    for (let n = 0; n < length; n++) {
      const real = re[n] / size;
      const imaginary = -im[n] / size;
      outRe[n] = real * cos[n] + imaginary * sin[n];
      outIm[n] = imaginary * cos[n] - real * sin[n];
    }
  }
}

interface Chirp {
  readonly cos: Float64Array;
  readonly sin: Float64Array;
  readonly filterRe: Float64Array;
  readonly filterIm: Float64Array;
  readonly re: Float64Array;
  readonly im: Float64Array;
}

function radix2(re: Float64Array, im: Float64Array, cos: Float64Array, sin: Float64Array): void {
  const size = re.length;
  for (let i = 1, j = 0; i < size; i++) {
    let bit = size >> 1;
    for (; (j & bit) !== 0; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i >= j) continue;
    const real = re[i];
    re[i] = re[j];
    re[j] = real;
    const imaginary = im[i];
    im[i] = im[j];
    im[j] = imaginary;
  }
  for (let half = 1; half < size; half *= 2) {
    const stride = size / (2 * half);
    for (let start = 0; start < size; start += 2 * half)
      for (let k = 0; k < half; k++) {
        const c = cos[k * stride];
        const s = sin[k * stride];
        const a = start + k;
        const b = a + half;
        const real = re[b] * c + im[b] * s;
        const imaginary = im[b] * c - re[b] * s;
        re[b] = re[a] - real;
        im[b] = im[a] - imaginary;
        re[a] += real;
        im[a] += imaginary;
      }
  }
}
