import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { scoreSorting } from "../../src/comparison/score-sorting.ts";
import { ParameterError } from "../../src/errors.ts";
import type { SortingResult } from "../../src/sorters/sorting-result.ts";
import { sortRecording } from "../../src/sorters/tenon.ts";
import { generated, noise, recordingOf } from "./support/small-recordings.ts";

test("tiny: every unit is found well, with at most one false one, at its own samples", async (t) => {
  const { recording, truth } = await generated(t, "tiny", 2, 15);
  const stages: string[] = [];
  const result = await sortRecording(recording, { threads: 1, progress: (stage) => stages.push(stage) });
  const score = scoreSorting(truth, result.sorting);
  assert.equal(score.trueUnits, 8);
  assert.ok(score.wellDetectedOfAll >= 7, `${score.wellDetectedOfAll} of 8 units have accuracy >= 0.8`);
  assert.ok(score.falsePositives <= 1, `${score.falsePositives} false units`);
  assert.ok(score.meanAccuracySnr8 > 0.95, `mean accuracy ${score.meanAccuracySnr8}`);
  assert.deepEqual(
    [...new Set(stages)],
    ["learn", "detect", "cluster", "templates", "match", "relearn", "audition", "final match", "describe"],
  );
  checkShapes(result);
  // spikes are where the truth has them, not a band-pass's delay later
  const strict = scoreSorting(truth, result.sorting, { toleranceMs: 0.07 });
  assert.ok(strict.meanAccuracySnr8 > 0.9, `mean accuracy within 2 samples: ${strict.meanAccuracySnr8}`);
});

test("tetrode: units with SNR > 5 are found well, bursting ones whole", async (t) => {
  const { recording, truth } = await generated(t, "tetrode", 1, 60);
  const result = await sortRecording(recording, { threads: 1 });
  const score = scoreSorting(truth, result.sorting);
  assert.ok(
    score.wellDetected >= 0.85 * score.detectableUnits,
    `${score.wellDetected} of ${score.detectableUnits}`,
  );
  checkShapes(result);
});

test("the result is the same to the bit for 1, 2 and 4 threads, and for learning from a part", async (t) => {
  const { recording } = await generated(t, "tetrode", 2, 12);
  for (const { parameters, others } of [
    { parameters: {}, others: [2, 4] },
    { parameters: { learningSeconds: 8 }, others: [2] },
  ]) {
    const one = await sortRecording(recording, { threads: 1, parameters });
    assert.ok(one.sorting.spikeSamples.length > 50);
    for (const threads of others) {
      const more = await sortRecording(recording, { threads, parameters });
      for (const field of [
        "sorting",
        "templates",
        "spikePositions",
        "spikeAmplitudesUv",
        "features",
        "unitPositions",
      ] as const)
        assert.deepEqual(more[field], one[field], `${field}, ${threads} threads`);
    }
  }
});

test("a cache changes next to nothing, is the same in memory and on disk, holds nothing afterwards, and suits any number of threads", async (t) => {
  const { recording, truth } = await generated(t, "tetrode", 2, 12);
  const scratchDir = await mkdtemp(join(tmpdir(), "tenon-scratch-"));
  t.after(() => rm(scratchDir, { recursive: true }));
  const [inMemory, onDisk, without] = [
    await sortRecording(recording, { threads: 1 }),
    await sortRecording(recording, { threads: 2, scratchDir, cacheBytes: 1000 }),
    await sortRecording(recording, { threads: 1, cacheBytes: 0 }),
  ];
  assert.deepEqual(onDisk.sorting, inMemory.sorting);
  assert.deepEqual(await readdir(scratchDir), []);
  const [a, b] = [scoreSorting(truth, inMemory.sorting), scoreSorting(truth, without.sorting)];
  assert.equal(a.wellDetected, b.wellDetected);
  assert.ok(Math.abs(a.meanAccuracySnr8 - b.meanAccuracySnr8) < 0.02);
});

test("recordings without spikes give no unit and say why: no samples, too short, silent, noise alone", async () => {
  for (const [recording, reason] of [
    [recordingOf(new Float32Array(0), 4), /too short.* 0 samples, 1520 are needed/],
    [recordingOf(new Float32Array(0), 0), /no channel with a contact/],
    [recordingOf(noise(700, 4, 1), 4), /too short.* 700 samples/],
    [recordingOf(new Float32Array(60_000 * 4), 4), /all are constant/],
    [recordingOf(new Float32Array(60_000 * 4).fill(12), 4), /all are constant/],
    [recordingOf(noise(90_000, 4, 2), 4), /No unit was found/],
    [recordingOf(noise(60_000, 1, 3), 1), /No unit was found/],
    [recordingOf(noise(1600, 2, 4), 2), /No unit was found/],
  ] as const) {
    const result = await sortRecording(recording, { threads: 1 });
    assert.equal(result.sorting.unitIds.length, 0, String(reason));
    assert.match(result.emptyReason ?? "", reason);
    checkShapes(result);
  }
});

test("one channel with one unit gives that unit", async () => {
  const data = noise(150_000, 1, 5);
  const times = Array.from({ length: 100 }, (_, i) => 2000 + 1400 * i + ((i * 37) % 300));
  for (const time of times)
    for (let k = -8; k < 20; k++) data[time + k] -= 150 * Math.exp(-((k / 3) ** 2) / 2);
  const { sorting } = await sortRecording(recordingOf(data, 1), { threads: 1 });
  const found = times.filter((time) => sorting.spikeSamples.some((sample) => Math.abs(sample - time) < 4));
  assert.equal(sorting.unitIds.length, 1);
  assert.ok(found.length >= 95, `${found.length} of 100 spikes`);
  assert.ok(sorting.spikeSamples.length <= 105, `${sorting.spikeSamples.length} spikes`);
});

test("a stopped sorting throws the signal's reason, with worker threads too", async (t) => {
  const { recording } = await generated(t, "tetrode", 3, 5);
  for (const threads of [1, 2]) {
    const controller = new AbortController();
    const reason = new Error("enough");
    const progress = (stage: string) => {
      if (stage === "match") controller.abort(reason);
    };
    await assert.rejects(sortRecording(recording, { threads, signal: controller.signal, progress }), reason);
  }
});

test("an unknown parameter and a number of threads that cannot be are refused before anything is read", async () => {
  const recording = recordingOf(new Float32Array(0), 4);
  await assert.rejects(sortRecording(recording, { parameters: { nothing: 1 } as never }), ParameterError);
  await assert.rejects(sortRecording(recording, { threads: 0 }), ParameterError);
});

/** Arrays fit each other and hold no NaN. */
function checkShapes(result: SortingResult): void {
  const { sorting, templates, features } = result;
  const [units, spikes] = [sorting.unitIds.length, sorting.spikeSamples.length];
  assert.equal(sorting.spikeUnits.length, spikes);
  assert.equal(sorting.spikeAmplitudes.length, spikes);
  assert.equal(result.spikeAmplitudesUv.length, spikes);
  assert.equal(result.spikePositions.length, 2 * spikes);
  assert.equal(features.values.length, spikes * features.featuresPerChannel * features.channelCount);
  assert.equal(features.unitChannels.length, units * features.channelCount);
  assert.equal(result.unitPositions.length, 2 * units);
  assert.equal(result.unitDepthsUm.length, units);
  assert.equal(templates.channels.length, units);
  for (const [unit, waveform] of templates.waveformsUv.entries())
    assert.equal(waveform.length, templates.windowSamples * templates.channels[unit].length);
  for (const unit of sorting.spikeUnits) assert.ok(sorting.unitIds.includes(unit));
  for (let i = 1; i < spikes; i++) assert.ok(sorting.spikeSamples[i] >= sorting.spikeSamples[i - 1]);
  const numbers = [
    sorting.spikeSamples,
    sorting.spikeAmplitudes,
    result.spikeAmplitudesUv,
    result.spikePositions,
    features.values,
  ];
  for (const values of [...numbers, result.unitPositions, ...templates.waveformsUv])
    assert.ok(values.every(Number.isFinite), "every number is finite");
}
