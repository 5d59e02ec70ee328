/** Which recording of a session folder a probe made, what an insertion's number is, and folders in which neither can be told. */
import assert from "node:assert/strict";
import { renameSync, rmSync, truncateSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { generateRecording } from "@tenon/ephys";
import { insertionNumber, openRecordingOfProbe } from "../../src/ingest/find-recordings.ts";
import { makePipelineLab, type PipelineLab } from "../populate/steps/support/pipeline-lab.ts";

describe("a session folder", () => {
  let lab: PipelineLab;
  /** One recording of the probe of a seed. */
  const generate = (session: string, name: string, seed: number) =>
    generateRecording("tiny", seed, join(lab.raw, session), { name, durationS: 0.1 });

  before(async () => {
    lab = await makePipelineLab();
    await generate("gates", "run1", 1);
    await generate("gates", "run2", 1);
    await generate("rigs", "rig1", 1);
    await generate("rigs", "rig2", 2);
  });
  after(() => lab.close());

  it("with two recordings of one probe is not registered, and none of them is taken for the other", async () => {
    await assert.rejects(
      lab.register("gates", "m1"),
      /Two recordings were made with probe 99900000001: .*run1_g0_t0.* and .*run2_g0_t0.*one recording of each probe/,
    );
    await assert.rejects(
      openRecordingOfProbe(join(lab.raw, "gates"), "99900000001"),
      /Probe 99900000001 has two recordings below .*run1.* and .*run2/,
    );
    const one = await openRecordingOfProbe(join(lab.raw, "gates/run2_g0"), "99900000001");
    assert.match(one.source.path, /run2_g0_t0/);
    await one.close();
  });

  it("with two probes of one number is not registered; with numbers apart it is", async () => {
    await assert.rejects(
      lab.register("rigs", "m2"),
      /Two probes would be insertion 0: .*rig1.* and .*rig2.*number the folders apart/,
    );
    const from = join(lab.raw, "rigs/rig2_g0/rig2_g0_imec0");
    renameSync(from, join(dirname(from), "rig2_g0_imec12"));
    await lab.register("rigs", "m2");
    const { ProbeInsertion } = await import("../../src/pipeline/ephys.ts");
    assert.deepEqual(
      (await ProbeInsertion.restrict({ subject: "m2" }).fetch({ orderBy: ["insertion_number"] })).map(
        ({ insertion_number, probe }) => [insertion_number, probe],
      ),
      [
        [0, "99900000001"],
        [12, "99900000002"],
      ],
    );
  });

  it("without the probe's recording names those that it has", async () => {
    await assert.rejects(
      openRecordingOfProbe(join(lab.raw, "rigs"), "123"),
      /No recording of probe 123 below .*; found: 99900000001 \(rig1.*\), 99900000002 \(rig2/,
    );
  });
});

describe("a session folder with a recording that cannot be read", () => {
  let lab: PipelineLab;
  let [good, bad] = ["", ""];
  before(async () => {
    lab = await makePipelineLab();
    const generate = (name: string, seed: number) =>
      generateRecording("tiny", seed, join(lab.raw, "two"), { name, durationS: 0.1 });
    good = (await generate("rig1", 1)).binPath;
    bad = (await generate("rig2", 2)).binPath;
    truncateSync(bad, 33 * 2 * 100 + 7);
  });
  after(() => lab.close());

  it("still gives the other probe's", async () => {
    const recording = await openRecordingOfProbe(join(lab.raw, "two"), "99900000001");
    assert.equal(recording.source.path.slice(0, good.length - 4), good.slice(0, -4));
    await recording.close();
  });

  it("says what is wrong with it when its probe is wanted, or it is the only one", async () => {
    await assert.rejects(
      openRecordingOfProbe(join(lab.raw, "two"), "99900000002"),
      /No recording of probe 99900000002 below .*; found: 99900000001 .* Not readable: .*rig2_g0_t0/,
    );
    rmSync(dirname(dirname(good)), { recursive: true });
    await assert.rejects(
      openRecordingOfProbe(join(lab.raw, "two"), "99900000002"),
      (error: Error) => error.name === "RecordingError" && /rig2_g0_t0/.test(error.message),
    );
  });
});

describe("an insertion's number", () => {
  it("is the folder's or the file's, else the place in the list", () => {
    assert.equal(insertionNumber("/raw/s/run_g0/run_g0_imec3/run_g0_t0.imec3.ap.meta", 7), 3);
    assert.equal(insertionNumber("/raw/s/run_g0/run_g0_imec10/run_g0_t0.imec10.ap.meta", 7), 10);
    assert.equal(insertionNumber("/raw/s/run_g0_t0.imec2.ap.meta", 7), 2);
    assert.equal(insertionNumber("/raw/s/locust.json", 7), 7);
  });
});
