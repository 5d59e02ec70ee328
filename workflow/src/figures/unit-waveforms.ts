/**
 * @module
 * A unit's waveforms: the mean at every electrode around the main one, and the main one alone with its spread.
 */
import { drawFigure, type Figure, TITLE_HEIGHT } from "./figure.ts";
import { checkWaveforms, type UnitWaveformData } from "./unit-data.ts";
import { peakWaveformPanel, waveformMapPanel } from "./waveform-map.ts";

const TOP = TITLE_HEIGHT + 44;
const PANEL_HEIGHT = 380;
/** Area between the axes of the peak channel's panel, CSS pixels. */
export const PEAK_PANEL = { x: 480, y: TOP, width: 360, height: PANEL_HEIGHT } as const;

/** Draws a unit's waveforms. @throws RangeError when an array does not have the size that the data say */
export function unitWaveforms(data: UnitWaveformData): Figure {
  checkWaveforms(data);
  const spikes = `${data.spikeCount.toLocaleString("en-US")} spikes`;
  return drawFigure({
    description: `Unit ${data.unitId}: mean waveforms of ${spikes}`,
    width: 870,
    height: TOP + PANEL_HEIGHT + 52,
    title: `Unit ${data.unitId}`,
    subtitle: spikes,
    marks: [
      waveformMapPanel({ x: 72, y: TOP, width: 310, height: PANEL_HEIGHT }, data),
      peakWaveformPanel(PEAK_PANEL, data),
    ],
  });
}
