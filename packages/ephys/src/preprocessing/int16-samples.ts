/**
 * @module
 * The fast way into the chain: the file's own int16 rows, scaled inside the kernels, when a recording offers them.
 *
 * A recording offers it by a member `int16Samples` beside those of `Recording`. What a newcomer would get wrong: rows keep the columns that
 * are not channels (SpikeGLX's sync), so a row has `columnCount` numbers, of which the first `channelCount` are the channels in order.
 */
import type { Recording } from "../core/recording.ts";

export interface Int16Samples {
  /** Numbers in a row; the recording's channels are the first of them, in order, and uV are the number times `gainUvPerBit`. */
  readonly columnCount: number;
  /** Reads rows [start, end) as they are in the file, into Int16Array [(end - start) x columnCount]. */
  read(start: number, end: number, out: Int16Array): Promise<Int16Array>;
}

/** The recording's int16 rows; undefined when it does not offer them, or has more than twice as many columns as channels. */
export function int16SamplesOf(recording: Recording): Int16Samples | undefined {
  const { int16Samples } = recording as Recording & { readonly int16Samples?: Int16Samples | undefined };
  if (int16Samples === undefined || int16Samples.columnCount > 2 * recording.channelCount) return undefined;
  return int16Samples;
}
