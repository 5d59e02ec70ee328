/**
 * @module
 * Spectrogram of one LFP channel: power in dB over time and frequency.
 */
import type { Mark } from "vega";
import { colourIndex, colourMap } from "./colour-maps.ts";
import { drawFigure, type Figure, TITLE_HEIGHT } from "./figure.ts";
import { colourBar, type PanelAxis, panelMark, spreadDomain } from "./panel.ts";
import { TRANSPARENT } from "./png.ts";
import { quantileRange } from "./quantiles.ts";
import { makeRaster, type Raster, rasterMark } from "./raster.ts";
import { timeUnit } from "./time-axis.ts";

export interface SpectrogramData {
  /** Default "LFP spectrogram". */
  readonly title?: string;
  /** Second line, e.g. the channel and the window; default nothing. */
  readonly subtitle?: string;
  /** Middles of the windows, s, ascending [times]. */
  readonly timesS: ArrayLike<number>;
  /** Hz, ascending [frequencies]. */
  readonly frequenciesHz: ArrayLike<number>;
  /** Power density, uV^2/Hz, not dB [frequencies x times], as scipy.signal.spectrogram orders it. NaN is left white. */
  readonly power: ArrayLike<number>;
  /** Length of the recording, s; the last window's end when absent. */
  readonly durationS?: number;
  /** Upper end of the frequency axis; default 200 Hz or the highest frequency. */
  readonly maximumHz?: number;
  /** Default "linear". "log" starts at the lowest frequency above 0. */
  readonly frequencyScale?: "linear" | "log";
}

/** Area between the axes, CSS pixels. */
export const SPECTROGRAM_PANEL = { x: 72, y: TITLE_HEIGHT + 8, width: 780, height: 330 } as const;
const LOG_TICKS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];

/** Draws a spectrogram. @throws RangeError when the arrays do not fit each other or do not ascend */
export function lfpSpectrogram(data: SpectrogramData): Figure {
  const { timesS, frequenciesHz, power, title = "LFP spectrogram", subtitle = "" } = data;
  const timeCount = timesS.length;
  const frequencyCount = frequenciesHz.length;
  if (power.length !== timeCount * frequencyCount)
    throw new RangeError(
      `lfpSpectrogram: ${frequencyCount} frequencies x ${timeCount} times need ${timeCount * frequencyCount} powers, got ${power.length}`,
    );
  checkAscending("timesS", timesS);
  checkAscending("frequenciesHz", frequenciesHz);
  const step = timeCount > 1 ? timesS[1]! - timesS[0]! : 1;
  const durationS = data.durationS ?? (timeCount > 0 ? timesS[timeCount - 1]! + step / 2 : 1);
  const isLog = data.frequencyScale === "log";
  const frequencyDomain = frequencyRange(frequenciesHz, isLog, data.maximumHz ?? 200);
  const { x, y, width, height } = SPECTROGRAM_PANEL;
  const raster = makeRaster(width, height);
  const decibels = resample(raster, data, durationS, frequencyDomain, isLog);
  const colourDomain = quantileRange(decibels, 0.02, 0.98);
  const palette = colourMap("viridis");
  const unit = timeUnit(durationS);
  const marks: Mark[] = [];
  if (colourDomain !== undefined) {
    const [low, high] = spreadDomain(colourDomain);
    for (let i = 0; i < decibels.length; i++)
      raster.pixels[i] = Number.isFinite(decibels[i]) ? colourIndex(decibels[i]!, low, high) : TRANSPARENT;
    marks.push(rasterMark(raster, palette, width, height));
  }
  const yAxis: PanelAxis = {
    domain: frequencyDomain,
    title: "Frequency (Hz)",
    ...(isLog ? { type: "log" as const, format: "~g" } : {}),
    ...(isLog
      ? { ticks: LOG_TICKS.filter((tick) => tick >= frequencyDomain[0] && tick <= frequencyDomain[1]) }
      : {}),
  };
  const panel = panelMark({
    ...SPECTROGRAM_PANEL,
    xAxis: { domain: [0, durationS / unit.seconds], title: `Time (${unit.name})` },
    yAxis,
    marks,
    ...(colourDomain === undefined ? { note: "no LFP power" } : {}),
  });
  const bar =
    colourDomain === undefined
      ? []
      : [
          colourBar(
            { x: x + width + 18, y, height },
            palette,
            spreadDomain(colourDomain),
            "Power (dB re 1 µV²/Hz)",
          ),
        ];
  return drawFigure({
    description: `${title}: ${timeCount} times x ${frequencyCount} frequencies, power as colour`,
    width: 950,
    height: y + height + 52,
    title,
    subtitle,
    marks: [panel, ...bar],
  });
}

function checkAscending(name: string, values: ArrayLike<number>): void {
  for (let i = 1; i < values.length; i++)
    if (!(values[i]! > values[i - 1]!))
      throw new RangeError(
        `lfpSpectrogram: ${name} must ascend, but value ${i} is ${values[i]} after ${values[i - 1]}`,
      );
}

function frequencyRange(frequencies: ArrayLike<number>, isLog: boolean, maximum: number): [number, number] {
  const count = frequencies.length;
  const high = Math.min(maximum, count > 0 ? frequencies[count - 1]! : maximum);
  let low = 0;
  if (isLog) {
    low = 1;
    for (let i = count - 1; i >= 0; i--) if (frequencies[i]! > 0) low = frequencies[i]!;
  }
  return high > low ? [low, high] : spreadDomain([low, low], isLog);
}

/** Power in dB for each pixel: the mean power of the windows that fall on it, or of the nearest one. Float64Array, NaN where none. */
function resample(
  raster: Raster,
  data: SpectrogramData,
  durationS: number,
  frequencyDomain: readonly [number, number],
  isLog: boolean,
): Float64Array {
  const { timesS, frequenciesHz, power } = data;
  const { width, height } = raster;
  const out = new Float64Array(width * height).fill(Number.NaN);
  if (timesS.length === 0 || frequenciesHz.length === 0) return out;
  const columns = pixelColumns(timesS, durationS, width);
  const sums = new Float64Array(width);
  let previous = -1;
  for (let row = 0; row < height; row++) {
    const position = 1 - (row + 0.5) / height;
    const [low, high] = frequencyDomain;
    const frequency = isLog ? low * (high / low) ** position : low + (high - low) * position;
    const nearest = nearestIndex(frequenciesHz, frequency);
    // rows of one frequency are equal: copied, not computed
    if (nearest === previous) {
      out.copyWithin(row * width, (row - 1) * width, row * width);
      continue;
    }
    previous = nearest;
    averagePower(power, nearest * timesS.length, columns, sums);
    for (let column = 0; column < width; column++)
      out[row * width + column] = sums[column]! > 0 ? 10 * Math.log10(sums[column]!) : Number.NaN;
  }
  return out;
}

interface PixelColumns {
  /** First and last window of each pixel column; first > last where the recording has none near. */
  readonly first: Int32Array;
  readonly last: Int32Array;
}

function pixelColumns(timesS: ArrayLike<number>, durationS: number, width: number): PixelColumns {
  const count = timesS.length;
  const first = new Int32Array(width);
  const last = new Int32Array(width);
  // a window reaches half a usual step to each side; farther from any window there is a gap
  const steps = Float64Array.from({ length: Math.max(count - 1, 1) }, (_, i) =>
    count > 1 ? timesS[i + 1]! - timesS[i]! : durationS,
  );
  const reach = quantileRange(steps, 0.5, 0.5)![0] * 0.51;
  let next = 0;
  for (let column = 0; column < width; column++) {
    const from = (column / width) * durationS;
    const to = ((column + 1) / width) * durationS;
    while (next < count && timesS[next]! < from) next++;
    let end = next;
    while (end < count && timesS[end]! < to) end++;
    first[column] = next;
    last[column] = end - 1;
    if (end > next) continue;
    const middle = (from + to) / 2;
    const nearest = nearestIndex(timesS, middle);
    const isNear = Math.abs(timesS[nearest]! - middle) <= reach || count === 1;
    first[column] = nearest;
    last[column] = isNear ? nearest : nearest - 1;
  }
  return { first, last };
}

function averagePower(
  power: ArrayLike<number>,
  offset: number,
  columns: PixelColumns,
  out: Float64Array,
): void {
  const { first, last } = columns;
  for (let column = 0; column < out.length; column++) {
    let sum = 0;
    let count = 0;
    for (let t = first[column]!; t <= last[column]!; t++) {
      const value = power[offset + t]!;
      if (!Number.isFinite(value)) continue;
      sum += value;
      count++;
    }
    out[column] = count > 0 ? sum / count : Number.NaN;
  }
}

/** Index of the nearest of ascending values; of two equally near the lower. */
function nearestIndex(values: ArrayLike<number>, wanted: number): number {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low > 0 && wanted - values[low - 1]! <= values[low]! - wanted ? low - 1 : low;
}
