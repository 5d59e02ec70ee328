import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { planPreprocessing, Random } from "@tenon/ephys";
import { channelNoise } from "../../../src/populate/steps/channel-noise.ts";
import { unitWaveforms, waveformWindow } from "../../../src/populate/steps/unit-waveforms.ts";
import { filteredBothWays, memoryRecording } from "./support/memory-recording.ts";

/** The causal filter's warm-up and the backward pass's tail end at 0.1 % of a spike; of 150 uV that is this. */
const toleranceUv = 0.3;
const channelCount = 4;
const sampleCount = 300_000;

/** Noise of 5 uV with a spike of -150 uV every 1500 samples, largest on channel 1. */
function recordingWithSpikes() {
  const random = new Random(1);
  const data = Float32Array.from({ length: sampleCount * channelCount }, () => 5 * random.normal());
  const spikes = Float64Array.from({ length: 190 }, (_, i) => 1000 + 1500 * i + random.integer(200));
  for (const spike of spikes)
    for (let t = -20; t < 40; t++)
      for (let c = 0; c < channelCount; c++)
        data[(spike + t) * channelCount + c]! +=
          [-40, -150, -70, -10][c]! * (Math.exp(-((t / 4) ** 2)) - 0.4 * Math.exp(-(((t - 14) / 9) ** 2)));
  return { recording: memoryRecording(data, channelCount), data, spikes };
}

describe("unitWaveforms", () => {
  const { recording, data, spikes } = recordingWithSpikes();
  const window = waveformWindow(30000);
  const units = [
    { spikeSamples: spikes, peakChannel: 1, channels: Int32Array.of(1, 2, 0) },
    { spikeSamples: new Float64Array(0), peakChannel: 2, channels: Int32Array.of(2) },
  ];

  it("are the means of the signal filtered without delay", async () => {
    const plan = await planPreprocessing(recording);
    const [unit] = await unitWaveforms(recording, plan, units, { window });
    const filtered = filteredBothWays(plan.sections, data, channelCount);
    assert.equal(unit!.count, spikes.length);
    for (const [i, channel] of [1, 2, 0].entries())
      for (let t = 0; t < 90; t++) {
        let sum = 0;
        for (const spike of spikes) sum += filtered[(spike - window.before + t) * channelCount + channel]!;
        const difference = Math.abs(unit!.mean[t * 3 + i]! - sum / spikes.length);
        assert.ok(difference < toleranceUv, `sample ${t} of channel ${channel}: ${difference} uV`);
      }
    const peak = Array.from({ length: 90 }, (_, t) => unit!.mean[t * 3]!);
    assert.equal(peak.indexOf(Math.min(...peak)), window.before);
  });

  it("keep single spikes of the peak channel, filtered alike", async () => {
    const plan = await planPreprocessing(recording);
    const [unit] = await unitWaveforms(recording, plan, units, { window, mostExamples: 10 });
    const filtered = filteredBothWays(plan.sections, data, channelCount);
    assert.equal(unit!.examples.length, 10 * 90);
    // the first examples are the first spikes of the recording that were chosen; here all are
    for (let i = 0; i < 10; i++)
      for (let t = 0; t < 90; t++) {
        const expected = filtered[(spikes[i]! - window.before + t) * channelCount + 1]!;
        assert.ok(Math.abs(unit!.examples[i * 90 + t]! - expected) < toleranceUv);
      }
  });

  it("are NaN for a unit without a usable spike, and without a plan", async () => {
    const plan = await planPreprocessing(recording);
    const [, empty] = await unitWaveforms(recording, plan, units, { window });
    assert.ok(empty!.mean.length === 90 && empty!.mean.every(Number.isNaN));
    const [first] = await unitWaveforms(recording, undefined, units, { window });
    assert.ok(first!.mean.length === 270 && first!.mean.every(Number.isNaN));
  });

  it("end with the signal's reason", async () => {
    const plan = await planPreprocessing(recording);
    const signal = AbortSignal.abort(new Error("stop"));
    await assert.rejects(unitWaveforms(recording, plan, units, { window, signal }), /stop/);
  });
});

describe("channelNoise", () => {
  it("is the robust deviation of the signal filtered without delay", async () => {
    const { recording, data } = recordingWithSpikes();
    const plan = await planPreprocessing(recording);
    const noise = await channelNoise(recording, plan);
    const filtered = filteredBothWays(plan.sections, data, channelCount);
    for (let c = 0; c < channelCount; c++) {
      const sizes = Array.from({ length: sampleCount }, (_, t) =>
        Math.abs(filtered[t * channelCount + c]!),
      ).sort((a, b) => a - b);
      const expected = sizes[sampleCount >> 1]! / 0.67449;
      // 200 000 of the 300 000 samples: a median of so many is within 1 %
      assert.ok(Math.abs(noise[c]! / expected - 1) < 0.02, `channel ${c}: ${noise[c]} for ${expected}`);
    }
  });
});
