/** Step ephys.EphysRecording on recordings whose probes the database knows, or thinks it knows, and which are silent. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { LFPQC } from "../../../src/pipeline/analysis.ts";
import { EphysRecording } from "../../../src/pipeline/ephys.ts";
import { makePipelineLab, type PipelineLab } from "./support/pipeline-lab.ts";

describe("the places of electrodes", () => {
  let lab: PipelineLab;

  const record = async (name: string, serial: string, positions: readonly (readonly number[])[]) => {
    const folder = join(lab.raw, name);
    mkdirSync(folder);
    writeFileSync(join(folder, "samples.raw"), new Uint8Array(2 * positions.length * 8000));
    const probe = { part: "wires", serial, positions };
    const description = {
      data: "samples.raw",
      dtype: "int16",
      channelCount: positions.length,
      samplingRateHz: 10_000,
      gainUvPerBit: 1,
      probe,
    };
    writeFileSync(join(folder, "recording.json"), JSON.stringify(description));
    await lab.register(name, name);
  };

  before(async () => {
    lab = await makePipelineLab();
    await record("first", "1", [
      [0, 0],
      [50, 0],
      [0, 50],
    ]);
  });
  after(() => lab.close());

  it("may be shifted as a whole, as between the two generations of the elements' geometry", async () => {
    await record("shifted", "2", [
      [11, 5],
      [61, 5],
      [11, 55],
    ]);
    assert.deepEqual(await lab.runToErrors(), []);
    assert.equal(await EphysRecording.count(), 2);
  });

  it("with dead channels have LFP all the same, whose moments are 0", async () => {
    const rows = await LFPQC.fetch();
    assert.equal(rows.length, 6);
    for (const { lfp_std, lfp_skewness, lfp_kurtosis } of rows)
      assert.deepEqual([lfp_std, lfp_skewness, lfp_kurtosis], [0, 0, 0]);
  });

  it("are those of the probe's type in the database, or the recording is refused", async () => {
    await record("other", "3", [
      [0, 0],
      [0, 25],
      [0, 50],
    ]);
    const [error, ...more] = await lab.runToErrors();
    assert.match(
      error!,
      /GeometryError: The recording has electrode 1 at \(0, 25\) um and probe type 'wires' in the database at \(50, 0\).*probe\.part/,
    );
    assert.deepEqual(more, []);
    assert.equal(await EphysRecording.count(), 2);
  });
});
