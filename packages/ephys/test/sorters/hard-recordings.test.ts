/**
 * @module
 * Recordings as rigs give them: very short, with dead, noisy and equal channels, with gaps, artefacts and NaN. What can be found is found.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sortRecording } from "../../src/sorters/tenon.ts";
import { addUnits, bestAgreements } from "./support/added-units.ts";
import { noise, recordingOf } from "./support/small-recordings.ts";

const RATE = 30_000;
const THREE = [
  { channel: 3, uv: 150, rateHz: 8 },
  { channel: 8, uv: 80, rateHz: 10 },
  { channel: 12, uv: 200, rateHz: 6 },
];

describe("the sorter, on recordings as rigs give them", () => {
  it("finds the units of two seconds of a tetrode", async () => {
    const data = noise(2 * RATE, 4, 1);
    const trains = addUnits(data, 4, [
      { channel: 0, uv: 120, rateHz: 15 },
      { channel: 3, uv: 90, rateHz: 10 },
    ]);
    await expectFound(data, 4, trains);
  });

  it("finds troughs of two widths and a peak on a single channel", async () => {
    const data = noise(20 * RATE, 1, 1);
    const trains = addUnits(data, 1, [
      { channel: 0, uv: 150, rateHz: 8 },
      { channel: 0, uv: 75, rateHz: 10, widthSamples: 5 },
      { channel: 0, uv: -110, rateHz: 6 },
    ]);
    await expectFound(data, 1, trains);
  });

  it("is not disturbed by a dead and a noisy channel", async () => {
    const data = noise(8 * RATE, 16, 1);
    const trains = addUnits(data, 16, THREE);
    for (let i = 0; i < data.length; i += 16) {
      data[i + 5] = 0;
      data[i + 9] *= 8;
    }
    await expectFound(data, 16, trains);
  });

  it("is not disturbed by artefacts that saturate every channel", async () => {
    const data = noise(8 * RATE, 16, 1);
    const trains = addUnits(data, 16, THREE);
    for (let k = 1; k < 6; k++) {
      const at = k * 37_001 * 16;
      data.fill(6000, at, at + 300 * 16);
      data.fill(-6000, at + 300 * 16, at + 600 * 16);
    }
    await expectFound(data, 16, trains);
  });

  it("is not disturbed by seconds of zeros in the middle", async () => {
    const data = noise(8 * RATE, 16, 1);
    const trains = addUnits(data, 16, THREE);
    data.fill(0, 3 * RATE * 16, 5 * RATE * 16);
    await expectFound(
      data,
      16,
      trains.map((train) => train.filter((sample) => sample < 3 * RATE - 60 || sample > 5 * RATE + 60)),
    );
  });

  it("finds units at both ends of a probe, and takes contacts at one place", async () => {
    const data = noise(6 * RATE, 64, 3);
    const ends = addUnits(data, 64, [
      { channel: 0, uv: 150, rateHz: 10 },
      { channel: 63, uv: 150, rateHz: 5 },
    ]);
    await expectFound(data, 64, ends);
    const four = noise(10 * RATE, 4, 3);
    const trains = addUnits(four, 4, [{ channel: 1, uv: 150, rateHz: 10 }]);
    const recording = recordingOf(four, 4);
    const result = await sortRecording(
      { ...recording, probe: { ...recording.probe, y: new Float64Array(4) } },
      { threads: 1 },
    );
    assert.ok(bestAgreements(trains, result.sorting)[0] > 0.95);
  });

  it("finds no unit where channels are equal, and refuses NaN", async () => {
    const data = noise(10 * RATE, 4, 3);
    for (let i = 0; i < data.length; i += 4) data.fill(data[i], i, i + 3);
    assert.equal((await sortRecording(recordingOf(data, 4), { threads: 1 })).sorting.unitIds.length, 0);
    data[4 * 50_000] = Number.NaN;
    await assert.rejects(sortRecording(recordingOf(data, 4), { threads: 1 }), { code: "not-finite" });
  });
});

async function expectFound(data: Float32Array, channels: number, trains: readonly number[][]): Promise<void> {
  const { sorting } = await sortRecording(recordingOf(data, channels), { threads: 1 });
  const agreements = bestAgreements(trains, sorting);
  assert.ok(
    agreements.every((agreement) => agreement > 0.95),
    agreements.join(", "),
  );
  assert.equal(sorting.unitIds.length, trains.length);
}
