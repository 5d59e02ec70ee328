/**
 * @module
 * The noise of each channel as SNR counts it: 1.4826 x median absolute deviation of the 300 to 6000 Hz signal, spikes included.
 */

const LOW_HZ = 300;
const HIGH_HZ = 6000;
/** Left out at the beginning of each window, where the filters settle. */
const SETTLE_MS = 15;

interface Biquad {
  readonly b: readonly [number, number, number];
  readonly a: readonly [number, number];
}

/** Gathers the noise level from a few stretches of the recording. */
export class NoiseLevelMeter {
  readonly #levels: Float64Array[] = [];
  readonly #filters: readonly Biquad[];
  readonly #settle: number;

  constructor(samplingRateHz: number) {
    this.#filters = [butterworth(LOW_HZ, samplingRateHz, true), butterworth(HIGH_HZ, samplingRateHz, false)];
    this.#settle = Math.ceil((SETTLE_MS * samplingRateHz) / 1000);
  }

  /** Measures one stretch; one too short to settle is passed over.
   * @param data  Int16Array [rows x columns]; the first `channelCount` columns are measured */
  add(data: Int16Array, rowCount: number, columnCount: number, channelCount: number, uvPerBit: number): void {
    if (rowCount < 2 * this.#settle) return;
    const levels = new Float64Array(channelCount);
    const signal = new Float64Array(rowCount);
    for (let c = 0; c < channelCount; c++) {
      // from the first value on, so that a constant offset does not ring
      const offset = data[c];
      for (let t = 0; t < rowCount; t++) signal[t] = (data[t * columnCount + c] - offset) * uvPerBit;
      for (const filter of this.#filters) filterInPlace(filter, signal);
      levels[c] = 1.4826 * medianAbsoluteDeviation(everyThird(signal.subarray(this.#settle)));
    }
    this.#levels.push(levels);
  }

  /** uV for each channel: the median over the stretches; undefined when there was none. */
  level(): Float64Array | undefined {
    const first = this.#levels[0];
    if (first === undefined) return undefined;
    return first.map((_, c) => median(Float64Array.from(this.#levels, (levels) => levels[c])));
  }
}

/** Neighbours are alike after the filter: a third of the samples tells as much. */
function everyThird(values: Float64Array): Float64Array {
  return Float64Array.from({ length: Math.floor(values.length / 3) }, (_, i) => values[3 * i]);
}

function median(values: Float64Array): number {
  const sorted = values.sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function medianAbsoluteDeviation(values: Float64Array): number {
  const centre = median(values);
  for (let i = 0; i < values.length; i++) values[i] = Math.abs(values[i] - centre);
  return median(values);
}

/** Second-order Butterworth by the bilinear transform. */
function butterworth(cornerHz: number, samplingRateHz: number, isHighPass: boolean): Biquad {
  const k = Math.tan((Math.PI * cornerHz) / samplingRateHz);
  const scale = 1 / (1 + Math.SQRT2 * k + k * k);
  const gain = isHighPass ? scale : k * k * scale;
  return {
    b: [gain, isHighPass ? -2 * gain : 2 * gain, gain],
    a: [2 * (k * k - 1) * scale, (1 - Math.SQRT2 * k + k * k) * scale],
  };
}

function filterInPlace({ b, a }: Biquad, signal: Float64Array): void {
  let z1 = 0;
  let z2 = 0;
  for (let t = 0; t < signal.length; t++) {
    const x = signal[t];
    const y = b[0] * x + z1;
    z1 = b[1] * x - a[0] * y + z2;
    z2 = b[2] * x - a[1] * y;
    signal[t] = y;
  }
}
