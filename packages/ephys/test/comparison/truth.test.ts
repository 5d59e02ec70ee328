/** @module Reading the truth of a generated recording back from its files. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readTruth } from "../../src/comparison/truth.ts";
import { writeTruthSpikes } from "../../src/generate/truth-files.ts";

const spikes = {
  samples: Float64Array.of(10.25, 100, 100.5, 29999.75),
  units: Uint32Array.of(1, 0, 1, 2),
  amplitudes: Float32Array.of(1, 0.9, 1.1, 1),
};
const description = {
  format: "tenon-truth",
  version: 1,
  samplingRateHz: 30000,
  spikeCount: 4,
  spikesFile: "truth_spikes.bin",
  units: [0, 1, 2].map((id) => ({ id, snr: 4 + id })),
};

async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "tenon-truth-"));
  try {
    await writeTruthSpikes(join(folder, "truth_spikes.bin"), spikes);
    await writeFile(join(folder, "truth.json"), JSON.stringify(description));
    await run(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("reads back the spikes that the generator wrote, with their places between samples", () =>
  inFolder(async (folder) => {
    const truth = await readTruth(join(folder, "truth.json"));
    assert.deepEqual(truth.spikeSamples, spikes.samples);
    assert.deepEqual([...truth.spikeUnits], [1, 0, 1, 2]);
    assert.deepEqual(
      truth.units.map((unit) => unit.snr),
      [4, 5, 6],
    );
    assert.equal(truth.samplingRateHz, 30000);
  }));

test("refuses a spikes file that is cut short and a description of another format", () =>
  inFolder(async (folder) => {
    await truncate(join(folder, "truth_spikes.bin"), 60);
    await assert.rejects(readTruth(join(folder, "truth.json")), {
      name: "RecordingError",
      code: "truth-length",
    });
    const text = await readFile(join(folder, "truth.json"), "utf8");
    await writeFile(join(folder, "truth.json"), text.replace("tenon-truth", "other"));
    await assert.rejects(readTruth(join(folder, "truth.json")), {
      name: "RecordingError",
      code: "truth-format",
    });
  }));
