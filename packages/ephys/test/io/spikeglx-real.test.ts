import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { openRecording } from "../../src/io/open-recording.ts";
import { readColumns } from "../../src/io/spikeglx/meta-columns.ts";
import { readGains } from "../../src/io/spikeglx/meta-gains.ts";
import { probeTypeName, readIdentity, readProbe } from "../../src/io/spikeglx/meta-probe.ts";
import { readMeta, readSamplingRate } from "../../src/io/spikeglx/open-spikeglx.ts";
import { verifySession } from "../../src/io/verify-session.ts";
import { sharedPath, skipWithoutSharedData } from "../support/shared-data.ts";

const skip = skipWithoutSharedData;
const NP2010 = "neuroinformatics-unit+spikewrap-spikeglx/run-001_g0_imec0";
const METAS = "SpikeInterface+probeinterface/tests/data/spikeglx";

const readJson = async (path: string) => JSON.parse(await readFile(path, "utf8"));

describe("the real NP2010 recording", { skip }, () => {
  it("agrees with what SpikeInterface, neo and numpy read", async () => {
    const expected = (await readJson(sharedPath("expected/spikeglx_np2010.json")))["run-001"];
    const recording = await openRecording(sharedPath(NP2010));
    try {
      assert.equal(recording.sampleCount, expected.samples);
      assert.equal(recording.channelCount + (recording.syncColumnCount ?? 0), expected.channels_saved);
      assert.equal(recording.samplingRateHz, expected.sampling_rate_hz);
      assert.deepEqual([...new Set(recording.gainUvPerBit)], expected.distinct_gains);
      assert.equal(recording.probe.part, expected.probe.annotations.model_name);
      assert.equal(recording.probe.x.length, expected.probe.contacts);
      // integers come back exactly: uV = integer x gain in float32
      const gain = expected.gain_uv;
      const { data } = await recording.read(0, recording.sampleCount);
      const sync = (await recording.readSync?.(0, recording.sampleCount)) ?? new Int16Array();
      const integers = Float64Array.from(data, (value) => Math.round(value / gain));
      const sum = integers.reduce((a, b) => a + b, 0) + sync.reduce((a, b) => a + b, 0);
      assert.equal(sum, expected.sum_all_int16);
      assert.deepEqual([...integers.subarray(0, 8)], expected.first_sample_first8);
      assert.deepEqual([...integers.subarray(-7), sync.at(-1)], expected.last_sample_last8);
      assert.deepEqual({ [sync[0]]: sync.filter((word) => word === sync[0]).length }, expected.sync_values);
      const channel = (c: number) => integers.filter((_, i) => i % recording.channelCount === c);
      assert.ok(Math.abs(mean(channel(0)) - expected.channel0_mean) < 1e-3);
      assert.ok(Math.abs(deviation(channel(0)) - expected.channel0_std) < 1e-9);
      assert.ok(Math.abs(deviation(channel(383)) - expected.channel383_std) < 1e-9);
    } finally {
      await recording.close();
    }
  });

  it("has its contacts where probeinterface puts them, 27 um further for the shank's edge", async () => {
    const { probe } = (await readJson(sharedPath("expected/spikeglx_np2010.json")))["run-001"];
    const recording = await openRecording(sharedPath(NP2010));
    await recording.close();
    const { x, y, shank, electrode } = recording.probe;
    const points = Array.from(x, (value, i) => [value - 27, y[i]]);
    assert.deepEqual(points.slice(0, 8), probe.first8_positions_um);
    assert.deepEqual(points.slice(-4), probe.last4_positions_um);
    assert.deepEqual([...new Set(shank)].sort().map(String), probe.shanks);
    const ids = Array.from(electrode, (e) => `s${Math.floor(e / 1280)}e${e % 1280}`);
    assert.deepEqual(ids.slice(0, 4), probe.first4_ids);
  });

  it("is complete", async () => {
    const verdict = await verifySession(sharedPath(NP2010));
    assert.deepEqual(
      { ...verdict, path: "" },
      {
        format: "spikeglx",
        path: "",
        sampleCount: 15000,
        channelCount: 384,
        samplingRateHz: 30000,
        gainUvPerBit: 0.762939453125,
        durationS: 0.5,
        probe: { part: "NP2010", serial: "20403314871", contactCount: 384 },
        problems: [],
      },
    );
  });
});

describe("real SpikeGLX metas", { skip }, () => {
  it("have the rates, gains and channel counts that an independent script found", async () => {
    const expected: Record<string, any>[] = await readJson(sharedPath("expected/spikeglx_meta.json"));
    let checked = 0;
    for (const entry of expected) {
      const path = sharedPath(entry.f);
      const meta = await readMeta(path).catch(() => undefined);
      if (meta === undefined) continue; // some of the script's files are not in the folder
      const columns = readColumns(meta);
      const gains = readGains(meta, columns);
      assert.equal(readSamplingRate(meta), entry.fs, entry.f);
      assert.equal(columns.columnCount, entry.saved, entry.f);
      assert.equal(columns.channelColumns.length, Number(entry.apLfSy.split(",")[0]), entry.f);
      assert.ok(Math.abs(gains[0] - entry.uV) < 1e-12, `${entry.f}: gain ${gains[0]}, expected ${entry.uV}`);
      checked++;
    }
    assert.ok(checked >= 20, `only ${checked} metas were found`);
  });

  it("have the electrodes, positions and ADC order that probeinterface reads", async () => {
    const expected: Record<string, any>[] = await readJson(
      join(import.meta.dirname, "fixtures/spikeglx-geometry.json"),
    );
    let checked = 0;
    for (const entry of expected) {
      const meta = await readMeta(sharedPath(entry.file)).catch(() => undefined);
      if (meta === undefined) continue;
      const { layout } = readIdentity(meta);
      assert.ok(layout, entry.file);
      const { x, y, shank, electrode, sampleShift } = readProbe(meta, readColumns(meta));
      const perShank = layout.rowCount * layout.columnCount;
      assert.equal(x.length, entry.contacts, entry.file);
      const shift = x[0] - entry.x[0];
      assert.deepEqual(
        Array.from(x.subarray(0, 8), (v) => v - shift),
        entry.x,
        entry.file,
      );
      assert.deepEqual([...y.subarray(0, 8)], entry.y, entry.file);
      assert.equal(
        weighted(x, (v) => v - x[0]),
        entry.sumX,
        entry.file,
      );
      assert.equal(weighted(y), entry.sumY, entry.file);
      assert.equal(weighted(shank), entry.sumShank, entry.file);
      assert.equal(
        weighted(electrode, (e) => e % perShank),
        entry.sumElectrodeOfShank,
        entry.file,
      );
      assert.ok(sampleShift && layout.adc, entry.file);
      const turns = layout.adc.turnsPerSample;
      assert.equal(Math.round(weighted(sampleShift, (s) => s * turns)), entry.sumAdcOrder, entry.file);
      checked++;
    }
    assert.ok(checked >= 21, `only ${checked} metas were found`);
  });

  it("are named as the Python elements name them", async () => {
    const names = new Map<string, string>();
    for (const file of await readdir(sharedPath(METAS)))
      names.set(file, probeTypeName(await readMeta(sharedPath(METAS, file))));
    assert.equal(names.get("phase3a.imec.ap.meta"), "neuropixels 1.0 - 3A");
    assert.equal(names.get("NP-Ultra.meta"), "neuropixels UHD");
    assert.equal(names.get("NP2_4_shanks.imec0.ap.meta"), "neuropixels 2.0 - MS");
    assert.equal(names.get("p2_g0_t0.imec0.ap.meta"), "neuropixels 2.0 - SS");
    assert.equal(names.get("NP2_2013_all_channels.imec0.ap.meta"), "NP2013");
    assert.equal(names.size, 19);
  });

  it("without their .bin are reported, not thrown, each with only that problem", async () => {
    for (const file of await readdir(sharedPath(METAS))) {
      const { problems, channelCount } = await verifySession(sharedPath(METAS, file));
      assert.deepEqual(
        problems.map(({ code }) => code),
        ["missing-bin"],
        `${file}: ${JSON.stringify(problems)}`,
      );
      assert.ok(channelCount !== null && channelCount >= 120, file);
    }
  });
});

describe("real samples in SpikeGLX form", { skip }, () => {
  it("have the SHA1 of their meta", async () => {
    const verdict = await verifySession(sharedPath("constructed/spikeglx/np1_real_samples_g0"), {
      checkSha1: true,
    });
    assert.deepEqual(verdict.problems, []);
    assert.equal(verdict.sampleCount, 1000);
    assert.equal(verdict.gainUvPerBit, 2.34375);
  });
});

function weighted(values: ArrayLike<number>, of: (value: number) => number = (value) => value): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (i + 1) * of(values[i]);
  return sum;
}

function mean(values: Float64Array): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

function deviation(values: Float64Array): number {
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / values.length);
}
