/**
 * @module
 * The noise of a channel that is not recorded all the time: where a headstage lost its link or a program wrote zeros, band-passed samples
 * are zero, and counted in they would make the noise look small and every threshold too low.
 */
import { noiseInPlace } from "../dsp/median.ts";

/** Samples below this fraction of the root mean square are silence; of normal noise it is one sample in ten thousand. */
const SILENCE = 1e-4;
/** A smaller share of silence is the chance of normal noise, and is left in. */
const LEAST_SHARE = 0.01;

/** Standard deviation (MAD / 0.6745) of the samples that are not silence; 0 when all are. Changes the order of `values`. */
export function liveNoiseInPlace(values: Float32Array): number {
  let energy = 0;
  for (let i = 0; i < values.length; i++) energy += values[i] * values[i];
  const least = SILENCE * Math.sqrt(energy / values.length);
  let silent = 0;
  for (let i = 0; i < values.length; i++) if (Math.abs(values[i]) <= least) silent++;
  if (silent === values.length) return 0;
  if (silent < LEAST_SHARE * values.length) return noiseInPlace(values);
  let live = 0;
  for (let i = 0; i < values.length; i++) if (Math.abs(values[i]) > least) values[live++] = values[i];
  return noiseInPlace(values, live);
}
