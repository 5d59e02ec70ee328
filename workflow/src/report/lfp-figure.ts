/**
 * @module
 * The LFP spectrogram of a recording's report: that of the electrode in the middle of those that are kept.
 */

import { FIGURES } from "../figures/registry.ts";
import { LFPSpectrogramChannelSpectrogram } from "../pipeline/analysis.ts";
import type { NamedFigure } from "./sorting-figures.ts";

/** An array of any number of axes, as blobs give it. */
type Values = ArrayLike<number> | { readonly data: ArrayLike<number> };

/** Draws it. @param key  of the recording; @returns undefined as long as no spectrogram is computed */
export async function lfpFigure(
  key: Readonly<Record<string, unknown>>,
  name: string,
  durationS: number,
): Promise<NamedFigure | undefined> {
  const spectrograms = LFPSpectrogramChannelSpectrogram.restrict(key);
  const keys = await spectrograms.keys({ orderBy: ["electrode"] });
  const middle = keys[keys.length >> 1];
  if (middle === undefined) return undefined;
  const { spectrogram, time, frequency } = await LFPSpectrogramChannelSpectrogram.restrict(middle).fetch1();
  const figure = FIGURES["lfp-spectrogram"].draw({
    title: `LFP spectrogram: ${name}`,
    subtitle: `electrode ${middle.electrode}, the middle one of ${keys.length} kept`,
    power: flat(spectrogram as Values),
    timesS: flat(time as Values),
    frequenciesHz: flat(frequency as Values),
    durationS,
  });
  return {
    file: "lfp_spectrogram",
    title: "LFP spectrogram",
    caption: `Power of the local field potential at electrode ${middle.electrode} over time and frequency.`,
    figure,
  };
}

function flat(values: Values): ArrayLike<number> {
  return "data" in values ? values.data : values;
}
