/**
 * @module
 * Steps analysis.LFPQC and analysis.LFPSpectrogram: moments of each kept LFP trace, its spectrogram and the power of each band
 * (pipeline contract 2.9).
 */
import { NdArray } from "@tenon/datajoint";
import { lfpQuality, lfpSpectrogram } from "@tenon/ephys";
import {
  LFPQC,
  LFPSpectrogram,
  LFPSpectrogramChannelPower,
  LFPSpectrogramChannelSpectrogram,
  SpectralBand,
  SpectrogramParameters,
} from "../../pipeline/analysis.ts";
import { LFP, LFPElectrode } from "../../pipeline/ephys.ts";
import { lfpSpectrogramKeys } from "./key-sources.ts";

export function makeLfpQc(): void {
  LFPQC.makes({
    fetch: async (key) => (await LFPElectrode.restrict(key).fetch1()).lfp as Float32Array,
    compute: (_key, lfp) => {
      const { std, noiseLevel, skewness, kurtosis } = lfpQuality(lfp);
      return {
        lfp_std: std,
        lfp_noise_level: noiseLevel,
        lfp_skewness: momentOf(skewness, std),
        lfp_kurtosis: momentOf(kurtosis, std),
      };
    },
    insert: async (key, row) => {
      await LFPQC.insert([{ ...key, ...row }]);
    },
  });
}

/** A dead channel's trace is constant, and has no third and fourth moment; the columns cannot be NULL, so 0 stands there, beside a deviation
 *  of 0. NaN stays what it is where the trace holds NaN. */
function momentOf(moment: number, std: number): number {
  return Number.isNaN(moment) && !Number.isNaN(std) ? 0 : moment;
}

export function makeLfpSpectrogram(): void {
  LFPSpectrogram.makes({
    keySource: lfpSpectrogramKeys,
    fetch: async (key) => ({
      lfp: (await LFPElectrode.restrict(key).fetch1()).lfp as Float32Array,
      samplingRateHz: (await LFP.restrict(key).proj("lfp_sampling_rate").fetch1()).lfp_sampling_rate,
      parameters: await SpectrogramParameters.restrict(key).fetch1(),
      bands: await SpectralBand.fetch(),
    }),
    compute: (_key, { lfp, samplingRateHz, parameters, bands }) =>
      lfpSpectrogram(lfp, {
        samplingRateHz,
        windowS: parameters.window_size,
        overlapS: parameters.overlap_size,
        bands: bands.map((band) => ({
          name: band.band_name,
          lowerHz: band.lower_freq,
          upperHz: band.upper_freq,
        })),
      }),
    insert: async (key, result) => {
      await LFPSpectrogram.insert([
        {
          ...key,
          delta_band_mean_power: result.deltaBandMeanPower,
          power_range_90pct: result.powerRange90pct,
        },
      ]);
      await LFPSpectrogramChannelSpectrogram.insert([
        {
          ...key,
          spectrogram: new NdArray({
            dtype: "float64",
            shape: [result.frequenciesHz.length, result.timesS.length],
            data: result.spectrogram,
          }),
          time: result.timesS,
          frequency: result.frequenciesHz,
        },
      ]);
      await LFPSpectrogramChannelPower.insert(
        result.bands.map((band) => ({
          ...key,
          band_name: band.name,
          power_time_series: band.power,
          mean_power: band.mean,
          std_power: band.std,
        })),
      );
    },
  });
}
