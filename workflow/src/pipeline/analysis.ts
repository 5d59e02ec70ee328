/**
 * @module
 * Schema `analysis`: LFP quality and spectrograms (pipeline contract 2.9).
 */
import { Schema } from "@tenon/datajoint";
import { LFPElectrode } from "./ephys.ts";

export const schema = new Schema();

export class SpectralBand extends schema.lookup(
  `
  band_name : varchar(16)
  ---
  lower_freq : float                # (Hz)
  upper_freq : float                # (Hz)
`,
  {},
  {
    contents: [
      { band_name: "delta", lower_freq: 1, upper_freq: 4 },
      { band_name: "theta", lower_freq: 4, upper_freq: 7 },
      { band_name: "alpha", lower_freq: 8, upper_freq: 12 },
      { band_name: "beta", lower_freq: 13, upper_freq: 30 },
      { band_name: "gamma", lower_freq: 30, upper_freq: 50 },
      { band_name: "highgamma1", lower_freq: 70, upper_freq: 110 },
      { band_name: "highgamma2", lower_freq: 130, upper_freq: 200 },
    ],
  },
) {}

export class LFPQC extends schema.computed(
  `
  -> LFP.Electrode
  ---
  lfp_std : float                   # (uV) standard deviation
  lfp_noise_level : float           # (uV) median absolute deviation
  lfp_skewness : float
  lfp_kurtosis : float              # excess kurtosis
`,
  { "LFP.Electrode": LFPElectrode },
) {}

export class SpectrogramParameters extends schema.lookup(
  `
  param_idx : int
  ---
  window_size : float               # (s) window of the spectrogram
  overlap_size=0 : float            # (s) overlap between windows
  description='' : varchar(64)
`,
  {},
  {
    contents: [
      { param_idx: 0, window_size: 2, overlap_size: 1, description: "2 s window, 1 s overlap" },
      { param_idx: 1, window_size: 0.5, overlap_size: 0.25, description: "0.5 s window, 0.25 s overlap" },
      { param_idx: 2, window_size: 0.25, overlap_size: 0.125, description: "0.25 s window, 0.125 s overlap" },
    ],
  },
) {}

export class LFPSpectrogram extends schema.computed(
  `
  # Spectrogram and band power of one LFP trace
  -> LFP.Electrode
  -> SpectrogramParameters
  ---
  delta_band_mean_power : float     # (uV^2/Hz)
  power_range_90pct : float         # (uV/sqrt(Hz)) P95 - P5 of the envelope
`,
  { "LFP.Electrode": LFPElectrode, SpectrogramParameters },
) {}

export class LFPSpectrogramChannelSpectrogram extends LFPSpectrogram.part(
  "ChannelSpectrogram",
  `
  -> master
  ---
  spectrogram : blob@datajoint-blob # (uV^2/Hz) power, frequency x time
  time : blob@datajoint-blob        # (s) centres of the windows
  frequency : blob@datajoint-blob   # (Hz)
`,
) {}

export class LFPSpectrogramChannelPower extends LFPSpectrogram.part(
  "ChannelPower",
  `
  -> master
  -> SpectralBand
  ---
  power_time_series : blob@datajoint-blob   # (uV^2/Hz) mean power of the band over time
  mean_power : float                # (uV^2/Hz)
  std_power : float                 # (uV^2/Hz)
`,
  { SpectralBand },
) {}
