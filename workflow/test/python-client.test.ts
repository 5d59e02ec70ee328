/**
 * datajoint-python 0.14 reads what the workers wrote on MySQL, through virtual modules: units, spike times, metrics, parameters, jobs.
 * What it must find is read by Tenon itself from the same rows and checked against the sorter's own files.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { readNpy } from "@tenon/ephys";
import { dropSchemas, type Run, runProgram, testServers } from "./support/test-lab.ts";

interface Demo {
  readonly unitsInDatabase: number;
  readonly phy: string;
}

interface Seen {
  readonly version: string;
  readonly units: readonly {
    readonly unit: number;
    readonly spike_count: number;
    readonly dtype: string;
    readonly shape: readonly number[];
    readonly first: number;
    readonly last: number;
    readonly isSorted: boolean;
    readonly siteCount: number;
  }[];
  readonly metrics: readonly {
    readonly unit: number;
    readonly firing_rate: number;
    readonly snr: number;
  }[];
  readonly waveform: { readonly shape: readonly number[]; readonly min: number };
  readonly lfp: { readonly dtype: string; readonly size: number };
  readonly params: readonly { readonly method: string; readonly params: unknown; readonly hash: string }[];
  readonly jobs: readonly {
    readonly schema: string;
    readonly table: string;
    readonly status: string;
    readonly key: Readonly<Record<string, string>>;
    readonly message: string;
    readonly stack: string;
  }[];
  readonly workerLog: {
    readonly recent: readonly string[];
    readonly errors: number;
    readonly registered: Readonly<
      Record<
        string,
        readonly {
          readonly process: string;
          readonly table: string;
          readonly kwargs: Readonly<Record<string, unknown>>;
          readonly total: number | null;
        }[]
      >
    >;
  };
  readonly tables: Readonly<Record<string, readonly string[]>>;
  readonly plots: readonly number[];
}

const python = process.env.TENON_PYTHON_DATAJOINT;
const durationS = 20; // of suite tiny
const samplingRateHz = 30_000;

// one server is enough: both store the same bytes (packages/datajoint/test), and the demo runs on both (test/cli/demo.test.ts)
const server = testServers.find(({ name, skip }) => name === "mysql" && skip === false) ?? testServers[1]!;
const skip =
  server.skip ||
  (python === undefined
    ? "no Python client: TENON_PYTHON_DATAJOINT is not set (scripts/python-env.sh)"
    : false);
describe(`datajoint-python on what the workers wrote (${server.name})`, { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), "tenon-python-"));
  const lab = join(folder, "lab");
  const prefix = `demo_py${process.pid}_`; // the demo keeps to schemas that begin with demo_
  const env = { PATH: process.env.PATH!, HOME: folder, ...server.env, DATABASE_PREFIX: prefix };
  let demo: Demo;
  let seen: Seen;

  const run = async (program: "tenon" | "run-workflow", ...words: string[]): Promise<Run> => {
    const done = await runProgram(program, words, lab, env);
    assert.equal(done.code, 0, `${program} ${words.join(" ")}\n${done.err}${done.out}`);
    return done;
  };

  before(
    async () => {
      mkdirSync(lab);
      demo = JSON.parse((await run("tenon", "demo", "--in", lab, "--suite", "tiny", "--json")).out) as Demo;
      // a job that must fail, for its row in ~jobs
      writeFileSync(join(lab, "params.json"), "{}");
      await run(
        "tenon",
        "paramset",
        "add",
        "--method",
        "kilosort2.5",
        "--description",
        "needs MATLAB",
        "--params",
        "params.json",
        "--index",
        "7",
      );
      await run("tenon", "task", "add", "--paramset", "7");
      await run("run-workflow", "spike_processing_worker", "--once");
      await run("run-workflow", "spike_sorting_worker", "--once");
      const script = join(import.meta.dirname, "python/read-pipeline.py");
      const out = execFileSync(python!, [script, prefix], { cwd: folder, env, encoding: "utf8" });
      seen = JSON.parse(out.trim().split("\n").at(-1)!) as Seen;
    },
    { timeout: 240_000 },
  );

  after(async () => {
    await dropSchemas(server, prefix);
    rmSync(folder, { recursive: true, force: true });
  });

  it("is version 0.14", () => assert.match(seen.version, /^0\.14\./));

  it("finds the tables of every schema by the names of the original pipeline", () => {
    assert.ok(seen.tables.ephys!.includes("_curated_clustering__unit"));
    assert.ok(seen.tables.ephys_sorter!.includes("_s_i_clustering"));
    assert.ok(seen.tables.probe!.includes("#probe_type"));
  });

  it("finds the worker log under the names of datajoint-utilities' classes, and can carry out the registered key sources", () => {
    const { recent, registered } = seen.workerLog;
    for (const process of ["ephys.EphysRecording", "ephys_sorter.SIClustering", "write_session_reports"])
      assert.ok(recent.includes(process), process);
    assert.deepEqual(Object.keys(registered).toSorted(), [
      "spike_processing_worker",
      "spike_sorting_worker",
      "standard_worker",
    ]);
    const lfp = registered["standard_worker"]!.find(({ process }) => process === "ephys.LFP")!;
    assert.match(lfp.table, /^`.*ephys`\.`_l_f_p`$/);
    assert.deepEqual([lfp.total, lfp.kwargs["max_calls"], lfp.kwargs["reserve_jobs"]], [1, 1, true]);
    const task = registered["standard_worker"]!.find(({ process }) => process === "write_session_reports")!;
    assert.deepEqual([task.table, task.total], ["", null]);
  });

  it("reads every unit with its spike times as float64 seconds, as they are in the Phy folder", async () => {
    assert.equal(seen.units.length, demo.unitsInDatabase);
    assert.ok(seen.units.length > 0);
    const times = await readNpy(join(demo.phy, "spike_times.npy"));
    const clusters = await readNpy(join(demo.phy, "spike_clusters.npy"));
    const samplesOf = new Map<number, number[]>();
    for (let i = 0; i < clusters.values.length; i++) {
      const unit = Number(clusters.values[i]);
      samplesOf.set(unit, [...(samplesOf.get(unit) ?? []), Number(times.values[i])]);
    }
    for (const unit of seen.units) {
      const samples = samplesOf.get(unit.unit) ?? [];
      assert.equal(unit.dtype, "float64");
      assert.deepEqual(unit.shape, [samples.length]);
      assert.equal(unit.spike_count, samples.length);
      assert.equal(unit.siteCount, samples.length);
      assert.ok(unit.isSorted);
      assert.ok(Math.abs(unit.first - samples[0]! / samplingRateHz) < 1e-9);
      assert.ok(Math.abs(unit.last - samples.at(-1)! / samplingRateHz) < 1e-9);
    }
  });

  it("reads the metrics, and the firing rate is spikes over the recording's duration", () => {
    assert.equal(seen.metrics.length, seen.units.length);
    for (const [i, row] of seen.metrics.entries()) {
      assert.equal(row.unit, seen.units[i]!.unit);
      assert.ok(row.snr > 1, `snr ${row.snr}`);
      // stored as FLOAT: seven digits
      const expected = seen.units[i]!.spike_count / durationS;
      assert.ok(Math.abs(row.firing_rate - expected) < 1e-6 * expected, `${row.firing_rate} for ${expected}`);
    }
  });

  it("reads waveforms, the LFP and the drift map as arrays and files", () => {
    assert.ok(seen.waveform.shape[0]! > 30);
    assert.ok(seen.waveform.min < -20, "a trough in uV");
    assert.match(seen.lfp.dtype, /^float/);
    assert.ok(seen.lfp.size > 2000 * durationS);
    assert.ok(seen.plots.length >= 1 && seen.plots.every((bytes) => bytes > 5000));
  });

  it("reads the parameter sets as dictionaries", () => {
    assert.deepEqual(
      seen.params.map(({ method, params }) => ({ method, params })),
      [
        { method: "tenon", params: {} },
        { method: "kilosort2.5", params: {} },
      ],
    );
  });

  it("reads the failed job with its message and stack", () => {
    const failed = seen.jobs.filter(({ status }) => status === "error");
    assert.equal(failed.length, 1, JSON.stringify(seen.jobs));
    assert.equal(failed[0]!.key.paramset_idx, "7");
    assert.match(failed[0]!.message, /kilosort2\.5/);
    assert.ok(failed[0]!.stack.length > failed[0]!.message.length);
  });
});
