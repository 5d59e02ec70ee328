/**
 * Two real recordings from registration to LFP, units, figures and report, through the real programs: the locust tetrode (tridesclous;
 * plain binary with a description) and Neuropixels 2.0 with four shanks (SpikeGLX, half a second). Independent values:
 * `../shared/data/expected/spikeglx_np2010.json`, `info.json` of the locust recording, and the files' own sizes.
 */
import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { connect, virtualSchema } from "@tenon/datajoint";
import { makeTestLab, settingsOf, sharedData, type TestLab, testServers } from "./support/test-lab.ts";

const skip = existsSync(sharedData) ? false : "no real recordings: ../shared/data is absent";

interface Verdict {
  readonly format: string;
  readonly sampleCount: number;
  readonly channelCount: number;
  readonly samplingRateHz: number;
  readonly gainUvPerBit: number;
  readonly durationS: number;
  readonly probe: { readonly part: string; readonly serial: string; readonly contactCount: number };
  readonly problems: readonly unknown[];
}

/** Registers the session and lets the three workers do everything there is to do. */
async function process(lab: TestLab, session: string, ...registration: string[]): Promise<void> {
  const steps: readonly (readonly ["tenon" | "worker", ...string[]])[] = [
    [
      "tenon",
      "session",
      "add",
      `raw/${session}`,
      "--subject",
      "real1",
      "--sex",
      "U",
      "--birth-date",
      "2020-01-01",
      ...registration,
    ],
    ["tenon", "paramset", "add", "--method", "tenon", "--description", "built-in sorter, defaults"],
    ["worker", "standard_worker"],
    ["worker", "spike_processing_worker"],
    ["worker", "spike_sorting_worker"],
    ["worker", "spike_processing_worker"],
    ["worker", "standard_worker"],
  ];
  for (const [program, ...words] of steps) {
    const done = program === "tenon" ? await lab.tenon(...words) : await lab.runWorkflow(...words, "--once");
    assert.equal(done.code, 0, `${program} ${words.join(" ")}\n${done.err}${done.out}`);
  }
  const jobs = await lab.tenon("jobs");
  assert.equal(jobs.code, 0, jobs.err);
}

/** Rows of a table, read as an analyst would, without the pipeline's own classes. */
async function rowsOf(lab: TestLab, schema: string, table: string): Promise<Record<string, unknown>[]> {
  const connection = await connect(settingsOf(testServers[0]!, lab.folder));
  try {
    const tables = await virtualSchema(connection, `${lab.prefix}${schema}`);
    return (await tables[table]!.fetch()) as Record<string, unknown>[];
  } finally {
    await connection.close();
  }
}

function filesBelow(folder: string): string[] {
  return (readdirSync(folder, { recursive: true }) as string[]).filter((name) =>
    statSync(join(folder, name)).isFile(),
  );
}

function assertPublished(lab: TestLab): void {
  const files = filesBelow(join(lab.folder, "processed"));
  for (const ending of ["params.py", "spike_times.npy", "report.html", ".png", ".svg", "manifest.json"])
    assert.ok(
      files.some((file) => file.endsWith(ending)),
      `no ${ending} in ${files.join(" ")}`,
    );
  assert.deepEqual(
    files.filter((file) => file.includes(".attempt-")),
    [],
    "leftovers of attempts",
  );
}

describe("the locust tetrode", { skip }, () => {
  const samplingRateHz = 15_000;
  let lab: TestLab;
  let sampleCount: number;

  before(
    async () => {
      lab = makeTestLab();
      const source = join(sharedData, "tridesclous+tridesclous_datasets/locust/locust_trial_01.raw");
      const session = join(lab.folder, "raw/locust");
      mkdirSync(session);
      cpSync(source, join(session, "locust_trial_01.raw"));
      sampleCount = statSync(source).size / 2 / 4;
      // The gain is not published: 1 stands in for it, so that "uV" are bits here. The four wires are 50 um apart in a square.
      const description = {
        data: "locust_trial_01.raw",
        dtype: "int16",
        channelCount: 4,
        samplingRateHz,
        gainUvPerBit: 1,
        probe: {
          positions: [
            [0, 0],
            [50, 0],
            [0, 50],
            [50, 50],
          ],
        },
      };
      writeFileSync(join(session, "recording.json"), JSON.stringify(description));
      await process(lab, "locust", "--probe-serial", "wires1", "--datetime", "2010-01-01 10:00:00");
    },
    { timeout: 240_000 },
  );
  after(() => lab.remove());

  it("is verified as complete", async () => {
    const verdict = await lab.json<Verdict>("session", "verify", "raw/locust");
    assert.equal(verdict.sampleCount, sampleCount);
    assert.equal(verdict.channelCount, 4);
    assert.equal(verdict.samplingRateHz, samplingRateHz);
    assert.ok(Math.abs(verdict.durationS - 28.77) < 0.01);
    assert.deepEqual(verdict.problems, []);
  });

  it("has the LFP of all four wires", async () => {
    const [lfp] = await rowsOf(lab, "ephys", "LFP");
    const rate = lfp!.lfp_sampling_rate as number;
    assert.ok(rate >= 1000 && rate <= 2500, `${rate} Hz`);
    const electrodes = await rowsOf(lab, "ephys", "LFP.Electrode");
    assert.equal(electrodes.length, 4);
    const expected = (sampleCount * rate) / samplingRateHz;
    for (const row of electrodes) assert.ok(Math.abs((row.lfp as Float32Array).length - expected) <= 1);
  });

  it("has units that fire through the recording, with metrics", async () => {
    const units = await rowsOf(lab, "ephys", "CuratedClustering.Unit");
    // tridesclous' own tutorial on this recording ends with four to six cells
    assert.ok(units.length >= 2 && units.length <= 12, `${units.length} units`);
    for (const unit of units) {
      const times = unit.spike_times as Float64Array;
      assert.equal(times.length, unit.spike_count);
      assert.ok(times.every((time, i) => time >= 0 && time < 28.78 && (i === 0 || time >= times[i - 1]!)));
    }
    assert.equal((await rowsOf(lab, "ephys", "QualityMetrics.Cluster")).length, units.length);
  });

  it("has files, figures and a report", () => assertPublished(lab));
});

describe("Neuropixels 2.0, four shanks, half a second", { skip }, () => {
  let lab: TestLab;

  before(
    async () => {
      lab = makeTestLab();
      const source = join(sharedData, "neuroinformatics-unit+spikewrap-spikeglx/run-001_g0_imec0");
      cpSync(source, join(lab.folder, "raw/run-001_g0/run-001_g0_imec0"), { recursive: true });
      await process(lab, "run-001_g0");
    },
    { timeout: 240_000 },
  );
  after(() => lab.remove());

  it("is verified as the independent reader sees it", async () => {
    const expected = JSON.parse(readFileSync(join(sharedData, "expected/spikeglx_np2010.json"), "utf8"))[
      "run-001"
    ];
    const verdict = await lab.json<Verdict>("session", "verify", "raw/run-001_g0");
    assert.equal(verdict.sampleCount, expected.samples);
    assert.equal(verdict.channelCount, expected.probe.contacts);
    assert.equal(verdict.samplingRateHz, expected.sampling_rate_hz);
    assert.ok(Math.abs(verdict.gainUvPerBit - expected.gain_uv) < 1e-9);
    assert.equal(verdict.probe.contactCount, expected.probe.contacts);
    assert.deepEqual(verdict.problems, []);
  });

  it("has its channels, and the LFP of every ninth from the last", async () => {
    assert.equal((await rowsOf(lab, "ephys", "EphysRecording.Channel")).length, 384);
    const electrodes = await rowsOf(lab, "ephys", "LFP.Electrode");
    assert.equal(electrodes.length, 43);
    const lengths = new Set(electrodes.map((row) => (row.lfp as Float32Array).length));
    assert.deepEqual([...lengths], [15_000 / 12], "30 kHz to 2.5 kHz");
  });

  it("is sorted without an error, and reported", async () => {
    assert.equal((await rowsOf(lab, "ephys", "CuratedClustering")).length, 1);
    assertPublished(lab);
  });
});
