/**
 * @module
 * The figures by name. A new one is a file of this folder and an entry here; a test loops over the entries.
 */
import { autocorrelogram } from "./autocorrelogram.ts";
import { driftMap } from "./drift-map.ts";
import { lfpSpectrogram } from "./lfp-spectrogram.ts";
import { probeMap } from "./probe-map.ts";
import { qualityHistograms } from "./quality-histograms.ts";
import { unitOverview } from "./unit-overview.ts";
import { unitWaveforms } from "./unit-waveforms.ts";

/** Each takes plain arrays and gives `{ svg }`; `summary` is one line for lists and captions. */
export const FIGURES = {
  "drift-map": {
    summary:
      "Every spike at its time and depth, amplitude as colour; drift shows as bands that bend together",
    draw: driftMap,
  },
  "unit-waveforms": {
    summary: "Mean waveform at each electrode around the main one, and the main one with its spread",
    draw: unitWaveforms,
  },
  autocorrelogram: {
    summary: "Firing rate at each lag from the unit's own spikes; a clean unit leaves the shaded band empty",
    draw: autocorrelogram,
  },
  "unit-overview": {
    summary: "Waveforms, autocorrelogram and amplitude over time of one unit",
    draw: unitOverview,
  },
  "lfp-spectrogram": {
    summary: "Power of the LFP over time and frequency, dB",
    draw: lfpSpectrogram,
  },
  "probe-map": {
    summary: "Units and contacts on the probe, with amplitude, firing rate and number of units by depth",
    draw: probeMap,
  },
  "quality-histograms": {
    summary: "Histograms of the units' quality metrics with the usual limits",
    draw: qualityHistograms,
  },
} as const;

export type FigureName = keyof typeof FIGURES;
