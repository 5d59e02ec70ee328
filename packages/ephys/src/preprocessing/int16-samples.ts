/**
 * @module
 * The fast way into the chain: the file's own int16 rows, scaled inside the kernels, when a recording offers them.
 */
import type { Int16Samples, Recording } from "../core/recording.ts";

/** The recording's int16 rows; undefined when it does not offer them, or has more than twice as many columns as channels. */
export function int16SamplesOf(recording: Recording): Int16Samples | undefined {
  const { int16Samples, channelCount } = recording;
  return int16Samples !== undefined && int16Samples.columnCount <= 2 * channelCount
    ? int16Samples
    : undefined;
}
