import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { Random, sortRecording } from "@tenon/ephys";
import { readSortingFolder, writeSortingFolder } from "../../../src/populate/steps/sorting-folder.ts";
import { memoryRecording } from "./support/memory-recording.ts";

const top = mkdtempSync(join(tmpdir(), "tenon-sorting-"));
after(() => rmSync(top, { recursive: true }));

/** Two cells of different shape on a column of six channels, in noise. */
function recordingOfTwo() {
  const [channelCount, sampleCount] = [6, 120_000];
  const random = new Random(2);
  const data = Float32Array.from({ length: sampleCount * channelCount }, () => 8 * random.normal());
  for (const [centre, interval, width] of [
    [1, 1800, 4],
    [4, 2300, 6],
  ] as const)
    for (let spike = 500; spike < sampleCount - 500; spike += interval + random.integer(300))
      for (let t = -15; t < 30; t++)
        for (let c = 0; c < channelCount; c++)
          data[(spike + t) * channelCount + c]! -=
            200 * Math.exp(-Math.abs(c - centre)) * Math.exp(-((t / width) ** 2));
  return memoryRecording(data, channelCount);
}

describe("the sorting folder", () => {
  it("gives back the result that was written, to the last number", async () => {
    const result = await sortRecording(recordingOfTwo(), { threads: 1 });
    assert.equal(result.sorting.unitIds.length, 2);
    await writeSortingFolder(top, result);
    assert.deepEqual(await readSortingFolder(top), result);
  });

  it("gives back an empty result", async () => {
    const empty = await sortRecording(memoryRecording(new Float32Array(6 * 900), 6), { threads: 1 });
    assert.equal(empty.sorting.unitIds.length, 0);
    await writeSortingFolder(top, empty);
    assert.deepEqual(await readSortingFolder(top), empty);
  });

  it("refuses what another release wrote", async () => {
    const path = join(top, "sorting.json");
    writeFileSync(path, readFileSync(path, "utf8").replace('"version": 1', '"version": 2'));
    await assert.rejects(
      readSortingFolder(top),
      /must say format "tenon-sorting", version 1; got "tenon-sorting", 2/,
    );
  });
});
