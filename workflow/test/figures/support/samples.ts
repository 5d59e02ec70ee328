/**
 * @module
 * Data to draw every figure of the registry from: an ordinary case and an empty one each. A figure without a sample does not compile.
 */
import { Random } from "@tenon/ephys";
import type { Figure } from "../../../src/figures/figure.ts";
import { FIGURES, type FigureName } from "../../../src/figures/registry.ts";
import type { UnitWaveformData } from "../../../src/figures/unit-data.ts";

export interface Sample {
  readonly draw: () => Figure;
  /** The same figure of nothing. */
  readonly drawEmpty: () => Figure;
  /** Axis titles that must be on it, with their units. */
  readonly axes: readonly string[];
}

const durationS = 120;

/** Spike times of a regular cell with a refractory time, s. */
export function spikeTrain(rateHz: number, seed: number): Float64Array {
  const random = new Random(seed);
  const times: number[] = [];
  for (let t = 0.01; t < durationS; t += 0.003 - Math.log(1 - random.uniform()) / rateHz) times.push(t);
  return Float64Array.from(times);
}

function amplitudes(count: number, seed: number): Float64Array {
  const random = new Random(seed);
  return Float64Array.from({ length: count }, () => 120 + 15 * random.normal());
}

/** A biphasic waveform on two columns of eight contacts, largest on channel 6. */
export function waveforms(): UnitWaveformData {
  const [sampleCount, channelCount, peakSample, peakChannel] = [90, 16, 30, 6];
  const channelX = Array.from({ length: channelCount }, (_, c) => 16 + 32 * (c % 2));
  const channelY = Array.from({ length: channelCount }, (_, c) => 20 * Math.floor(c / 2));
  const mean = new Float64Array(sampleCount * channelCount);
  for (let c = 0; c < channelCount; c++) {
    const distance = Math.hypot(channelX[c]! - channelX[peakChannel]!, channelY[c]! - channelY[peakChannel]!);
    const size = 180 * Math.exp(-distance / 40);
    for (let t = 0; t < sampleCount; t++) {
      const trough = Math.exp(-(((t - peakSample) / 4) ** 2));
      const peak = Math.exp(-(((t - peakSample - 14) / 10) ** 2));
      mean[t * channelCount + c] = size * (0.35 * peak - trough);
    }
  }
  return {
    unitId: 7,
    spikeCount: 1234,
    samplingRateHz: 30000,
    sampleCount,
    channelCount,
    peakSample,
    peakChannel,
    mean,
    deviation: mean.map((value) => 8 + 0.05 * Math.abs(value)),
    channelX,
    channelY,
  };
}

function noWaveforms(): UnitWaveformData {
  return { ...waveforms(), spikeCount: 0, sampleCount: 0, mean: [], deviation: [] };
}

function driftMap(unitCount: number) {
  const trains = Array.from({ length: unitCount }, (_, unit) => spikeTrain(4 + unit, unit));
  const random = new Random(3);
  const times = trains.flatMap((train) => Array.from(train));
  const depths = trains.flatMap((train, unit) =>
    Array.from(train, (t) => 100 * unit + 0.2 * t + 3 * random.normal()),
  );
  return FIGURES["drift-map"].draw({
    timesS: times,
    depthsUm: depths,
    amplitudesUv: amplitudes(times.length, 4),
    durationS,
  });
}

function spectrogram(timeCount: number) {
  const frequenciesHz = Array.from({ length: 60 }, (_, i) => 4 * i);
  const random = new Random(5);
  return FIGURES["lfp-spectrogram"].draw({
    timesS: Array.from({ length: timeCount }, (_, i) => 0.125 + i / 4),
    frequenciesHz,
    power: frequenciesHz.flatMap((f) =>
      Array.from({ length: timeCount }, () => (1000 / (f + 4)) * (0.5 + random.uniform())),
    ),
    durationS,
  });
}

function probeMap(unitCount: number) {
  const random = new Random(6);
  const unit = () => Array.from({ length: unitCount }, () => random.uniform());
  return FIGURES["probe-map"].draw({
    channelX: Array.from({ length: 64 }, (_, c) => 27 + 32 * (c % 2)),
    channelY: Array.from({ length: 64 }, (_, c) => 15 * Math.floor(c / 2)),
    unitX: unit().map((value) => 20 + 50 * value),
    unitY: unit().map((value) => 460 * value),
    amplitudesUv: unit().map((value) => 40 + 200 * value),
    firingRatesHz: unit().map((value) => 20 * value),
  });
}

function quality(unitCount: number) {
  const random = new Random(7);
  const values = (scale: number) => Array.from({ length: unitCount }, () => scale * random.uniform());
  return FIGURES["quality-histograms"].draw({
    metrics: {
      firing_rate: values(20),
      snr: values(18),
      presence_ratio: values(1),
      isi_violation: values(1),
      contamination_rate: values(0.4),
      amplitude_cutoff: values(0.3).map((value, i) => (i % 3 === 0 ? null : value)),
    },
  });
}

const train = spikeTrain(10, 1);

export const samples: Readonly<Record<FigureName, Sample>> = {
  "drift-map": {
    draw: () => driftMap(8),
    drawEmpty: () => driftMap(0),
    axes: ["Time (s)", "Depth from the tip (µm)", "Amplitude (µV)"],
  },
  "unit-waveforms": {
    draw: () => FIGURES["unit-waveforms"].draw(waveforms()),
    drawEmpty: () => FIGURES["unit-waveforms"].draw(noWaveforms()),
    axes: ["Position across the probe (µm)", "Time from the trough (ms)", "Amplitude (µV)"],
  },
  autocorrelogram: {
    draw: () => FIGURES.autocorrelogram.draw({ unitId: 7, timesS: train, durationS }),
    drawEmpty: () => FIGURES.autocorrelogram.draw({ unitId: 7, timesS: [], durationS }),
    axes: ["Lag (ms)", "Firing rate (spikes/s)"],
  },
  "unit-overview": {
    draw: () =>
      FIGURES["unit-overview"].draw({
        waveforms: waveforms(),
        timesS: train,
        amplitudesUv: amplitudes(train.length, 2),
        durationS,
        remark: "good, SNR 8.1",
      }),
    drawEmpty: () =>
      FIGURES["unit-overview"].draw({ waveforms: noWaveforms(), timesS: [], amplitudesUv: [], durationS }),
    axes: ["Time (s)", "Lag (ms)", "Amplitude (µV)", "Depth from the tip (µm)"],
  },
  "lfp-spectrogram": {
    draw: () => spectrogram(470),
    drawEmpty: () => spectrogram(0),
    axes: ["Time (s)", "Frequency (Hz)", "Power (dB re 1 µV²/Hz)"],
  },
  "probe-map": {
    draw: () => probeMap(40),
    drawEmpty: () => probeMap(0),
    axes: ["Across the probe (µm)", "Depth from the tip (µm)", "Firing rate (spikes/s)"],
  },
  "quality-histograms": {
    draw: () => quality(60),
    drawEmpty: () => quality(0),
    axes: ["Units (count)", "Firing rate (spikes/s)", "Signal to noise (ratio)"],
  },
};
