/**
 * @module
 * Features of templates that are moved in time by fractions of a sample: to tell two units from one unit aligned in two ways.
 */
import { applyShift, shiftMatrix } from "../matching/fractional-shift.ts";
import type { MatchingContext } from "../matching/matching-context.ts";

/** A template's waveform, Float32Array [W x channels]. */
export interface TemplateWaveform {
  readonly channels: Int32Array;
  readonly data: Float32Array;
}

/** Shifts tried, samples: -1.5 .. 1.5 in steps of 1/8. */
const STEPS = 8;
const LARGEST = 1.5;
export const TEMPLATE_SHIFTS: readonly number[] = Array.from(
  { length: 2 * LARGEST * STEPS + 1 },
  (_, i) => i / STEPS - LARGEST,
);
export const NO_SHIFT = LARGEST * STEPS;

/** B_w applied to a waveform moved later by each shift: Float32Array [R x W] each. */
export function shiftedBases(context: MatchingContext): Float32Array[] {
  const { rank, windowSamples, features } = context.basis;
  // a waveform moved later is seen by the basis as the basis moved earlier would see the waveform
  const turned = new Float32Array(rank * windowSamples);
  for (let r = 0; r < rank; r++)
    for (let w = 0; w < windowSamples; w++) turned[w * rank + r] = features[r * windowSamples + w];
  return TEMPLATE_SHIFTS.map((shift) => {
    const moved = new Float32Array(rank * windowSamples);
    applyShift(shiftMatrix(windowSamples, -shift), turned, windowSamples, rank, moved, 0);
    const out = new Float32Array(rank * windowSamples);
    for (let r = 0; r < rank; r++)
      for (let w = 0; w < windowSamples; w++) out[r * windowSamples + w] = moved[w * rank + r];
    return out;
  });
}

/**
 * Features of a template on some channels at every shift.
 *
 * @returns one Float32Array [channels x R] for each of `TEMPLATE_SHIFTS`; 0 on channels that the template does not have
 */
export function shiftedFeatures(
  template: TemplateWaveform,
  channels: Int32Array,
  bases: readonly Float32Array[],
  context: MatchingContext,
): Float32Array[] {
  const { rank, windowSamples } = context.basis;
  const width = template.channels.length;
  const out = bases.map(() => new Float32Array(channels.length * rank));
  const waveform = new Float32Array(windowSamples);
  for (const [c, channel] of channels.entries()) {
    const column = template.channels.indexOf(channel);
    if (column < 0) continue;
    for (let w = 0; w < windowSamples; w++) waveform[w] = template.data[w * width + column];
    for (let i = 0; i < bases.length; i++) projectWaveform(bases[i], waveform, rank, out[i], c * rank);
  }
  return out;
}

/** Products of one channel's waveform with the R rows of a basis. */
function projectWaveform(
  basis: Float32Array,
  waveform: Float32Array,
  rank: number,
  out: Float32Array,
  at: number,
): void {
  const length = waveform.length;
  for (let r = 0; r < rank; r++) {
    let sum = 0;
    for (let w = 0, from = r * length; w < length; w++) sum += basis[from + w] * waveform[w];
    out[at + r] = sum;
  }
}
