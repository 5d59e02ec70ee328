import assert from "node:assert/strict";
import { appendFile, mkdir, open, rm, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { RecordingError } from "../../src/errors.ts";
import { findRecordings } from "../../src/io/find-recordings.ts";
import { openLfBand, openRecording } from "../../src/io/open-recording.ts";
import { verifySession } from "../../src/io/verify-session.ts";
import {
  TINY_CHANNELS,
  TINY_COLUMNS,
  temporaryFolder,
  tinySamples,
  writeTinyRun,
} from "../support/tiny-spikeglx.ts";

const withCode = (code: string, part: RegExp) => (error: unknown) => {
  assert.ok(error instanceof RecordingError, String(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, part);
  return true;
};
const codes = (verdict: { problems: readonly { code: string }[] }) =>
  verdict.problems.map(({ code }) => code);

describe("openRecording of SpikeGLX", () => {
  it("reads any stretch in uV with each channel's gain, without the sync column", async () => {
    await using folder = await temporaryFolder();
    const run = await writeTinyRun(folder.path);
    const recording = await openRecording(run.bin);
    const gains = [500, 250, 500, 500].map((gain) => (0.6 / 512 / gain) * 1e6);
    assert.deepEqual([...recording.gainUvPerBit], gains);
    const { data, sampleCount } = await recording.read(3, 7);
    assert.equal(sampleCount, 4);
    assert.deepEqual(
      [...data],
      [...Float32Array.from({ length: 16 }, (_, i) => (10 * (3 + (i >> 2)) + (i % 4)) * gains[i % 4])],
    );
    assert.deepEqual([...((await recording.readSync?.(3, 5)) ?? [])], [34, 44]);
    assert.equal(recording.firstSample, 1000);
    assert.equal(recording.startTime, "2026-11-24T12:00:00");
    assert.deepEqual([...(recording.probe.isUsed ?? [])], [1, 1, 1, 0]);
    assert.deepEqual([...recording.probe.x], [27, 59, 11, 43]);
    await recording.close();
  });

  it("gives the same samples whatever the chunk length", async () => {
    await using folder = await temporaryFolder();
    const samples = tinySamples(1000).map((value) => (value * 7919) % 32768);
    await writeTinyRun(folder.path, { samples });
    const recording = await openRecording(folder.path);
    const whole = (await recording.read(0, 1000)).data;
    for (const step of [1, 7, 333, 1000]) {
      const pieces = new Float32Array(whole.length);
      for (let start = 0; start < 1000; start += step) {
        const end = Math.min(1000, start + step);
        await recording.read(start, end, pieces.subarray(start * TINY_CHANNELS, end * TINY_CHANNELS));
      }
      assert.deepEqual(pieces, whole, `step ${step}`);
    }
    await recording.close();
  });

  it("opens a session folder, a run folder, a .meta, a .bin and a source", async () => {
    await using folder = await temporaryFolder();
    const run = await writeTinyRun(folder.path);
    for (const path of [folder.path, run.runFolder, run.folder, run.meta, run.bin]) {
      const recording = await openRecording(path);
      assert.deepEqual(recording.source, { format: "spikeglx", path: run.meta });
      await recording.close();
    }
    await (await openRecording({ format: "spikeglx", path: run.meta })).close();
  });

  it("lists the recordings of a folder that holds several, imec2 before imec10", async () => {
    await using folder = await temporaryFolder();
    const ten = await writeTinyRun(folder.path, { imec: 10 });
    const two = await writeTinyRun(folder.path, { imec: 2 });
    await assert.rejects(openRecording(folder.path), withCode("several-recordings", /imec2.*\n.*imec10/));
    assert.deepEqual(
      (await findRecordings(folder.path)).map(({ path }) => path),
      [two.meta, ten.meta],
    );
  });

  it("opens the LF band beside the AP band, or says that there is none", async () => {
    await using folder = await temporaryFolder();
    await writeTinyRun(folder.path);
    const ap = await openRecording(folder.path);
    assert.equal(await openLfBand(ap), undefined);
    await writeTinyRun(folder.path, { band: "lf" });
    const lf = await openLfBand(ap);
    assert.equal(lf?.samplingRateHz, 2500);
    assert.deepEqual(lf?.channelNames, ["LF0", "LF1", "LF2", "LF3"]);
    assert.equal(lf?.gainUvPerBit[0], (1e6 * 0.6) / 512 / 125);
    assert.deepEqual(lf?.probe.electrode, ap.probe.electrode);
    await lf?.close();
    await ap.close();
  });

  it("reads the saved subset of channels with their own electrodes and gains", async () => {
    await using folder = await temporaryFolder();
    await writeTinyRun(folder.path, {
      samples: Int16Array.of(1, 2, 3, 4, 5, 6),
      meta: {
        nSavedChans: 3,
        snsApLfSy: "2,0,1",
        snsSaveChanSubset: "1,3,8",
        fileTimeSecs: 2 / 30000,
        "~snsShankMap": null,
      },
    });
    const recording = await openRecording(folder.path);
    assert.deepEqual([...recording.probe.electrode], [1, 3]);
    assert.deepEqual(recording.channelNames, ["AP1", "AP3"]);
    assert.deepEqual(
      [...recording.gainUvPerBit].map((gain) => 0.6e6 / 512 / gain),
      [250, 500],
    );
    assert.deepEqual(
      [...(await recording.read(0, 2)).data.map((v, i) => v / recording.gainUvPerBit[i % 2])].map(Math.round),
      [1, 2, 4, 5],
    );
    await recording.close();
  });

  it("prefers imChan0apGain to the table and to the type's fixed gain (B6)", async () => {
    await using folder = await temporaryFolder();
    await writeTinyRun(folder.path, { meta: { imChan0apGain: 100, imDatPrb_dock: 1 } });
    const recording = await openRecording(folder.path);
    assert.deepEqual([...new Set(recording.gainUvPerBit)], [(0.6 / 512 / 100) * 1e6]);
    await recording.close();
  });

  it("refuses a stretch outside the recording", async () => {
    await using folder = await temporaryFolder();
    await writeTinyRun(folder.path);
    const recording = await openRecording(folder.path);
    for (const [start, end] of [
      [-1, 2],
      [5, 4],
      [0, 21],
      [0.5, 2],
    ])
      await assert.rejects(recording.read(start, end), RangeError);
    await recording.close();
  });

  it("notices a file that grows or shrinks while it is open", async () => {
    await using folder = await temporaryFolder();
    const run = await writeTinyRun(folder.path);
    const grown = await openRecording(run.bin);
    await appendFile(run.bin, new Uint8Array(10));
    await assert.rejects(grown.read(0, 1), withCode("growing", /had 200 bytes when opened and has 210 now/));
    await grown.close();
    await truncate(run.bin, 200);
    const cut = await openRecording(run.bin);
    await truncate(run.bin, 100);
    await assert.rejects(cut.read(0, 20), withCode("truncated", /ends at byte 100/));
    await cut.close();
  });

  it("says what contradicts what in the meta file", async () => {
    const wrong: [string, RegExp, Record<string, string | number | null>][] = [
      ["channel-count-mismatch", /makes 5 columns, nSavedChans says 4/, { nSavedChans: 4 }],
      ["channel-count-mismatch", /lists 4 channels/, { snsSaveChanSubset: "0:2,8" }],
      ["geometry-mismatch", /row 999/, { "~snsShankMap": "(1,2,480)(0:0:999:1)(0:1:0:1)(0:0:1:1)(0:1:1:1)" }],
      [
        "geometry-mismatch",
        /electrode 0 by imroTbl and electrode 4/,
        { "~snsShankMap": "(1,2,480)(0:0:2:1)(0:1:0:1)(0:0:1:1)(0:1:1:1)" },
      ],
      ["geometry-mismatch", /3 entries/, { "~snsShankMap": "(1,2,480)(0:0:0:1)(0:1:0:1)(0:0:1:1)" }],
      ["no-gain", /states no gain of channel 0/, { "~imroTbl": null }],
      ["no-geometry", /part 'NP9999'/, { "~snsShankMap": null, imDatPrb_pn: "NP9999", imDatPrb_type: 9999 }],
      ["bad-meta", /imSampRate/, { imSampRate: null }],
      ["bad-meta", /must be a number, got '30k'/, { imSampRate: "30k" }],
      ["not-imec", /type 'nidq'/, { typeThis: "nidq", snsApLfSy: null }],
      ["unfinished", /fileSizeBytes/, { fileSizeBytes: null }],
    ];
    for (const [code, part, meta] of wrong) {
      await using folder = await temporaryFolder();
      const run = await writeTinyRun(folder.path, { meta });
      await assert.rejects(openRecording(run.bin), withCode(code, part));
      assert.ok(codes(await verifySession(run.bin)).includes(code), code);
    }
  });
});

describe("verifySession", () => {
  it("finds nothing wrong with a complete run", async () => {
    await using folder = await temporaryFolder();
    const run = await writeTinyRun(folder.path);
    const verdict = await verifySession(folder.path);
    assert.deepEqual(verdict, {
      format: "spikeglx",
      path: run.meta,
      sampleCount: 20,
      channelCount: 4,
      samplingRateHz: 30000,
      gainUvPerBit: [2.34375, 4.6875, 2.34375, 2.34375],
      durationS: 20 / 30000,
      probe: { part: "NP1010", serial: "123456789", contactCount: 4 },
      problems: [],
    });
  });

  it("tells a cut file from one that is still being copied", async () => {
    await using folder = await temporaryFolder();
    const run = await writeTinyRun(folder.path);
    await truncate(run.bin, 155);
    assert.deepEqual(codes(await verifySession(folder.path)), ["truncated", "growing"]);
    await utimes(run.bin, new Date("2026-01-01"), new Date("2026-01-01"));
    const verdict = await verifySession(folder.path);
    assert.deepEqual(codes(verdict), ["truncated"]);
    assert.match(
      verdict.problems[0].message,
      /has 155 bytes, expected 200 \(fileSizeBytes\): 45 bytes are missing/,
    );
    assert.equal(verdict.sampleCount, 15);
    await assert.rejects(
      openRecording(folder.path),
      withCode("truncated", /has 155 bytes, its description says 200/),
    );
  });

  it("reports a missing .bin, a missing .meta, an empty file and one that is too long", async () => {
    await using folder = await temporaryFolder();
    const run = await writeTinyRun(folder.path);
    await appendFile(run.bin, new Uint8Array(10));
    assert.deepEqual(codes(await verifySession(folder.path)), ["size-mismatch"]);
    await truncate(run.bin, 0);
    assert.deepEqual(codes(await verifySession(folder.path)), ["empty"]);
    await rm(run.meta);
    assert.deepEqual(codes(await verifySession(folder.path)), ["missing-meta"]);
    await assert.rejects(openRecording(run.bin), withCode("missing-meta", /ap\.meta' does not exist/));
    const other = await writeTinyRun(folder.path);
    await rm(other.bin);
    for (const path of [folder.path, other.meta, other.bin]) {
      assert.deepEqual(codes(await verifySession(path)), ["missing-bin"], path);
      await assert.rejects(openRecording(path), withCode("missing-bin", /ap\.bin' does not exist/));
    }
  });

  it("reports a wrong column count that the size alone does not show", async () => {
    await using folder = await temporaryFolder();
    await writeTinyRun(folder.path, {
      samples: tinySamples(2000),
      meta: { nSavedChans: 4, snsApLfSy: "4,0,0", snsSaveChanSubset: "0:3" },
    });
    assert.deepEqual(codes(await verifySession(folder.path)), ["duration-mismatch"]);
  });

  it("reports a part that the table does not have, and reads on with the positions of the file", async () => {
    await using folder = await temporaryFolder();
    const run = await writeTinyRun(folder.path, {
      meta: {
        imDatPrb_pn: "NP9999",
        imDatPrb_type: 9999,
        "~snsGeomMap": "(NP9999,2,300,70)(0:10:0:1)(1:10:20:1)(0:10.5:40:1)(1:10:60:1)",
      },
    });
    assert.deepEqual(codes(await verifySession(run.meta)), ["unknown-probe"]);
    const recording = await openRecording(run.meta);
    assert.deepEqual([...recording.probe.x], [10, 310, 10.5, 310]);
    assert.deepEqual([...recording.probe.electrode], [-1, -1, -1, -1]);
    assert.equal(recording.probe.sampleShift, undefined);
    await recording.close();
  });

  it("gives a verdict on each of several probes, and on the LF band with its AP band", async () => {
    await using folder = await temporaryFolder();
    await writeTinyRun(folder.path, { imec: 0 });
    const second = await writeTinyRun(folder.path, { imec: 1 });
    const lf = await writeTinyRun(folder.path, { imec: 0, band: "lf" });
    await truncate(second.bin, 40);
    await rm(lf.bin);
    const verdict = await verifySession(folder.path);
    assert.deepEqual(verdict.recordings?.map(codes), [["missing-bin"], ["truncated", "growing"]]);
    assert.deepEqual(codes(verdict), ["missing-bin", "truncated", "growing"]);
    assert.equal(verdict.sampleCount, 20);
  });

  it("compares the SHA1 only when asked", async () => {
    await using folder = await temporaryFolder();
    await writeTinyRun(folder.path, { meta: { fileSHA1: "0".repeat(40) } });
    assert.deepEqual(codes(await verifySession(folder.path)), []);
    assert.deepEqual(codes(await verifySession(folder.path, { checkSha1: true })), ["sha1-mismatch"]);
  });

  it("never throws: a path that is not there, a folder without recordings, a meta of rubbish", async () => {
    await using folder = await temporaryFolder();
    assert.deepEqual(codes(await verifySession(join(folder.path, "absent"))), ["missing"]);
    await mkdir(join(folder.path, "empty"));
    const none = await verifySession(join(folder.path, "empty"));
    assert.deepEqual(codes(none), ["no-recording"]);
    assert.equal(none.format, "unknown");
    const run = await writeTinyRun(folder.path);
    for (const text of ["", "\0\0\0\0", "=\n(((", "nSavedChans=x\n~imroTbl=((((\n"]) {
      await writeFile(run.meta, text);
      assert.ok(codes(await verifySession(folder.path)).includes("bad-meta"), JSON.stringify(text));
    }
  });
});

it("reads a file larger than one buffer in bounded pieces", async () => {
  await using folder = await temporaryFolder();
  // 5 MiB: more than the reader's 4 MiB buffer
  const sampleCount = Math.ceil((5 * 1024 * 1024) / (2 * TINY_COLUMNS));
  const samples = new Int16Array(sampleCount * TINY_COLUMNS);
  for (let i = 0; i < samples.length; i++) samples[i] = (i * 31) % 32749;
  const run = await writeTinyRun(folder.path, { samples });
  const recording = await openRecording(run.bin);
  const { data } = await recording.read(0, sampleCount);
  for (const t of [0, 419_429, 419_430, 419_431, sampleCount - 1])
    assert.equal(data[t * TINY_CHANNELS], Math.fround(samples[t * TINY_COLUMNS] * recording.gainUvPerBit[0]));
  await recording.close();
  // the handle is closed: a further read fails instead of giving zeros
  await assert.rejects(recording.read(0, 1));
  await (await open(run.bin)).close();
});
