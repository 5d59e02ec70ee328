import assert from "node:assert/strict";
import { test } from "node:test";
import { makeTraces } from "../../src/core/traces.ts";
import { decimate } from "../../src/dsp/decimate.ts";
import { ParameterError, RecordingError } from "../../src/errors.ts";
import { openRecording } from "../../src/io/open-recording.ts";
import { extractLfp } from "../../src/lfp/extract-lfp.ts";
import {
  TINY_CHANNELS,
  TINY_COLUMNS,
  temporaryFolder,
  tinySamples,
  writeTinyRun,
} from "../support/tiny-spikeglx.ts";

test("a recording with an LF band gives that band, sample for sample, of the channels asked for", async () => {
  await using folder = await temporaryFolder();
  const ap = await writeTinyRun(folder.path, { samples: tinySamples(240) });
  await writeTinyRun(folder.path, { band: "lf", samples: tinySamples(20) });
  const recording = await openRecording(ap.folder);
  const lf = await openRecording(ap.bin.replace(".ap.", ".lf."));
  const lfp = await extractLfp(recording, { channels: Int32Array.of(3, 1) });
  assert.equal(lfp.samplingRateHz, 2500);
  assert.deepEqual([...lfp.channelIndices], [3, 1]);
  const whole = await lf.read(0, 20);
  for (const [i, channel] of [3, 1].entries())
    assert.deepEqual(
      lfp.traces[i],
      whole.data.filter((_, at) => at % TINY_CHANNELS === channel),
    );
  assert.equal(lfp.mean[7], Math.fround((lfp.traces[0][7] + lfp.traces[1][7]) / 2));
  assert.equal(lfp.timestampsS[19], 19 / 2500);
  await lf.close();
  await recording.close();
});

test("a recording without an LF band is decimated, the same whatever channels are kept, and progress reaches its end", async () => {
  await using folder = await temporaryFolder();
  const sampleCount = 3001;
  const samples = new Int16Array(sampleCount * TINY_COLUMNS);
  for (let i = 0; i < samples.length; i++) samples[i] = 200 * Math.sin(i * 0.01) + ((i * 7919) % 61);
  const { folder: path } = await writeTinyRun(folder.path, { samples });
  const recording = await openRecording(path);
  const steps: [number, number][] = [];
  const lfp = await extractLfp(recording, { progress: (done, total) => steps.push([done, total]) });
  const expected = decimate(
    makeTraces(sampleCount, TINY_CHANNELS, (await recording.read(0, sampleCount)).data),
    12,
  );
  assert.equal(lfp.traces[0].length, Math.ceil(sampleCount / 12));
  for (let c = 0; c < TINY_CHANNELS; c++)
    assert.deepEqual(
      lfp.traces[c],
      expected.data.filter((_, at) => at % TINY_CHANNELS === c),
    );
  assert.deepEqual(steps.at(-1), [sampleCount, sampleCount]);
  const alone = await extractLfp(recording, { channels: Int32Array.of(2) });
  assert.deepEqual(alone.traces[0], lfp.traces[2]);
  assert.deepEqual(alone.mean, lfp.traces[2]);
  assert.equal((await extractLfp(recording, { targetRateHz: 1000 })).samplingRateHz, 1000);
  await recording.close();
});

test("an unknown channel, a rate of 0, an LF band without the electrode and an abort are told apart", async () => {
  await using folder = await temporaryFolder();
  const { folder: path } = await writeTinyRun(folder.path, { samples: tinySamples(240) });
  const recording = await openRecording(path);
  await assert.rejects(extractLfp(recording, { channels: Int32Array.of(4) }), ParameterError);
  await assert.rejects(extractLfp(recording, { targetRateHz: 0 }), ParameterError);
  const signal = AbortSignal.abort(new Error("enough"));
  await assert.rejects(extractLfp(recording, { signal }), /enough/);
  const lf = {
    "~imroTbl": "(0,4)(0 1 0 500 125 1)(1 1 0 500 125 1)(2 1 0 500 125 1)(3 1 0 500 125 1)",
    "~snsShankMap": "(1,2,480)(0:0:2:1)(0:1:2:1)(0:0:3:1)(0:1:3:1)",
  };
  await writeTinyRun(folder.path, { band: "lf", samples: tinySamples(20), meta: lf });
  await assert.rejects(
    extractLfp(recording),
    (error) => error instanceof RecordingError && error.code === "lf-mismatch",
  );
  await recording.close();
});
