/**
 * @module
 * Recursive filters by design: Butterworth and Chebyshev-I, low, high and band pass, as second-order sections.
 *
 * The bilinear transform of the analog prototype with pre-warped edges (Oppenheim and Schafer, "Discrete-Time Signal Processing", ch. 7);
 * sections are paired and ordered as `scipy.signal.butter/cheby1(output="sos")` does, so that rows can be compared one by one.
 *
 * What a newcomer would get wrong: a band pass of order n has 2n poles (n sections), as in scipy.
 */
import { ParameterError } from "../errors.ts";
import {
  add,
  type Complex,
  complex,
  divide,
  multiply,
  product,
  scale,
  squareRoot,
  subtract,
} from "./complex.ts";
import { sectionsOfZeroPole } from "./sections.ts";

/** Float64Array [sections x 6], each b0 b1 b2 a0 a1 a2 with a0 = 1: the `sos` of scipy. */
export type Sections = Float64Array;

export type BandType = "lowpass" | "highpass" | "bandpass";

/** Zeros, poles and gain of a filter. */
export interface ZeroPoleGain {
  readonly zeros: readonly Complex[];
  readonly poles: readonly Complex[];
  readonly gain: number;
}

export interface FilterEdges {
  readonly type: BandType;
  /** The edge, or [low, high] of a band pass, Hz. Butterworth: the -3 dB point; Chebyshev: where the ripple is left. */
  readonly edgeHz: number | readonly [number, number];
  readonly samplingRateHz: number;
}

/** Designs a Butterworth filter.
 * @throws ParameterError when the order or an edge is out of range */
export function butterworth(order: number, edges: FilterEdges): Sections {
  return sectionsOfZeroPole(digital(butterworthPrototype(order), edges));
}

/** Designs a Chebyshev filter of type I with `rippleDb` in its pass band.
 * @throws ParameterError when the order, the ripple or an edge is out of range */
export function chebyshev1(order: number, rippleDb: number, edges: FilterEdges): Sections {
  return sectionsOfZeroPole(digital(chebyshev1Prototype(order, rippleDb), edges));
}

function butterworthPrototype(order: number): ZeroPoleGain {
  checkOrder(order);
  const poles = prototypeAngles(order).map((angle) => complex(-Math.cos(angle), -Math.sin(angle)));
  return { zeros: [], poles, gain: 1 };
}

function chebyshev1Prototype(order: number, rippleDb: number): ZeroPoleGain {
  checkOrder(order);
  if (!(rippleDb > 0)) throw new ParameterError(`rippleDb must be above 0, got ${rippleDb}`, "rippleDb");
  const epsilon = Math.sqrt(10 ** (0.1 * rippleDb) - 1);
  const mu = Math.asinh(1 / epsilon) / order;
  const poles = prototypeAngles(order).map((angle) =>
    complex(-Math.sinh(mu) * Math.cos(angle), -Math.cosh(mu) * Math.sin(angle)),
  );
  const gain = product(poles.map((pole) => scale(pole, -1))).re;
  return { zeros: [], poles, gain: order % 2 === 0 ? gain / Math.sqrt(1 + epsilon * epsilon) : gain };
}

function prototypeAngles(order: number): number[] {
  return Array.from({ length: order }, (_, i) => (Math.PI * (2 * i + 1 - order)) / (2 * order));
}

function digital(prototype: ZeroPoleGain, edges: FilterEdges): ZeroPoleGain {
  const { type, edgeHz, samplingRateHz } = edges;
  const isBand = typeof edgeHz !== "number";
  if (isBand !== (type === "bandpass"))
    throw new ParameterError(
      `edgeHz must be ${type === "bandpass" ? "[low, high]" : "one number"} for a ${type}, got ${JSON.stringify(edgeHz)}`,
      "edgeHz",
    );
  // the sampling rate of the transform is 2, so that warped edges are of order 1
  const warped = (isBand ? edgeHz : [edgeHz]).map((edge) => {
    if (!(edge > 0 && edge < samplingRateHz / 2))
      throw new ParameterError(
        `edgeHz must lie between 0 and half the sampling rate (${samplingRateHz / 2} Hz), got ${edge}`,
        "edgeHz",
      );
    return 4 * Math.tan((Math.PI * edge) / samplingRateHz);
  });
  if (type === "lowpass") return bilinear(toLowPass(prototype, warped[0]));
  if (type === "highpass") return bilinear(toHighPass(prototype, warped[0]));
  if (!(warped[0] < warped[1]))
    throw new ParameterError(
      `edgeHz must be [low, high] with low < high, got ${JSON.stringify(edgeHz)}`,
      "edgeHz",
    );
  return bilinear(toBandPass(prototype, warped[0], warped[1]));
}

function toLowPass(filter: ZeroPoleGain, edge: number): ZeroPoleGain {
  const degree = filter.poles.length - filter.zeros.length;
  return {
    zeros: filter.zeros.map((zero) => scale(zero, edge)),
    poles: filter.poles.map((pole) => scale(pole, edge)),
    gain: filter.gain * edge ** degree,
  };
}

function toHighPass(filter: ZeroPoleGain, edge: number): ZeroPoleGain {
  const degree = filter.poles.length - filter.zeros.length;
  const invert = (value: Complex) => divide(complex(edge), value);
  return {
    zeros: [...filter.zeros.map(invert), ...new Array<Complex>(degree).fill(complex(0))],
    poles: filter.poles.map(invert),
    gain: filter.gain * divide(product(filter.zeros.map(negate)), product(filter.poles.map(negate))).re,
  };
}

function toBandPass(filter: ZeroPoleGain, low: number, high: number): ZeroPoleGain {
  const degree = filter.poles.length - filter.zeros.length;
  const width = high - low;
  const centreSquared = complex(low * high);
  const split = (values: readonly Complex[]) => {
    const halves = values.map((value) => scale(value, width / 2));
    const roots = halves.map((half) => squareRoot(subtract(multiply(half, half), centreSquared)));
    return [
      ...halves.map((half, i) => add(half, roots[i])),
      ...halves.map((half, i) => subtract(half, roots[i])),
    ];
  };
  return {
    zeros: [...split(filter.zeros), ...new Array<Complex>(degree).fill(complex(0))],
    poles: split(filter.poles),
    gain: filter.gain * width ** degree,
  };
}

function bilinear(filter: ZeroPoleGain): ZeroPoleGain {
  const four = complex(4);
  const degree = filter.poles.length - filter.zeros.length;
  const map = (value: Complex) => divide(add(four, value), subtract(four, value));
  const from = (value: Complex) => subtract(four, value);
  return {
    zeros: [...filter.zeros.map(map), ...new Array<Complex>(degree).fill(complex(-1))],
    poles: filter.poles.map(map),
    gain: filter.gain * divide(product(filter.zeros.map(from)), product(filter.poles.map(from))).re,
  };
}

function negate(value: Complex): Complex {
  return scale(value, -1);
}

function checkOrder(order: number): void {
  if (!Number.isInteger(order) || order < 1 || order > 30)
    throw new ParameterError(`order must be a whole number in 1..30, got ${order}`, "order");
}
