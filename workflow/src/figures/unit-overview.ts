/**
 * @module
 * One unit at a glance: waveforms at the electrodes, the peak channel, the autocorrelogram and the amplitude over time.
 */
import { amplitudeOverTimePanel } from "./amplitude-over-time.ts";
import { autocorrelogramPanel, correlogramLegend } from "./autocorrelogram.ts";
import { drawFigure, type Figure, TITLE_HEIGHT } from "./figure.ts";
import { checkWaveforms, type UnitWaveformData } from "./unit-data.ts";
import { peakWaveformPanel, waveformMapPanel } from "./waveform-map.ts";

export interface UnitOverviewData {
  readonly waveforms: UnitWaveformData;
  /** Spike times, s, ascending [spikes]. */
  readonly timesS: ArrayLike<number>;
  /** Amplitude of each spike, uV; the sign is dropped [spikes]. */
  readonly amplitudesUv: ArrayLike<number>;
  readonly durationS: number;
  /** Default 1.5 ms. */
  readonly refractoryMs?: number;
  /** What else to say of the unit, e.g. "good, SNR 8.1"; default nothing. */
  readonly remark?: string;
}

const TOP = TITLE_HEIGHT + 44;
const ROW = 190;
const GAP = 84;

/** Draws a unit's overview. @throws RangeError when an array does not have the size that the data say */
export function unitOverview(data: UnitOverviewData): Figure {
  const { waveforms, timesS, amplitudesUv, durationS, refractoryMs, remark } = data;
  const { unitId } = waveforms;
  checkWaveforms(waveforms);
  if (amplitudesUv.length !== timesS.length)
    throw new RangeError(
      `unitOverview: ${timesS.length} times need as many amplitudes, got ${amplitudesUv.length} (unit ${unitId})`,
    );
  const correlogram = { unitId, timesS, durationS, ...(refractoryMs === undefined ? {} : { refractoryMs }) };
  const height = 2 * ROW + GAP;
  const facts = [`${timesS.length.toLocaleString("en-US")} spikes`, correlogramLegend(correlogram)];
  return drawFigure({
    description: `Unit ${unitId}: waveforms, autocorrelogram and amplitude over time of ${timesS.length} spikes`,
    width: 1060,
    height: TOP + height + 52,
    title: remark === undefined ? `Unit ${unitId}` : `Unit ${unitId}: ${remark}`,
    subtitle: facts.join("; "),
    marks: [
      waveformMapPanel({ x: 72, y: TOP, width: 280, height }, waveforms),
      peakWaveformPanel({ x: 440, y: TOP, width: 240, height: ROW }, waveforms),
      autocorrelogramPanel({ x: 770, y: TOP, width: 260, height: ROW }, correlogram, "Autocorrelogram"),
      amplitudeOverTimePanel(
        { x: 440, y: TOP + ROW + GAP, width: 590, height: ROW },
        { timesS, amplitudesUv, durationS },
      ),
    ],
  });
}
