/**
 * @module
 * Traces: a stretch of a recording in memory. One layout everywhere: time-major, sample t of channel c at `t * channelCount + c`.
 */
import { ShapeError } from "../errors.ts";

/** A stretch of signal. `data` is Float32Array [sampleCount x channelCount], time-major; uV unless a function says otherwise. */
export interface Traces {
  readonly data: Float32Array;
  readonly sampleCount: number;
  readonly channelCount: number;
}

/** Makes traces over `data`, or over zeros.
 * @throws ShapeError when `data` is not sampleCount x channelCount */
export function makeTraces(sampleCount: number, channelCount: number, data?: Float32Array): Traces {
  const length = sampleCount * channelCount;
  if (data !== undefined && data.length !== length)
    throw new ShapeError(
      `Traces of ${sampleCount} samples x ${channelCount} channels need ${length} values, got ${data.length}`,
    );
  return { data: data ?? new Float32Array(length), sampleCount, channelCount };
}
