/**
 * A recording in which nothing coincides by chance: a saved subset of the channels of a four-shank probe, on two shanks and high up, one of
 * them not to be used, at a rate that is not round. Rows must name electrodes, times must be of the true rate, depths must be of the probe.
 * The truth is the generator's; the meta file is rewritten here, by the format's own rules (pipeline contract 3.1).
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
  generateRecording,
  openRecording,
  type Recording,
  readTruth,
  SUITES,
  scoreSorting,
} from "@tenon/ephys";
import { addParamset } from "../../../src/ingest/paramsets.ts";
import * as ephys from "../../../src/pipeline/ephys.ts";
import { ElectrodeConfig } from "../../../src/pipeline/probe.ts";
import { databaseSorting } from "../../../src/populate/database-sorting.ts";
import { makePipelineLab, type PipelineLab } from "./support/pipeline-lab.ts";

const channelCount = 32;
const samplingRateHz = 30_000.03;
const unused = 5;
const perShank = 1280;
/** By channel: acquired id, shank, electrode on the shank. The first half is on shank 1, the second on shank 3. */
const wiring = Array.from({ length: channelCount }, (_, channel) =>
  channel < 16
    ? { id: channel, shank: 1, own: 200 + channel }
    : { id: 84 + channel, shank: 3, own: 700 + channel },
);
const electrodes = wiring.map(({ shank, own }) => shank * perShank + own);
/** Electrode to um along the shank: rows of two, 15 um apart. */
const depthOf = (electrode: number) => 15 * Math.floor((electrode % perShank) / 2);

/** Makes the meta of suite probes (NP2000, channel n on electrode n) one of a four-shank probe with that wiring. */
function rewire(path: string): void {
  let meta = readFileSync(path, "utf8");
  const set = (key: string, value: string) => {
    const line = new RegExp(`^${key}=.*$`, "m");
    assert.match(meta, line);
    meta = meta.replace(line, `${key}=${value}`);
  };
  set("imDatPrb_pn", "NP2010");
  set("imDatPrb_type", "24");
  set("snsSaveChanSubset", "0:15,100:115,384");
  const acquired = Array.from({ length: 384 }, (_, id) => {
    const { shank, own } = wiring.find((one) => one.id === id) ?? { shank: 0, own: id };
    return `(${id} ${shank} 0 0 ${own})`;
  });
  set("~imroTbl", `(24,384)${acquired.join("")}`);
  set(
    "~snsChanMap",
    `(384,0,1)${wiring.map(({ id }, place) => `(AP${id};${id}:${place})`).join("")}(SY0;384:32)`,
  );
  const places = wiring.map(
    ({ shank, own }, channel) =>
      `(${shank}:${27 + 32 * (own % 2)}:${depthOf(own)}:${channel === unused ? 0 : 1})`,
  );
  set("~snsGeomMap", `(NP2010,4,250,70)${places.join("")}`);
  meta = meta.replace(/^~muxTbl=.*\n/m, "");
  writeFileSync(path, meta);
}

describe("a recording of chosen electrodes", () => {
  let lab: PipelineLab;
  let recording: Recording;
  let truth: Awaited<ReturnType<typeof readTruth>>;

  before(async () => {
    lab = await makePipelineLab();
    const suite = {
      ...SUITES.get("poly64")!,
      name: "chosen",
      channelCount,
      unitCount: 8,
      durationS: 20.0007,
      samplingRateHz,
    };
    const made = await generateRecording(suite, 5, join(lab.raw, "chosen"));
    rewire(made.metaPath);
    recording = await openRecording(made.metaPath);
    truth = await readTruth(made.truthPath);
    await lab.register("chosen", "m1");
    await addParamset(lab.connection, { method: "tenon", description: "defaults", params: {} });
    await lab.run();
  });
  after(async () => {
    await recording.close();
    await lab.close();
  });

  it("has its electrodes by channel, and a configuration of their runs", async () => {
    const channels = await ephys.EphysRecordingChannel.fetch({ orderBy: ["channel_idx"] });
    assert.deepEqual(
      channels.map(({ channel_idx, electrode, channel_name }) => [channel_idx, electrode, channel_name]),
      wiring.map(({ id }, channel) => [channel, electrodes[channel], `AP${id}`]),
    );
    assert.equal(await ElectrodeConfig.fetch1("electrode_config_name"), "1480-1495; 4556-4571");
    const { sampling_rate, recording_duration } = await ephys.EphysRecording.fetch1();
    // FLOAT: seven digits
    assert.ok(Math.abs(sampling_rate - samplingRateHz) < 0.002);
    assert.ok(Math.abs(recording_duration - recording.sampleCount / samplingRateHz) < 2e-6);
  });

  it("has every ninth channel's LFP counted from the last, at the electrode's name", async () => {
    const lfp = await ephys.LFP.fetch1();
    const stamps = lfp.lfp_time_stamps as Float64Array;
    assert.equal(stamps.length, Math.ceil(recording.sampleCount / 12));
    assert.ok(Math.abs(stamps.at(-1)! - (12 * (stamps.length - 1)) / samplingRateHz) < 1e-9);
    const rows = await ephys.LFPElectrode.fetch({ orderBy: ["electrode"] });
    assert.deepEqual(
      rows.map(({ electrode }) => electrode),
      [4, 13, 22, 31].map((channel) => electrodes[channel]),
    );
    // slow signals pass the filter as they are: the trace follows the channel's own mean of 12 samples, and no other's
    const { data } = await recording.read(0, 12 * 2000);
    for (const row of rows) {
      const trace = row.lfp as Float32Array;
      const likeness = Array.from({ length: channelCount }, (_, channel) => {
        const means = Float64Array.from({ length: 1900 }, (_, i) => {
          let sum = 0;
          // around sample 12 (i + 50)
          for (let k = -6; k < 6; k++) sum += data[(12 * (i + 50) + k) * channelCount + channel]!;
          return sum / 12;
        });
        return correlation(means, trace.subarray(50, 1950));
      });
      const best = likeness.indexOf(Math.max(...likeness));
      assert.equal(electrodes[best], row.electrode);
      assert.ok(likeness[best]! > 0.9, `${likeness[best]}`);
    }
  });

  it("has units at the true electrodes, spikes at the true times", async () => {
    const sorting = await databaseSorting({ subject: "m1" }, truth);
    const score = scoreSorting(truth, sorting);
    assert.ok(score.wellDetected >= 4, `${score.wellDetected} of ${score.detectableUnits}`);
    let checked = 0;
    for (const { id, accuracy, matchedUnit } of score.units) {
      if (accuracy < 0.9 || matchedUnit === undefined) continue;
      const { mainChannel } = truth.file.units.find((one) => one.id === id)!;
      const unit = await ephys.CuratedClusteringUnit.restrict({ unit: matchedUnit }).fetch1();
      const row = Math.abs(depthOf(unit.electrode) - depthOf(electrodes[mainChannel]!));
      assert.equal(Math.floor(unit.electrode / perShank), wiring[mainChannel]!.shank, `shank of unit ${id}`);
      assert.ok(row <= 15, `unit ${id} at electrode ${unit.electrode}, not ${electrodes[mainChannel]}`);
      assert.notEqual(unit.electrode, electrodes[unused]);
      const depths = (unit.spike_depths as Float64Array).toSorted();
      assert.ok(Math.abs(depths[depths.length >> 1]! - depthOf(unit.electrode)) < 30);
      // a channel is digitised up to a sample late, and the trough of a filtered spike may be a sample beside the spike's
      const lags = lagsOf(unit.spike_times as Float64Array, id);
      assert.ok(
        Math.abs(lags[lags.length >> 1]!) < 2.5,
        `unit ${id} is ${lags[lags.length >> 1]} samples late`,
      );
      checked++;
    }
    assert.ok(checked >= 4, `${checked} units`);
  });

  it("has waveforms of each unit's own shank, in uV as they are in the recording", async () => {
    const units = await ephys.CuratedClusteringUnit.proj("electrode", "spike_count", "spike_times").fetch();
    for (const { unit, electrode, spike_count, spike_times } of units) {
      const waveforms = await ephys.WaveformSetWaveform.restrict({ unit }).fetch();
      const shanks = new Set(waveforms.map((row) => Math.floor(row.electrode / perShank)));
      assert.deepEqual([...shanks], [Math.floor(electrode / perShank)]);
      if (spike_count < 50) continue;
      const channel = electrodes.indexOf(electrode);
      // the raw mean at the peak: the band pass takes a part of it and turns nothing round
      let raw = 0;
      const times = spike_times as Float64Array;
      for (const time of times) {
        const sample = Math.round(time * samplingRateHz);
        if (sample < 30 || sample + 31 > recording.sampleCount) continue;
        const { data } = await recording.read(sample - 30, sample + 31);
        const at = (t: number) => data[(t + 30) * channelCount + channel]!;
        raw += (at(0) - (at(-30) + at(30)) / 2) / times.length;
      }
      const mean = waveforms.find((row) => row.electrode === electrode)!.waveform_mean as Float64Array;
      const ratio = mean[30]! / raw;
      assert.ok(ratio > 0.6 && ratio < 1.4, `unit ${unit}: ${mean[30]} uV for ${raw}`);
    }
  });

  /** Samples from each true spike of a unit to the found one nearest to it, sorted. */
  function lagsOf(timesS: Float64Array, id: number): number[] {
    const lags: number[] = [];
    for (const [i, sample] of truth.spikeSamples.entries()) {
      if (truth.spikeUnits[i] !== id) continue;
      const lag = Array.from(timesS, (time) => time * samplingRateHz - sample).reduce((least, one) =>
        Math.abs(one) < Math.abs(least) ? one : least,
      );
      if (Math.abs(lag) < 12) lags.push(lag);
    }
    return lags.sort((a, b) => a - b);
  }
});

function correlation(a: Float64Array, b: Float32Array): number {
  const mean = (values: Float64Array | Float32Array) => {
    let sum = 0;
    for (const value of values) sum += value;
    return sum / values.length;
  };
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]! - meanA, b[i]! - meanB];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return ab / Math.sqrt(aa * bb);
}
