/**
 * @module
 * A recording in memory, channels 20 um apart in a column, for tests that need no file.
 */
import { makeTraces, type Recording } from "@tenon/ephys";

/** @param data  uV [samples x channels] */
export function memoryRecording(data: Float32Array, channelCount: number): Recording {
  const channels = Array.from({ length: channelCount }, (_, c) => c);
  return {
    source: { format: "memory", path: "/memory" },
    sampleCount: data.length / channelCount,
    channelCount,
    samplingRateHz: 30000,
    gainUvPerBit: new Float64Array(channelCount).fill(1),
    channelNames: channels.map((c) => `AP${c}`),
    probe: {
      part: "unknown",
      serial: "",
      x: new Float64Array(channelCount),
      y: Float64Array.from(channels, (c) => 20 * c),
      shank: new Int32Array(channelCount),
      electrode: Int32Array.from(channels),
    },
    read: async (start, end, out) => {
      const traces = makeTraces(end - start, channelCount, out);
      traces.data.set(data.subarray(start * channelCount, end * channelCount));
      return traces;
    },
    close: async () => undefined,
  };
}

/** The sections of a filter run over each channel forwards, then backwards, in plain double precision: the reference. */
export function filteredBothWays(
  sections: Float64Array,
  data: ArrayLike<number>,
  channelCount: number,
): Float64Array {
  const out = Float64Array.from(data);
  const count = out.length / channelCount;
  for (let c = 0; c < channelCount; c++)
    for (const direction of [1, -1])
      for (let s = 0; s < sections.length; s += 6) {
        const [b0 = 0, b1 = 0, b2 = 0, , a1 = 0, a2 = 0] = sections.subarray(s, s + 6);
        let [x1, x2, y1, y2] = [0, 0, 0, 0];
        for (let i = 0; i < count; i++) {
          const at = (direction === 1 ? i : count - 1 - i) * channelCount + c;
          const x = out[at]!;
          const y = b0 * x + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2;
          [x1, x2, y1, y2] = [x, x1, y, y1];
          out[at] = y;
        }
      }
  return out;
}
