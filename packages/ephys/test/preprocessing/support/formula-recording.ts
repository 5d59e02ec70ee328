/**
 * @module
 * Recordings made by a formula, held in memory: the same numbers as fixtures/make-preprocessing-fixtures.py makes.
 */
import type { Probe } from "../../../src/core/probe.ts";
import type { Recording } from "../../../src/core/recording.ts";
import { makeTraces } from "../../../src/core/traces.ts";

const GAIN_UV = 2.34375;

/** About normal, sigma 10: sum of four bytes of a hashed index. */
function noise(index: number, salt: number): number {
  let h = (Math.imul(index, 2654435761) + salt) >>> 0;
  h ^= h >>> 15;
  h = Math.imul(h, 2246822519);
  h ^= h >>> 13;
  h = Math.imul(h, 3266489917);
  h ^= h >>> 16;
  const total = (h & 255) + ((h >>> 8) & 255) + ((h >>> 16) & 255) + ((h >>> 24) & 255);
  return (total - 510) / 14.8;
}

/** Int16Array [samples x channels]: noise, noise shared by fours and by all, a slow wave, offsets and a spike every 397 samples. */
export function formulaSamples(samples: number, channels: number): Int16Array {
  const values = new Float64Array(samples * channels);
  for (let t = 0; t < samples; t++)
    for (let c = 0; c < channels; c++)
      values[t * channels + c] =
        noise(t * channels + c, 1) +
        0.7 * noise(t * channels + Math.floor(c / 4), 2) +
        noise(t, 3) +
        100 * Math.sin(t / 700) +
        3 * c;
  for (let k = 0, start = 200; start < samples - 100; k++, start += 397)
    for (let d = -8; d < 17; d++)
      values[(start + d) * channels + ((k * 7) % channels)] -=
        110 * Math.exp((-d * d) / 18) - 35 * Math.exp(-((d - 7) ** 2) / 40);
  return Int16Array.from(values, (value) => Math.floor(value + 0.5));
}

/** A probe in four staggered columns, unless places are given; one shank unless shanks are. */
export function formulaProbe(channels: number, places: Partial<Probe> = {}): Probe {
  const columns = [16, 48, 0, 32];
  return {
    part: "formula",
    serial: "",
    x: Float64Array.from({ length: channels }, (_, c) => columns[c % 4]),
    y: Float64Array.from({ length: channels }, (_, c) => 20 * Math.floor(c / 2)),
    shank: new Int32Array(channels),
    electrode: Int32Array.from({ length: channels }, (_, c) => c),
    ...places,
  };
}

/** A recording of `formulaSamples` (or of other samples) at 30 kHz. */
export function formulaRecording(
  samples: number,
  channels: number,
  places: Partial<Probe> = {},
  raw = formulaSamples(samples, channels),
): Recording {
  return {
    source: { format: "memory", path: "/memory" },
    sampleCount: samples,
    channelCount: channels,
    samplingRateHz: 30_000,
    gainUvPerBit: new Float64Array(channels).fill(GAIN_UV),
    channelNames: Array.from({ length: channels }, (_, c) => `AP${c}`),
    probe: formulaProbe(channels, places),
    async read(start, end, out) {
      if (!(0 <= start && start <= end && end <= samples)) throw new RangeError(`[${start}, ${end})`);
      const traces = makeTraces(end - start, channels, out);
      for (let i = 0; i < traces.data.length; i++) traces.data[i] = raw[start * channels + i] * GAIN_UV;
      return traces;
    },
    async close() {},
  };
}
