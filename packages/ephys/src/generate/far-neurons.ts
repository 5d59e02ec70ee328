/**
 * @module
 * Hash: neurons too far to be sorted, whose spikes are the larger part of real recordings' coloured noise.
 */
import type { Probe } from "../core/probe.ts";
import { Random } from "../core/random.ts";
import { addTemplate } from "./render.ts";
import { drawFootprint } from "./spatial-models.ts";
import type { Suite } from "./suites.ts";
import { makeTemplate, type TrueTemplate } from "./templates.ts";
import { drawLogNormal, STREAMS } from "./units.ts";
import { drawTimeCourse } from "./waveforms.ts";

const COURSES = 24;
const PEAK_UV = { median: 6, logSd: 0.4, range: [2, 13] } as const;
const RATE_HZ = { median: 4, logSd: 0.7, range: [0.2, 30] } as const;

/** Sub-threshold neurons, each a Poisson train. */
export class FarNeurons {
  readonly #templates: readonly TrueTemplate[];
  readonly #rateHz: readonly number[];
  readonly #random: Random;
  readonly #samplingRateHz: number;

  constructor(suite: Suite, probe: Probe, seed: number) {
    this.#random = new Random(seed, STREAMS.farNeurons);
    this.#samplingRateHz = suite.samplingRateHz;
    const random = this.#random;
    const [x, y] = [Array.from(probe.x), Array.from(probe.y)];
    const [bottom, top] = [Math.min(...y) - 100, Math.max(...y) + 100];
    const centre = (Math.min(...x) + Math.max(...x)) / 2;
    const count = Math.round((suite.farNeuronsPerMm * (top - bottom)) / 1000);
    const courses = Array.from({ length: COURSES }, () => drawTimeCourse(random));
    this.#templates = Array.from({ length: count }, () => {
      const place = {
        xUm: centre + 200 * (random.uniform() - 0.5),
        yUm: bottom + (top - bottom) * random.uniform(),
        zUm: 60 + 90 * random.uniform(),
      };
      const footprint = drawFootprint(place, probe.x, probe.y, random);
      const template = makeTemplate(courses[random.integer(COURSES)], footprint, probe, {
        peakUv: drawLogNormal(PEAK_UV.median, PEAK_UV.logSd, PEAK_UV.range, random),
        speedUmPerMs: 300,
        samplingRateHz: suite.samplingRateHz,
        phases: 1,
        leastUv: 1,
      });
      return withoutFaintRows(template);
    });
    this.#rateHz = this.#templates.map(() =>
      drawLogNormal(RATE_HZ.median, RATE_HZ.logSd, RATE_HZ.range, random),
    );
  }

  /** Adds the spikes that begin in the next `rowCount` samples; `out` goes on for a template's length after them. */
  addTo(out: Float32Array, rowCount: number, channelCount: number): void {
    const random = this.#random;
    for (const [i, template] of this.#templates.entries()) {
      const mean = this.#samplingRateHz / this.#rateHz[i];
      let at = -mean * Math.log(1 - random.uniform());
      while (at < rowCount) {
        addTemplate(template, 0, 1, out, Math.floor(at), channelCount);
        at -= mean * Math.log(1 - random.uniform());
      }
    }
  }
}

/** Rows at both ends that stay below this are not added: most of a small spike's five milliseconds. */
const FAINT_UV = 0.3;

function withoutFaintRows(template: TrueTemplate): TrueTemplate {
  const { values, channelCount, sampleCount, samplesBefore } = template;
  const isFaint = (row: number): boolean =>
    values
      .subarray(row * channelCount, (row + 1) * channelCount)
      .every((value) => Math.abs(value) < FAINT_UV);
  let first = 0;
  let end = sampleCount;
  while (first < end && isFaint(first)) first++;
  while (end > first && isFaint(end - 1)) end--;
  return {
    ...template,
    values: values.slice(first * channelCount, end * channelCount),
    sampleCount: end - first,
    samplesBefore: samplesBefore - first,
  };
}
