/**
 * @module
 * Complex numbers for filter design: a few dozen per filter, so clarity before speed. Kernels do not use these objects.
 */

export interface Complex {
  readonly re: number;
  readonly im: number;
}

/** Makes a complex number. */
export function complex(re: number, im = 0): Complex {
  return { re, im };
}

/** Adds. */
export function add(a: Complex, b: Complex): Complex {
  return { re: a.re + b.re, im: a.im + b.im };
}

/** Subtracts `b` from `a`. */
export function subtract(a: Complex, b: Complex): Complex {
  return { re: a.re - b.re, im: a.im - b.im };
}

/** Multiplies. */
export function multiply(a: Complex, b: Complex): Complex {
  return { re: a.re * b.re - a.im * b.im, im: a.re * b.im + a.im * b.re };
}

/** Multiplies by a real number. */
export function scale(a: Complex, factor: number): Complex {
  return { re: a.re * factor, im: a.im * factor };
}

/** Divides `a` by `b`. */
export function divide(a: Complex, b: Complex): Complex {
  const size = b.re * b.re + b.im * b.im;
  return { re: (a.re * b.re + a.im * b.im) / size, im: (a.im * b.re - a.re * b.im) / size };
}

/** The conjugate. */
export function conjugate(a: Complex): Complex {
  return { re: a.re, im: -a.im };
}

/** The absolute value. */
export function magnitude(a: Complex): number {
  return Math.hypot(a.re, a.im);
}

/** The principal square root (real part >= 0). */
export function squareRoot(a: Complex): Complex {
  const size = magnitude(a);
  if (size === 0) return { re: 0, im: 0 };
  if (a.re >= 0) {
    const re = Math.sqrt((size + a.re) / 2);
    return { re, im: a.im / (2 * re) };
  }
  const im = Math.sqrt((size - a.re) / 2) * (a.im < 0 ? -1 : 1);
  return { re: a.im / (2 * im), im };
}

/** The product of all; 1 for none. */
export function product(values: readonly Complex[]): Complex {
  let result = complex(1);
  for (const value of values) result = multiply(result, value);
  return result;
}
