/**
 * @module
 * Recordings in memory for the sorter's tests, and generated ones on disk.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { readTruth, type Truth } from "../../../src/comparison/truth.ts";
import { Random } from "../../../src/core/random.ts";
import type { Recording } from "../../../src/core/recording.ts";
import { makeTraces } from "../../../src/core/traces.ts";
import { generateRecording } from "../../../src/generate/generate-recording.ts";
import type { SuiteName } from "../../../src/generate/suites.ts";
import { openRecording } from "../../../src/io/open-recording.ts";

/** A recording of given uV values, channels 20 um apart in a column. It has no file, so it can be sorted in one thread only. */
export function recordingOf(data: Float32Array, channelCount: number): Recording {
  const sampleCount = channelCount === 0 ? 0 : data.length / channelCount;
  const indices = Array.from({ length: channelCount }, (_, c) => c);
  return {
    source: { format: "memory", path: "/memory" },
    sampleCount,
    channelCount,
    samplingRateHz: 30000,
    gainUvPerBit: new Float64Array(channelCount).fill(1),
    channelNames: indices.map((c) => `AP${c}`),
    probe: {
      part: "unknown",
      serial: "",
      x: new Float64Array(channelCount),
      y: Float64Array.from(indices, (c) => 20 * c),
      shank: new Int32Array(channelCount),
      electrode: Int32Array.from(indices),
    },
    read: async (start, end, out) => {
      const traces = makeTraces(end - start, channelCount, out);
      traces.data.set(data.subarray(start * channelCount, end * channelCount));
      return traces;
    },
    close: async () => undefined,
  };
}

/** White noise of 10 uV. */
export function noise(sampleCount: number, channelCount: number, seed: number): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length: sampleCount * channelCount }, () => 10 * random.normal());
}

/** A generated recording with its truth; removed after the test. */
export async function generated(
  t: TestContext,
  suite: SuiteName,
  seed: number,
  durationS: number,
): Promise<{ recording: Recording; truth: Truth }> {
  const folder = await mkdtemp(join(tmpdir(), "tenon-sorter-test-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const { metaPath, truthPath } = await generateRecording(suite, seed, folder, { durationS });
  const recording = await openRecording(dirname(metaPath));
  t.after(() => recording.close());
  return { recording, truth: await readTruth(truthPath) };
}
