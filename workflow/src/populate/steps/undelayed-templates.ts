/**
 * @module
 * A sorting with the band pass's delay taken out of its templates.
 *
 * What a newcomer would get wrong: the sorter's templates are of a causal band pass, which moves and lowers their troughs, and may make
 * another channel the largest.
 */
import { filterBackwards, makeTraces, type SortingResult } from "@tenon/ephys";

/** The result with templates of the zero-phase band pass, and main channels that are of those. */
export function undelayed(result: SortingResult): SortingResult {
  const { templates, plan } = result;
  if (plan === undefined) return result;
  const { windowSamples } = templates;
  const unitMainChannels = new Int32Array(templates.channels.length);
  const waveformsUv = templates.waveformsUv.map((waveform, index) => {
    const channels = templates.channels[index]!;
    const { data } = filterBackwards(
      plan.sections,
      makeTraces(windowSamples, channels.length, waveform.slice()),
    );
    let largest = 0;
    for (let at = 0; at < data.length; at++) if (Math.abs(data[at]!) > Math.abs(data[largest]!)) largest = at;
    unitMainChannels[index] = channels[largest % channels.length]!;
    return data;
  });
  return { ...result, templates: { ...templates, waveformsUv }, unitMainChannels };
}
