/**
 * @module
 * The columns of `ephys.QualityMetrics.Waveform`: size, shape and reach of each unit's mean waveform (pipeline contract 5.2).
 */
import { inverseVelocities, peakToPeaks, shankColumns, spread } from "./along-shank.ts";
import { channelWaveform, mainChannel } from "./main-channel.ts";
import { medianOf } from "./median.ts";
import { checkMetricsInput, finiteOrNull, type MetricsInput, type MetricsUnit } from "./metrics-input.ts";
import { waveformShape } from "./trough-and-peak.ts";
import { upsample } from "./upsample.ts";

/** Names are the columns'. null where a feature is not defined. */
export interface WaveformMetrics {
  /** Median size of the spikes, uV. */
  readonly amplitude: number | null;
  /** Trough to peak, ms. */
  readonly duration: number | null;
  /** ms. */
  readonly halfwidth: number | null;
  /** Size of the peak over that of the trough. */
  readonly pt_ratio: number | null;
  /** uV/s. */
  readonly repolarization_slope: number | null;
  /** uV/s. */
  readonly recovery_slope: number | null;
  /** um. */
  readonly spread: number | null;
  /** Inverse velocity, s/m. */
  readonly velocity_above: number | null;
  readonly velocity_below: number | null;
}

const UPSAMPLING = 10;

/**
 * Measures the waveforms of all units, in their order. Pure; some 5 ms a unit on 384 channels.
 *
 * @throws ShapeError, ParameterError as `checkMetricsInput`; the signal's reason
 */
export function waveformFeatures(input: MetricsInput): WaveformMetrics[] {
  input.signal?.throwIfAborted();
  checkMetricsInput(input);
  return input.units.map((unit) => featuresOf(unit, input));
}

function featuresOf(unit: MetricsUnit, { probe, samplingRateHz }: MetricsInput): WaveformMetrics {
  const channelCount = probe.x.length;
  const amplitude = finiteOrNull(medianOf(Float64Array.from(unit.amplitudesUv, Math.abs)));
  const main = mainChannel(unit.waveformUv, channelCount);
  if (main < 0) return { ...NOTHING, amplitude };
  const rate = samplingRateHz * UPSAMPLING;
  const fine = (channel: number): Float64Array =>
    upsample(channelWaveform(unit.waveformUv, channelCount, channel), UPSAMPLING);
  const shape = waveformShape(fine(main), rate);
  const columns = shankColumns(probe, main);
  const sizes = peakToPeaks(unit.waveformUv, channelCount, columns);
  const { troughS, deepest } = troughs(columns.channels, sizes, fine, rate);
  const velocity = inverseVelocities(sizes, troughS, deepest, columns);
  return {
    amplitude,
    duration: finiteOrNull(shape.durationMs),
    halfwidth: finiteOrNull(shape.halfwidthMs),
    pt_ratio: finiteOrNull(shape.peakTroughRatio),
    repolarization_slope: finiteOrNull(shape.repolarizationSlope),
    recovery_slope: finiteOrNull(shape.recoverySlope),
    spread: finiteOrNull(spread(sizes, columns)),
    velocity_above: finiteOrNull(velocity.above),
    velocity_below: finiteOrNull(velocity.below),
  };
}

const NOTHING: WaveformMetrics = {
  amplitude: null,
  duration: null,
  halfwidth: null,
  pt_ratio: null,
  repolarization_slope: null,
  recovery_slope: null,
  spread: null,
  velocity_above: null,
  velocity_below: null,
};

/** Time of each channel's lowest sample, and the index of the channel with the lowest of all. Silent channels have time 0. */
function troughs(
  channels: Int32Array,
  sizes: Float64Array,
  fine: (channel: number) => Float64Array,
  rateHz: number,
): { troughS: Float64Array; deepest: number } {
  const troughS = new Float64Array(channels.length);
  let deepest = 0;
  let lowest = Number.POSITIVE_INFINITY;
  for (const [i, channel] of channels.entries()) {
    if (!(sizes[i] > 0)) continue;
    const waveform = fine(channel);
    let at = 0;
    for (let t = 1; t < waveform.length; t++) if (waveform[t] < waveform[at]) at = t;
    troughS[i] = at / rateHz;
    if (waveform[at] < lowest) {
      lowest = waveform[at];
      deepest = i;
    }
  }
  return { troughS, deepest };
}
