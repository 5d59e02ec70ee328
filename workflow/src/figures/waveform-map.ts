/**
 * @module
 * The panel with a unit's mean waveform at each electrode around its main one, with a scale bar. Also the panel of the peak channel alone.
 */
import type { GroupMark, Mark } from "vega";
import { panelMark, ruleMark, spreadDomain, textMark } from "./panel.ts";
import { bandPath, linearScale, linePath, pathMark } from "./path.ts";
import { finiteRange } from "./quantiles.ts";
import { BLUE, FAINT, INK } from "./theme.ts";
import { channelOf, type UnitWaveformData } from "./unit-data.ts";

export interface PanelPlace {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Contacts within this of the main one along the probe are shown (the contract's depth waveforms). */
const REACH_UM = 60;
const MOST_CHANNELS = 24;
const LEAST_CHANNELS = 4;
/** Height of the largest waveform in rows of contacts. */
const ROWS_HIGH = 2.4;
/** Most that it may reach above or below its contact, and the room left for it at the panel's ends, in rows. */
const ROWS_REACH = 1.5;

/** Draws the mean waveforms at their electrodes. Leave 40 pixels above the place for the scale bar. */
export function waveformMapPanel(place: PanelPlace, data: UnitWaveformData): GroupMark {
  const { sampleCount, channelCount, channelX, channelY, peakChannel, mean, samplingRateHz } = data;
  const axes = { x: "Position across the probe (µm)", y: "Depth from the tip (µm)" };
  const main =
    sampleCount === 0 ? undefined : finiteRange(channelOf(mean, sampleCount, channelCount, peakChannel));
  if (main === undefined)
    return panelMark({
      ...place,
      xAxis: { domain: [0, 100], title: axes.x },
      yAxis: { domain: [0, 100], title: axes.y },
      note: "no spikes",
    });
  const shown = nearestChannels(data);
  const { column, row } = contactSpacing(data, shown);
  const columnsAt = shown.map((channel) => channelX[channel]!);
  const rowsAt = shown.map((channel) => channelY[channel]!);
  const xDomain: [number, number] = [
    Math.min(...columnsAt) - 0.6 * column,
    Math.max(...columnsAt) + 0.6 * column,
  ];
  const yDomain: [number, number] = [
    Math.min(...rowsAt) - (ROWS_REACH + 0.1) * row,
    Math.max(...rowsAt) + (ROWS_REACH + 0.1) * row,
  ];
  const toX = linearScale(xDomain, [0, place.width]);
  const toY = linearScale(yDomain, [place.height, 0]);
  const msWidth =
    ((0.92 * column * place.width) / (xDomain[1] - xDomain[0]) / sampleCount) * (samplingRateHz / 1000);
  const rowHeight = (row * place.height) / (yDomain[1] - yDomain[0]);
  // no part of the largest waveform may leave the panel, whichever row it is in
  const reach = Math.max(Math.abs(main[0]), Math.abs(main[1]), 1e-9);
  const uvHeight = Math.min(
    (ROWS_HIGH * rowHeight) / Math.max(main[1] - main[0], 1e-9),
    (ROWS_REACH * rowHeight) / reach,
  );
  const marks: Mark[] = [];
  // the main channel last, on top
  const drawOrder = shown.filter((channel) => channel !== peakChannel).concat(peakChannel);
  for (const channel of drawOrder) {
    const centreX = toX(channelX[channel]!);
    const centreY = toY(channelY[channel]!);
    const x = Float64Array.from(
      { length: sampleCount },
      (_, t) => centreX + ((t - (sampleCount - 1) / 2) / samplingRateHz) * 1000 * msWidth,
    );
    const y = channelOf(mean, sampleCount, channelCount, channel).map((value) => centreY - value * uvHeight);
    const isMain = channel === peakChannel;
    marks.push(
      pathMark(linePath(x, y), { stroke: isMain ? BLUE : "#777777", strokeWidth: isMain ? 2 : 1.2 }),
    );
  }
  return panelMark({
    ...place,
    xAxis: { domain: xDomain, title: axes.x, ticks: distinct(columnsAt) },
    yAxis: { domain: yDomain, title: axes.y },
    title: "Mean waveform",
    marks: [...marks, ...scaleBar(place.width, uvHeight, msWidth)],
  });
}

/** The channels to show: same shank, within reach, nearest first; some at least on sparse probes. */
function nearestChannels(data: UnitWaveformData): number[] {
  const { channelCount, channelX, channelY, channelShank, peakChannel } = data;
  const candidates: { channel: number; distance: number; isNear: boolean }[] = [];
  for (let channel = 0; channel < channelCount; channel++) {
    if (channelShank !== undefined && channelShank[channel] !== channelShank[peakChannel]) continue;
    const dx = channelX[channel]! - channelX[peakChannel]!;
    const dy = channelY[channel]! - channelY[peakChannel]!;
    candidates.push({
      channel,
      distance: Math.sqrt(dx * dx + dy * dy),
      isNear: Math.abs(dy) <= REACH_UM && Math.abs(dx) <= 2 * REACH_UM,
    });
  }
  candidates.sort((a, b) => a.distance - b.distance || a.channel - b.channel);
  return candidates
    .filter((candidate, index) => index < LEAST_CHANNELS || (candidate.isNear && index < MOST_CHANNELS))
    .map((candidate) => candidate.channel);
}

/** Least distance of contacts side by side and above each other, um. */
function contactSpacing(data: UnitWaveformData, shown: readonly number[]): { column: number; row: number } {
  const { channelX, channelY } = data;
  let sameRow = Number.POSITIVE_INFINITY;
  let anyColumn = Number.POSITIVE_INFINITY;
  for (const a of shown)
    for (const b of shown) {
      const dx = channelX[a]! - channelX[b]!;
      if (dx <= 0.5) continue;
      anyColumn = Math.min(anyColumn, dx);
      if (Math.abs(channelY[a]! - channelY[b]!) < 0.5) sameRow = Math.min(sameRow, dx);
    }
  const column = Number.isFinite(sameRow) ? sameRow : Number.isFinite(anyColumn) ? anyColumn : 30;
  let row = Number.POSITIVE_INFINITY;
  for (const a of shown)
    for (const b of shown) {
      const dy = channelY[a]! - channelY[b]!;
      if (dy > 0.5 && Math.abs(channelX[a]! - channelX[b]!) < column) row = Math.min(row, dy);
    }
  return { column, row: Number.isFinite(row) ? row : 20 };
}

/** uV and ms bars in the strip above the panel, right. */
function scaleBar(width: number, uvHeight: number, msWidth: number): Mark[] {
  const uv = niceBelow(32 / uvHeight);
  const ms = niceBelow(48 / msWidth);
  const left = width - 125;
  const bottom = -10;
  const corner: [number, number] = [left, bottom];
  const right = left + ms * msWidth;
  return [
    ruleMark(corner, [left, bottom - uv * uvHeight], { stroke: INK, strokeWidth: 2 }),
    ruleMark(corner, [right, bottom], { stroke: INK, strokeWidth: 2 }),
    textMark(`${uv} µV`, { x: left - 6, y: bottom - (uv * uvHeight) / 2, align: "right" }),
    textMark(`${ms} ms`, { x: right + 6, y: bottom }),
  ];
}

/** The largest of 1, 2, 5 x 10^n that is not above the value. */
export function niceBelow(value: number): number {
  const power = Math.floor(Math.log10(value) + 1e-12);
  const digit = value / 10 ** power;
  const nice = digit >= 5 ? 5 : digit >= 2 ? 2 : 1;
  // by way of text, so that 0.2 is 0.2
  return Number(`${nice}e${power}`);
}

/** Values that differ by more than half a micrometre, ascending; at most six, else the ends. */
function distinct(values: readonly number[]): number[] {
  const sorted = values.toSorted((a, b) => a - b);
  const kept = sorted.filter((value, i) => i === 0 || value - sorted[i - 1]! > 0.5);
  return kept.length <= 6 ? kept : [kept[0]!, kept.at(-1)!];
}

/** Draws the mean waveform of the peak channel with a band of one standard deviation. */
export function peakWaveformPanel(place: PanelPlace, data: UnitWaveformData): GroupMark {
  const { sampleCount, channelCount, peakChannel, peakSample, samplingRateHz } = data;
  const axes = { x: "Time from the trough (ms)", y: "Amplitude (µV)" };
  const mean =
    sampleCount === 0 ? new Float64Array(0) : channelOf(data.mean, sampleCount, channelCount, peakChannel);
  if (finiteRange(mean) === undefined)
    return panelMark({
      ...place,
      xAxis: { domain: [-1, 2], title: axes.x },
      yAxis: { domain: [-100, 50], title: axes.y },
      note: "no spikes",
    });
  const deviation =
    data.deviation === undefined
      ? new Float64Array(sampleCount)
      : channelOf(data.deviation, sampleCount, channelCount, peakChannel);
  const low = mean.map((value, t) => value - deviation[t]!);
  const high = mean.map((value, t) => value + deviation[t]!);
  const [bottom, top] = spreadDomain(finiteRange([...low, ...high, ...mean]) ?? [-1, 1]);
  const yDomain: [number, number] = [bottom - 0.06 * (top - bottom), top + 0.06 * (top - bottom)];
  const toMs = 1000 / samplingRateHz;
  const xDomain = spreadDomain([-peakSample * toMs, (sampleCount - 1 - peakSample) * toMs]);
  const toX = linearScale(xDomain, [0, place.width]);
  const toY = linearScale(yDomain, [place.height, 0]);
  const x = mean.map((_, t) => toX((t - peakSample) * toMs));
  const marks: Mark[] = [];
  if (yDomain[0] < 0 && yDomain[1] > 0)
    marks.push(ruleMark([0, toY(0)], [place.width, toY(0)], { stroke: FAINT, dash: [2, 3] }));
  if (data.deviation !== undefined)
    marks.push(pathMark(bandPath(x, low.map(toY), high.map(toY)), { fill: BLUE, opacity: 0.2 }));
  marks.push(pathMark(linePath(x, mean.map(toY)), { stroke: BLUE, strokeWidth: 2 }));
  const name = data.peakChannelName ?? `channel ${peakChannel}`;
  return panelMark({
    ...place,
    xAxis: { domain: xDomain, title: axes.x },
    yAxis: { domain: yDomain, title: axes.y },
    title: data.deviation === undefined ? `Peak ${name}` : `Peak ${name}, mean ± 1 s.d.`,
    marks,
  });
}
