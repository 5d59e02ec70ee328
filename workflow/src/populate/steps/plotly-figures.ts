/**
 * @module
 * Figures of one unit as plotly's JSON, for dashboards that draw what is in UnitLevelReport (pipeline contract 2.8, 5.4).
 *
 * Values are plain lists: what plotly in Python and in browsers take alike.
 */
import { autocorrelogramCounts } from "../../figures/correlogram.ts";

/** A figure as plotly's `to_json` has it. */
export interface PlotlyFigure {
  readonly data: readonly Readonly<Record<string, unknown>>[];
  readonly layout: Readonly<Record<string, unknown>>;
}

/** A mean waveform at its electrode. */
export interface ElectrodeWaveform {
  readonly electrode: number;
  readonly shank: number;
  readonly xUm: number;
  readonly yUm: number;
  /** uV [samples]. */
  readonly mean: ArrayLike<number>;
}

const white = { plot_bgcolor: "rgba(0,0,0,0)", paper_bgcolor: "rgba(0,0,0,0)" } as const;
const axis = (text: string) => ({ title: { text }, showline: true, linecolor: "#444444", ticks: "outside" });

/** The mean waveform at the peak electrode against time. */
export function waveformPlotly(peak: ArrayLike<number>, samplingRateHz: number): PlotlyFigure {
  const x = Array.from({ length: peak.length }, (_, sample) => rounded((sample * 1000) / samplingRateHz, 4));
  return {
    data: [
      {
        type: "scatter",
        mode: "lines",
        x,
        y: Array.from(peak, plottable),
        line: { color: "rgb(51, 76.5, 204)", width: 2 },
      },
    ],
    layout: {
      title: { text: "Avg. waveform" },
      xaxis: axis("Time (ms)"),
      yaxis: axis("Voltage (µV)"),
      showlegend: false,
      ...white,
    },
  };
}

/** Lags to each side of the autocorrelogram, ms. */
const reachMs = 500;

/** The autocorrelogram: bins of 1 ms, lags -500 to 500 ms, the spike itself left out. @param timesS  ascending */
export function autocorrelogramPlotly(timesS: Float64Array): PlotlyFigure {
  const half = reachMs + 1;
  const counts = autocorrelogramCounts(timesS, { binMs: 1, windowMs: half });
  const x = Array.from({ length: 2 * reachMs + 1 }, (_, i) => i - reachMs);
  return {
    data: [
      {
        type: "bar",
        x,
        // lags are rounded towards zero, so that the bin at 0 holds those below 1 ms
        y: x.map((lag) => counts[half + Math.abs(lag)]!),
        marker: { color: "rgb(51, 76.5, 204)" },
      },
    ],
    layout: {
      title: { text: "Autocorrelogram (window size: 1000 ms, bin size: 1 ms)" },
      xaxis: axis("Lag (ms)"),
      yaxis: axis("Count"),
      bargap: 0,
      showlegend: false,
      ...white,
    },
  };
}

/** Electrodes within this of the peak one along the shank are drawn. */
const depthReachUm = 60;
/** Room of one waveform, um: across the probe and along it. */
const [waveWidthUm, waveHeightUm] = [14, 18];

/** Mean waveforms at their electrodes, those of the same shank around the peak electrode. */
export function depthWaveformPlotly(
  waveforms: readonly ElectrodeWaveform[],
  peakElectrode: number,
): PlotlyFigure {
  const peak = waveforms.find(({ electrode }) => electrode === peakElectrode);
  const near = waveforms.filter(
    ({ shank, yUm }) =>
      peak !== undefined && shank === peak.shank && Math.abs(yUm - peak.yUm) <= depthReachUm,
  );
  const largest = near.reduce((most, { mean }) => maxOf(mean, most), 1e-9);
  const data = near.map(({ electrode, xUm, yUm, mean }) => ({
    type: "scatter",
    mode: "lines",
    name: `electrode ${electrode}`,
    x: Array.from({ length: mean.length }, (_, t) => rounded(xUm + (t / mean.length - 0.5) * waveWidthUm, 3)),
    y: Array.from(mean, (value) => plottable(yUm + (value / largest) * waveHeightUm)),
    line: { color: electrode === peakElectrode ? "rgb(51, 76.5, 204)" : "rgb(120, 120, 120)", width: 1.5 },
  }));
  return {
    data,
    layout: {
      title: { text: "Depth waveforms" },
      xaxis: axis("Electrode position (µm)"),
      yaxis: axis("Distance from the probe tip (µm)"),
      showlegend: false,
      ...white,
    },
  };
}

function maxOf(values: ArrayLike<number>, least: number): number {
  let most = least;
  for (let i = 0; i < values.length; i++) if (Math.abs(values[i]!) > most) most = Math.abs(values[i]!);
  return most;
}

/** Plotly leaves gaps at null; NaN is not JSON. */
function plottable(value: number): number | null {
  return Number.isFinite(value) ? rounded(value, 4) : null;
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
