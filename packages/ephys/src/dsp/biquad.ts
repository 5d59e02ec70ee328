/**
 * @module
 * Second-order sections over traces: chunk by chunk with the state kept (`SectionFilter`), or over a whole signal forwards and backwards
 * (`filterZeroPhase`, zero phase, as `scipy.signal.sosfiltfilt`).
 *
 * What a newcomer would get wrong: forwards and backwards squares the gain, so that a Butterworth edge is then the -6 dB point.
 */
import { makeTraces, type Traces } from "../core/traces.ts";
import { ParameterError, ShapeError } from "../errors.ts";
import type { Sections } from "./filter-design.ts";

/** A causal filter over a stream of traces; float64 inside. The output does not depend on where the chunks are cut. */
export class SectionFilter {
  readonly sections: Sections;
  readonly channelCount: number;
  /** Float64Array [sections x 2 x channels]: the two delays of the transposed direct form II. */
  readonly state: Float64Array;

  constructor(sections: Sections, channelCount: number) {
    checkSections(sections);
    this.sections = sections;
    this.channelCount = channelCount;
    this.state = new Float64Array((sections.length / 6) * 2 * channelCount);
  }

  /** Sets the state as if `row` had been the input for ever, so that a constant offset makes no transient. */
  settle(row: ArrayLike<number>): void {
    const steady = steadyState(this.sections);
    for (let i = 0; i < steady.length; i++)
      for (let c = 0; c < this.channelCount; c++) this.state[i * this.channelCount + c] = steady[i] * row[c];
  }

  /** Filters the next samples, in place. @throws ShapeError when the channel count differs */
  apply(traces: Traces): Traces {
    if (traces.channelCount !== this.channelCount)
      throw new ShapeError(`Filter of ${this.channelCount} channels got traces of ${traces.channelCount}`);
    const rows = Float64Array.from(traces.data);
    filterRows(this.sections, rows, traces.sampleCount, this.channelCount, this.state);
    traces.data.set(rows);
    return traces;
  }
}

/**
 * Filters a whole signal forwards, then backwards.
 *
 * The ends are continued by their odd reflection (2 x[0] - x[n]), as scipy does, over `edge` samples.
 * @param edge  default: scipy's 3 (2 sections + 1 - the lesser of the zeros at 0 and the poles at 0)
 * @throws ParameterError when the signal is not longer than the edge
 */
export function filterZeroPhase(sections: Sections, traces: Traces, edge = defaultEdge(sections)): Traces {
  checkSections(sections);
  const { sampleCount, channelCount } = traces;
  if (sampleCount <= edge)
    throw new ParameterError(
      `A signal filtered forwards and backwards must have more than ${edge} samples, got ${sampleCount}`,
      "traces",
    );
  const total = sampleCount + 2 * edge;
  const rows = reflected(traces, edge);
  const steady = steadyState(sections);
  const state = new Float64Array(steady.length * channelCount);
  for (const isBackward of [false, true]) {
    const first = isBackward ? (total - 1) * channelCount : 0;
    for (let i = 0; i < steady.length; i++)
      for (let c = 0; c < channelCount; c++) state[i * channelCount + c] = steady[i] * rows[first + c];
    filterRows(sections, rows, total, channelCount, state, isBackward);
  }
  return makeTraces(
    sampleCount,
    channelCount,
    Float32Array.from(rows.subarray(edge * channelCount, (edge + sampleCount) * channelCount)),
  );
}

/**
 * Filters traces from the last sample to the first, from rest, in place: undoes the delay of a causal pass of the same sections. What was
 * filtered by both is as from `filterZeroPhase`, but for the last samples, which lack what came after them.
 */
export function filterBackwards(sections: Sections, traces: Traces): Traces {
  checkSections(sections);
  const { sampleCount, channelCount } = traces;
  const rows = Float64Array.from(traces.data);
  const state = new Float64Array((sections.length / 6) * 2 * channelCount);
  filterRows(sections, rows, sampleCount, channelCount, state, true);
  traces.data.set(rows);
  return traces;
}

/** Filters in place: float64, one section after the other within a sample, channels innermost. */
function filterRows(
  sections: Sections,
  rows: Float64Array,
  sampleCount: number,
  channelCount: number,
  state: Float64Array,
  isBackward = false,
): void {
  const sectionCount = sections.length / 6;
  for (let i = 0; i < sampleCount; i++) {
    const row = (isBackward ? sampleCount - 1 - i : i) * channelCount;
    for (let section = 0; section < sectionCount; section++) {
      const at = section * 6;
      const b0 = sections[at];
      const b1 = sections[at + 1];
      const b2 = sections[at + 2];
      const a1 = sections[at + 4];
      const a2 = sections[at + 5];
      const first = section * 2 * channelCount;
      const second = first + channelCount;
      for (let c = 0; c < channelCount; c++) {
        const x = rows[row + c];
        const y = b0 * x + state[first + c];
        state[first + c] = b1 * x - a1 * y + state[second + c];
        state[second + c] = b2 * x - a2 * y;
        rows[row + c] = y;
      }
    }
  }
}

/** Delays of each section when the input has always been 1: Float64Array [sections x 2] (`scipy.signal.sosfilt_zi`). */
export function steadyState(sections: Sections): Float64Array {
  const steady = new Float64Array((sections.length / 6) * 2);
  let input = 1;
  for (let section = 0; section < sections.length / 6; section++) {
    const [b0, b1, b2, , a1, a2] = sections.subarray(section * 6, section * 6 + 6);
    const output = (input * (b0 + b1 + b2)) / (1 + a1 + a2);
    steady[2 * section] = output - b0 * input;
    steady[2 * section + 1] = b2 * input - a2 * output;
    input = output;
  }
  return steady;
}

function defaultEdge(sections: Sections): number {
  let zerosAtOrigin = 0;
  let polesAtOrigin = 0;
  for (let at = 0; at < sections.length; at += 6) {
    if (sections[at + 2] === 0) zerosAtOrigin++;
    if (sections[at + 5] === 0) polesAtOrigin++;
  }
  return 3 * (2 * (sections.length / 6) + 1 - Math.min(zerosAtOrigin, polesAtOrigin));
}

function reflected(traces: Traces, edge: number): Float64Array {
  const { data, sampleCount, channelCount } = traces;
  const rows = new Float64Array((sampleCount + 2 * edge) * channelCount);
  rows.set(data, edge * channelCount);
  const last = (sampleCount - 1) * channelCount;
  for (let i = 1; i <= edge; i++)
    for (let c = 0; c < channelCount; c++) {
      rows[(edge - i) * channelCount + c] = 2 * data[c] - data[i * channelCount + c];
      rows[(edge + sampleCount - 1 + i) * channelCount + c] =
        2 * data[last + c] - data[last - i * channelCount + c];
    }
  return rows;
}

function checkSections(sections: Sections): void {
  let isNormal = sections.length > 0 && sections.length % 6 === 0;
  for (let at = 3; at < sections.length; at += 6) isNormal &&= sections[at] === 1;
  if (!isNormal)
    throw new ShapeError(`Sections must be rows of b0 b1 b2 1 a1 a2, got ${sections.length} numbers`);
}
