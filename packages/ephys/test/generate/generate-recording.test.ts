import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { readTruth } from "../../src/comparison/truth.ts";
import { ParameterError, RecordingError } from "../../src/errors.ts";
import { generateRecording } from "../../src/generate/generate-recording.ts";
import { resolveSuite, SUITES, suiteNames } from "../../src/generate/suites.ts";
import { readNpy } from "../../src/io/npy/read-npy.ts";
import { openRecording } from "../../src/io/open-recording.ts";
import { verifySession } from "../../src/io/verify-session.ts";
import { temporaryFolder } from "../support/tiny-spikeglx.ts";

const python = process.env["TENON_PYTHON"];

async function contentOf(folder: string): Promise<Map<string, string>> {
  const names = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) =>
    entry.isFile(),
  );
  const files = names.map((entry) => join(entry.parentPath, entry.name)).sort();
  return new Map(
    await Promise.all(
      files.map(
        async (file): Promise<[string, string]> => [
          file.slice(folder.length),
          (await readFile(file)).toString("latin1"),
        ],
      ),
    ),
  );
}

describe("generateRecording", () => {
  it("writes the same bytes for the same suite and seed, others for another seed", async () => {
    await using folder = await temporaryFolder();
    const make = (name: string, seed: number) =>
      generateRecording("tiny", seed, join(folder.path, name), { durationS: 0.7, name: "run" });
    await make("a", 3);
    await make("b", 3);
    await make("c", 4);
    const [a, b, c] = await Promise.all(["a", "b", "c"].map((name) => contentOf(join(folder.path, name))));
    assert.deepEqual(
      [...a.keys()].map((path) => path.split("/").at(-1)),
      [
        "run_g0_t0.imec0.ap.bin",
        "run_g0_t0.imec0.ap.meta",
        "truth.json",
        "truth_spikes.bin",
        "truth_templates.npy",
      ],
    );
    assert.deepEqual(b, a);
    for (const [path, content] of a) assert.notEqual(c.get(path), content, path);
  });

  it("writes a complete SpikeGLX run that our reader reads: gain, places, SHA-1, a sync word", async () => {
    await using folder = await temporaryFolder();
    const made = await generateRecording("tiny", 1, folder.path, { durationS: 1.2 });
    const verdict = await verifySession(folder.path, { checkSha1: true });
    assert.deepEqual(verdict.problems, []);
    assert.equal(verdict.sampleCount, 36_000);
    assert.equal(verdict.gainUvPerBit, 2.34375);
    assert.equal(verdict.probe?.part, "NP1010");
    const recording = await openRecording(made.metaPath);
    assert.deepEqual(Array.from(recording.probe.x.subarray(0, 4)), [27, 59, 11, 43]);
    assert.deepEqual(Array.from(recording.probe.y.subarray(0, 4)), [0, 0, 20, 20]);
    const sync = await recording.readSync?.(14_999, 15_001);
    assert.deepEqual(Array.from(sync ?? []), [64, 0], "a square wave of 1 Hz");
    await recording.close();
  });

  it("writes the spikes where the truth says: their mean is the true template", async () => {
    await using folder = await temporaryFolder();
    const made = await generateRecording("tiny", 1, folder.path, { durationS: 8 });
    const truth = await readTruth(made.truthPath);
    assert.equal(truth.spikeSamples.length, truth.file.spikeCount);
    const { values, shape } = await readNpy(join(dirname(made.truthPath), truth.file.templatesFile));
    const { templateSamplesBefore: before, templateSampleCount: width, channelCount } = truth.file;
    assert.deepEqual(shape, [truth.file.units.length, width, channelCount]);
    const records = await readFile(join(dirname(made.truthPath), truth.file.spikesFile));
    const recording = await openRecording(made.metaPath);
    const { data } = await recording.read(0, recording.sampleCount);
    await recording.close();
    for (const { id, mainChannel, peakUv, spikeCount } of made.units) {
      const spikes = Array.from(truth.spikeUnits.keys()).filter((i) => truth.spikeUnits[i] === id);
      assert.equal(spikes.length, spikeCount);
      const template = (k: number) =>
        k < 0 || k >= width ? 0 : Number(values[(id * width + k) * channelCount + mainChannel]);
      const [got, wanted] = [new Float64Array(width), new Float64Array(width)];
      for (const i of spikes) {
        const sample = truth.spikeSamples[i];
        const amplitude = records.readFloatLE(16 * i + 12);
        const whole = Math.floor(sample);
        for (let k = 0; k < width; k++) {
          got[k] += data[(whole - before + k) * channelCount + mainChannel] / spikeCount;
          // a spike between two samples is a template moved by the rest, here along straight lines
          const moved = template(k) + (sample - whole) * (template(k - 1) - template(k));
          wanted[k] += (amplitude * moved) / spikeCount;
        }
      }
      // without their levels: the slow noise has not averaged out
      const level = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / width;
      const rest = level(got) - level(wanted);
      const worst = got.reduce((most, value, k) => Math.max(most, Math.abs(value - wanted[k] - rest)), 0);
      // straight lines cut off up to 7 % of a peak; noise of 13 uV, and other units, average out
      assert.ok(
        worst < 0.07 * peakUv + (5 * 13) / Math.sqrt(spikeCount),
        `unit ${id}: the mean of ${spikeCount} spikes is ${worst.toFixed(1)} uV from its template of ${peakUv} uV`,
      );
      const peak = Array.from({ length: width }, (_, k) => Math.abs(template(k))).reduce((a, b) =>
        Math.max(a, b),
      );
      assert.ok(Math.abs(peak - peakUv) < 0.02 * peakUv, `unit ${id}: peak ${peak}, told ${peakUv}`);
    }
  });

  it("respects refractory times and rates", async () => {
    await using folder = await temporaryFolder();
    const made = await generateRecording("tetrode", 2, folder.path, { durationS: 20 });
    const truth = await readTruth(made.truthPath);
    for (const { id, refractoryMs, rateHz, spikeCount } of made.units) {
      const samples = truth.spikeSamples.filter((_, i) => truth.spikeUnits[i] === id);
      for (let i = 1; i < samples.length; i++)
        // places are on a lattice of 1/8 sample
        assert.ok(samples[i] - samples[i - 1] >= refractoryMs * 30 - 0.125, `unit ${id}, spike ${i}`);
      // a renewal train's count varies less than a Poisson train's but for bursts: five standard deviations of twice its variance
      assert.ok(
        Math.abs(spikeCount - 20 * rateHz) < 5 * Math.sqrt(2 * 20 * rateHz) + 5,
        `unit ${id}: ${spikeCount}`,
      );
    }
  });

  it("makes every named suite", async () => {
    assert.deepEqual([...SUITES.keys()], [...suiteNames]);
    for (const name of suiteNames) {
      await using folder = await temporaryFolder();
      // a few of its units: writing 500 templates of 384 channels is what would take the time
      const suite = resolveSuite(name);
      const unitCount = Math.min(suite.unitCount, 8);
      const made = await generateRecording({ ...suite, unitCount }, 1, folder.path, { durationS: 0.1 });
      const { channelCount } = suite;
      const verdict = await verifySession(made.metaPath);
      assert.deepEqual(
        [verdict.problems, verdict.channelCount, made.units.length],
        [[], channelCount, unitCount],
        name,
      );
    }
  });

  it("tells progress, and a stopped one leaves no recording", async () => {
    await using folder = await temporaryFolder();
    const steps: number[] = [];
    const controller = new AbortController();
    const stopped = generateRecording("tiny", 1, folder.path, {
      durationS: 2,
      signal: controller.signal,
      progress: (done, total) => {
        assert.equal(total, 60_000);
        steps.push(done);
        if (done >= 18_000) controller.abort(new Error("enough"));
      },
    });
    await assert.rejects(stopped, /enough/);
    assert.deepEqual(steps, [6000, 12_000, 18_000]);
    assert.deepEqual([...(await contentOf(folder.path)).keys()], []);
    await generateRecording("tiny", 1, folder.path, { durationS: 0.5 });
    await assert.rejects(
      generateRecording("tiny", 1, folder.path, { durationS: 0.5 }),
      (error) =>
        error instanceof RecordingError &&
        error.code === "exists" &&
        /exists already\. Generate/.test(error.message),
    );
  });

  it("refuses an unknown suite, a seed that is none and a field that cannot be, before it writes", async () => {
    await using folder = await temporaryFolder();
    const out = join(folder.path, "out");
    const suite = resolveSuite("tiny");
    const wrong: readonly [Promise<unknown>, RegExp][] = [
      [generateRecording("tinny" as "tiny", 1, out), /Suite 'tinny' is unknown\. There are: tiny, tetrode/],
      [generateRecording("tiny", -1, out), /Seed must be a whole number from 0, got -1/],
      [generateRecording("tiny", 1.5, out), /got 1\.5/],
      [
        generateRecording({ ...suite, channelCount: 385 }, 1, out),
        /channelCount must be .* 1\.\.384, got 385/,
      ],
      [generateRecording({ ...suite, name: "a/b" }, 1, out), /name must be letters/],
      [generateRecording("tiny", 1, out, { durationS: 0 }), /durationS must be 0\.1 at least, got 0/],
    ];
    for (const [promise, sentence] of wrong)
      await assert.rejects(
        promise,
        (error) => error instanceof ParameterError && sentence.test(error.message),
      );
    assert.equal(existsSync(out), false);
  });

  it("writes a run that SpikeInterface reads as we do", {
    skip: python === undefined ? "TENON_PYTHON is not set (scripts/python-env.sh)" : false,
  }, async () => {
    await using folder = await temporaryFolder();
    for (const suite of ["tiny", "poly64"] as const) {
      const made = await generateRecording(suite, 1, join(folder.path, suite), { durationS: 0.3 });
      const script = join(import.meta.dirname, "fixtures", "read-spikeglx-with-peers.py");
      const run = spawnSync(python as string, [script, dirname(made.metaPath)], { encoding: "utf8" });
      assert.equal(run.status, 0, run.stderr);
      const seen = JSON.parse(run.stdout.trim().split("\n").at(-1) as string);
      const recording = await openRecording(made.metaPath);
      const { data } = await recording.read(0, 20);
      await recording.close();
      assert.deepEqual([seen.samples, seen.channels, seen.rate], [9000, recording.channelCount, 30000]);
      // SpikeInterface scales in float32 too; both round once
      for (const [i, value] of seen.first.flat().entries())
        assert.ok(Math.abs(value - data[i]) <= 1e-6 * Math.abs(value));
      const shift = recording.probe.x[0] - seen.locations[0][0];
      for (const [channel, [x, y]] of seen.locations.entries())
        assert.deepEqual([x + shift, y], [recording.probe.x[channel], recording.probe.y[channel]]);
      for (const [channel, seenShift] of seen.shifts.entries())
        assert.ok(Math.abs(seenShift - (recording.probe.sampleShift?.[channel] ?? Number.NaN)) < 1e-12);
    }
  });
});
