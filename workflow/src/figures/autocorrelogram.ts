/**
 * @module
 * Autocorrelogram of a unit: how often it fires at each lag from its own spikes. A clean unit leaves the refractory band empty; a flat
 * one is noise or several cells.
 */
import type { GroupMark, Mark } from "vega";
import { autocorrelogramCounts } from "./correlogram.ts";
import { drawFigure, type Figure, TITLE_HEIGHT } from "./figure.ts";
import { panelMark, ruleMark } from "./panel.ts";
import { barsPath, linearScale, pathMark } from "./path.ts";
import { BLUE, INK, ORANGE } from "./theme.ts";
import type { PanelPlace } from "./waveform-map.ts";

export interface AutocorrelogramData {
  readonly unitId: number;
  /** Spike times, s, ascending. */
  readonly timesS: ArrayLike<number>;
  /** Length of the recording, s. */
  readonly durationS: number;
  /** Shaded on both sides of zero; default 1.5 ms, that of isi_violation. */
  readonly refractoryMs?: number;
  /** Default 1 ms. */
  readonly binMs?: number;
  /** Default 50 ms to each side. */
  readonly windowMs?: number;
}

/** Area between the axes, CSS pixels. */
export const AUTOCORRELOGRAM_PANEL = { x: 72, y: TITLE_HEIGHT + 14, width: 420, height: 280 } as const;

/** Draws an autocorrelogram. @throws RangeError when the times descend or the duration is not above 0 */
export function autocorrelogram(data: AutocorrelogramData): Figure {
  return drawFigure({
    description: `Unit ${data.unitId}: autocorrelogram of ${data.timesS.length} spikes`,
    width: 520,
    height: AUTOCORRELOGRAM_PANEL.y + AUTOCORRELOGRAM_PANEL.height + 52,
    title: `Unit ${data.unitId}, autocorrelogram`,
    subtitle: correlogramLegend(data),
    marks: [autocorrelogramPanel(AUTOCORRELOGRAM_PANEL, data)],
  });
}

/** One line that says what the shading and the dashes are. */
export function correlogramLegend(data: AutocorrelogramData): string {
  const { timesS, durationS, refractoryMs = 1.5 } = data;
  const rate = timesS.length / durationS;
  return `shaded: refractory ±${refractoryMs} ms; dashed: mean rate ${rate.toPrecision(3)} spikes/s`;
}

/** The panel alone, for figures of several. */
export function autocorrelogramPanel(
  place: PanelPlace,
  data: AutocorrelogramData,
  title?: string,
): GroupMark {
  const { timesS, durationS, refractoryMs = 1.5, binMs = 1, windowMs = 50 } = data;
  if (!(durationS > 0)) throw new RangeError(`autocorrelogram: durationS must be above 0, got ${durationS}`);
  const counts = autocorrelogramCounts(timesS, { binMs, windowMs });
  // pairs per spike and second of lag: the rate of firing that long after a spike
  const rates = counts.map((pairs) => pairs / Math.max(timesS.length, 1) / (binMs / 1000));
  const mean = timesS.length / durationS;
  const highest = Math.max(mean, ...rates);
  const top = highest > 0 ? 1.08 * highest : 1;
  const toX = linearScale([-windowMs, windowMs], [0, place.width]);
  const toY = linearScale([0, top], [place.height, 0]);
  const left = rates.map((_, i) => toX(-windowMs + i * binMs));
  const right = rates.map((_, i) => toX(-windowMs + (i + 1) * binMs));
  const shade = Math.min(refractoryMs, windowMs);
  const marks: Mark[] = [
    pathMark(`M${toX(-shade)},0H${toX(shade)}V${place.height}H${toX(-shade)}Z`, {
      fill: ORANGE,
      opacity: 0.3,
    }),
    pathMark(barsPath(left, right, rates.map(toY), place.height), { fill: BLUE }),
    ruleMark([0, toY(mean)], [place.width, toY(mean)], { stroke: INK, dash: [5, 4] }),
  ];
  const isEmpty = timesS.length === 0;
  return panelMark({
    ...place,
    xAxis: {
      domain: [-windowMs, windowMs],
      title: "Lag (ms)",
      ticks: [-1, -0.5, 0, 0.5, 1].map((share) => share * windowMs),
    },
    yAxis: { domain: [0, top], title: "Firing rate (spikes/s)" },
    ...(title === undefined ? {} : { title }),
    marks: isEmpty ? [] : marks,
    ...(isEmpty ? { note: "no spikes" } : {}),
  });
}
