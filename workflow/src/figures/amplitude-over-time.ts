/**
 * @module
 * The panel of a unit's spike amplitudes over the recording: steps and slopes show drift, a sharp lower edge shows missed spikes.
 */
import type { GroupMark } from "vega";
import { COLOUR_STEPS, colourMap } from "./colour-maps.ts";
import { type Panel, panelMark, spreadDomain } from "./panel.ts";
import { quantileRange } from "./quantiles.ts";
import { makeRaster, paintDensity, paintScatter, rasterMark } from "./raster.ts";
import { timeUnit } from "./time-axis.ts";

export interface AmplitudeData {
  /** s [spikes] */
  readonly timesS: ArrayLike<number>;
  /** uV; the sign is dropped [spikes] */
  readonly amplitudesUv: ArrayLike<number>;
  readonly durationS: number;
}

/** From this count on points hide each other, and their density is drawn instead. */
const DENSE_COUNT = 10_000;

/** Draws the amplitudes against time. */
export function amplitudeOverTimePanel(place: Panel, data: AmplitudeData): GroupMark {
  const { timesS, amplitudesUv, durationS } = data;
  const unit = timeUnit(durationS);
  const count = timesS.length;
  const magnitudes = Float64Array.from({ length: count }, (_, i) => Math.abs(amplitudesUv[i]!));
  // a few wild amplitudes must not squeeze the rest; those left out are rare and at the top
  const highest = quantileRange(magnitudes, 0, 0.999)?.[1] ?? 100;
  const domain = spreadDomain([0, 1.15 * highest]);
  const raster = makeRaster(place.width, place.height);
  const x = Float64Array.from({ length: count }, (_, i) => timesS[i]! / durationS);
  const y = magnitudes.map((value) => (value - domain[0]) / (domain[1] - domain[0]));
  const isDense = count >= DENSE_COUNT;
  const inside = isDense
    ? paintDensity(raster, x, y)
    : paintScatter(
        raster,
        { x, y, colour: new Uint8Array(count).fill(COLOUR_STEPS - 70) },
        count <= 300 ? 6 : 4,
      );
  const palette = colourMap("viridis", { from: 0.93, to: 0 });
  return panelMark({
    ...place,
    xAxis: { domain: [0, durationS / unit.seconds], title: `Time (${unit.name})` },
    yAxis: { domain, title: "Amplitude (µV)" },
    title: isDense ? "Amplitude over time (darker: more spikes)" : "Amplitude over time",
    marks: inside > 0 ? [rasterMark(raster, palette, place.width, place.height)] : [],
    ...(inside > 0 ? {} : { note: "no spikes" }),
  });
}
