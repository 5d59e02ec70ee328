/**
 * @module
 * Adds a spike's waveform to traces.
 */
import type { TrueTemplate } from "./templates.ts";

/** Adds a template so that its first sample falls on row `row`. A kernel: checks nothing.
 * @param out  Float32Array [rows x channelCount], uV; all of the template's rows must be in it */
export function addTemplate(
  template: TrueTemplate,
  phase: number,
  amplitude: number,
  out: Float32Array,
  row: number,
  channelCount: number,
): void {
  const { values, sampleCount, channelCount: width, firstChannel } = template;
  let from = phase * sampleCount * width;
  for (let k = 0; k < sampleCount; k++) {
    const base = (row + k) * channelCount + firstChannel;
    for (let c = 0; c < width; c++) out[base + c] += amplitude * values[from + c];
    from += width;
  }
}
