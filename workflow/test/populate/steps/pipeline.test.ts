/** The whole pipeline on a small generated recording: from a session folder to units, figures and a report. SQLite, in this process. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { NdArray } from "@tenon/datajoint";
import { generateRecording, readPhyFolder, readTruth, scoreSorting } from "@tenon/ephys";
import { addParamset } from "../../../src/ingest/paramsets.ts";
import * as ephys from "../../../src/pipeline/ephys.ts";
import { ProbeLevelReport, UnitLevelReport } from "../../../src/pipeline/ephys-report.ts";
import { PostProcessing, PreProcessing, SIClustering } from "../../../src/pipeline/ephys-sorter.ts";
import { databaseSorting, SortingChoiceError } from "../../../src/populate/database-sorting.ts";
import { writeSessionReports } from "../../../src/populate/steps/session-report.ts";
import { makePipelineLab, type PipelineLab } from "./support/pipeline-lab.ts";

const channelCount = 32;
const durationS = 20;

describe("the steps of a sorting, from folder to report", () => {
  let lab: PipelineLab;
  let session: string;
  let truthPath: string;
  const triggered = { subject: "mouse1", paramset_idx: 0 };
  const loaded = { subject: "mouse1", paramset_idx: 1 };
  const output = () => join(lab.processed, session, "probe_0", "tenon_0");

  before(async () => {
    lab = await makePipelineLab();
    ({ truthPath } = await generateRecording("tiny", 1, lab.raw));
    session = readdirSync(lab.raw)[0]!;
    await lab.register(session, "mouse1");
    await addParamset(lab.connection, { method: "tenon", description: "defaults", params: {} });
    await lab.run();
  });
  after(() => lab.close());

  it("adds the clustering task by itself, to be triggered, at the usual place", async () => {
    const task = await ephys.ClusteringTask.restrict(triggered).fetch1();
    assert.equal(task.task_mode, "trigger");
    assert.equal(task.clustering_output_dir, `${session}/probe_0/tenon_0`);
  });

  it("fills one row a step, with times", async () => {
    for (const table of [PreProcessing, SIClustering, PostProcessing]) {
      const row = await table.restrict(triggered).fetch1();
      assert.ok(row.execution_duration > 0 && row.execution_duration < 0.1);
      assert.match(row.execution_time, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    }
    const clustering = await ephys.Clustering.restrict(triggered).fetch1();
    assert.match(clustering.package_version, /^\d+\.\d+\.\d+, sorter \d+$/);
  });

  it("finds the true units", async () => {
    const truth = await readTruth(truthPath);
    const sorting = await databaseSorting({ subject: "mouse1" }, truth);
    const score = scoreSorting(truth, sorting);
    assert.equal(score.detectableUnits, 8);
    // the exact rate is the caller's: the table's FLOAT is rounded to six digits on MySQL
    const other = await databaseSorting({ subject: "mouse1" }, { samplingRateHz: 2 * truth.samplingRateHz });
    assert.deepEqual(
      other.spikeSamples,
      sorting.spikeSamples.map((sample) => 2 * sample),
    );
    assert.ok(score.wellDetected >= 7, `${score.wellDetected} of 8`);
  });

  it("writes units as the contract says: times in s, sites as int64, depths in um", async () => {
    const units = await ephys.CuratedClusteringUnit.restrict(triggered).fetch({ orderBy: ["unit"] });
    assert.ok(units.length >= 7);
    const electrodes = new Set(await ephys.EphysRecordingChannel.column("electrode"));
    for (const unit of units) {
      const times = unit.spike_times as Float64Array;
      assert.ok(times instanceof Float64Array);
      assert.equal(times.length, unit.spike_count);
      assert.ok(
        times.every((time, i) => time >= 0 && time < durationS && (i === 0 || time >= times[i - 1]!)),
      );
      const sites = unit.spike_sites as BigInt64Array;
      assert.ok(sites instanceof BigInt64Array);
      assert.deepEqual([...new Set(sites)], [BigInt(unit.electrode)]);
      assert.ok(electrodes.has(unit.electrode));
      const depths = unit.spike_depths as Float64Array;
      assert.ok(depths instanceof Float64Array && depths.length === times.length);
      const middle = depths.toSorted()[depths.length >> 1]!;
      // rows of this probe are 20 um apart
      assert.ok(Math.abs(middle - 20 * Math.floor(unit.electrode / 2)) < 40, `${middle}, ${unit.electrode}`);
      assert.ok(["good", "mua"].includes(unit.cluster_quality_label));
    }
  });

  it("cuts waveforms of 3 ms in uV, with examples at the peak electrode", async () => {
    const units = await ephys.CuratedClusteringUnit.restrict(triggered)
      .proj("electrode", "spike_count")
      .fetch();
    for (const { unit, electrode, spike_count } of units) {
      const rows = await ephys.WaveformSetWaveform.restrict({ ...triggered, unit }).fetch();
      assert.ok(rows.length >= 4 && rows.length <= channelCount);
      const peak = (await ephys.WaveformSetPeakWaveform.restrict({ ...triggered, unit }).fetch1())
        .peak_electrode_waveform as Float64Array;
      assert.equal(peak.length, 90);
      const trough = peak.indexOf(peak.reduce((least, value) => Math.min(least, value)));
      assert.ok(Math.abs(trough - 30) <= 2, `trough of unit ${unit} at sample ${trough}`);
      for (const row of rows) {
        assert.equal((row.waveform_mean as Float64Array).length, 90);
        if (row.electrode !== electrode) assert.equal(row.waveforms, null);
        else {
          assert.deepEqual(row.waveform_mean, peak);
          const examples = row.waveforms as NdArray;
          assert.ok(examples instanceof NdArray);
          assert.deepEqual(examples.shape, [Math.min(100, examples.shape[0]!), 90]);
          assert.ok(examples.shape[0]! >= Math.min(100, spike_count - 2));
        }
      }
    }
  });

  it("measures each unit as its generator made it", async () => {
    const truth = await readTruth(truthPath);
    const score = scoreSorting(truth, await databaseSorting({ subject: "mouse1" }));
    let compared = 0;
    for (const { id, snr, matchedUnit, spikeCount } of score.units) {
      if (matchedUnit === undefined) continue;
      const key = { ...triggered, unit: matchedUnit };
      const metrics = await ephys.QualityMetricsCluster.restrict(key).fetch1();
      assert.ok(
        Math.abs(metrics.firing_rate! / (spikeCount / durationS) - 1) < 0.05,
        `rate of true unit ${id}`,
      );
      // the truth's noise and amplitude are those of the unfiltered signal
      assert.ok(Math.abs(metrics.snr! / snr - 1) < 0.25, `SNR of true unit ${id}: ${metrics.snr} for ${snr}`);
      assert.equal(metrics.presence_ratio, null, "20 s are less than one bin of the presence ratio");
      const waveform = await ephys.QualityMetricsWaveform.restrict(key).fetch1();
      assert.ok(waveform.duration! > 0.05 && waveform.duration! < 2, `duration ${waveform.duration} ms`);
      assert.ok(waveform.amplitude! > 20 && waveform.amplitude! < 600);
      compared++;
    }
    assert.ok(compared >= 7);
  });

  it("says the same of each unit in cluster_info.tsv: SNR, amplitude, rate, label", async () => {
    const { tables } = await readPhyFolder(join(output(), "phy"));
    const info = tables.find(({ file }) => file === "cluster_info.tsv");
    const units = await ephys.CuratedClusteringUnit.restrict(triggered).fetch();
    assert.equal(info?.rows.size, units.length);
    for (const { unit, cluster_quality_label, spike_depths } of units) {
      const key = { ...triggered, unit };
      const { snr, firing_rate } = await ephys.QualityMetricsCluster.restrict(key).fetch1();
      const { amplitude } = await ephys.QualityMetricsWaveform.restrict(key).fetch1();
      const row: Readonly<Record<string, string>> = info!.rows.get(unit)!;
      // the file is rounded to 4, 2 and 4 digits
      assert.ok(Math.abs(Number(row["snr"]) - snr!) < 1e-3, `SNR of ${unit}: ${row["snr"]}, ${snr}`);
      assert.ok(
        Math.abs(Number(row["amplitude"]) - amplitude!) < 0.02,
        `amplitude of ${unit}: ${row["amplitude"]}, ${amplitude}`,
      );
      assert.ok(Math.abs(Number(row["fr"]) - firing_rate!) < 1e-3);
      assert.equal(row["group"], cluster_quality_label);
      const depths = (spike_depths as Float64Array).toSorted();
      assert.ok(Math.abs(Number(row["depth"]) - depths[depths.length >> 1]!) < 0.01, `depth of ${unit}`);
    }
  });

  it("draws the drift map of each shank and plotly figures of each unit", async () => {
    const maps = await ProbeLevelReport.restrict(triggered).fetch();
    assert.deepEqual(
      maps.map((map) => map.shank),
      [0],
    );
    assert.match(maps[0]!.drift_map_plot.filename, /\.png$/);
    assert.deepEqual([...maps[0]!.drift_map_plot.bytes.subarray(1, 4)], [...Buffer.from("PNG")]);
    const units = await ephys.CuratedClusteringUnit.restrict(triggered)
      .proj("cluster_quality_label", "spike_count")
      .fetch();
    assert.equal(await UnitLevelReport.restrict(triggered).count(), units.length);
    for (const { unit, cluster_quality_label } of units) {
      const report = await UnitLevelReport.restrict({ ...triggered, unit }).fetch1();
      assert.equal(report.cluster_quality_label, cluster_quality_label);
      const correlogram = report.autocorrelogram_plotly as {
        data: [{ x: number[]; y: number[] }];
        layout: object;
      };
      assert.equal(correlogram.data[0].x.length, 1001);
      assert.deepEqual(correlogram.data[0].y, correlogram.data[0].y.toReversed());
      const waveform = report.waveform_plotly as { data: [{ x: number[]; y: number[] }] };
      assert.equal(waveform.data[0].y.length, 90);
      const depth = report.depth_waveform_plotly as { data: { name: string }[] };
      assert.ok(depth.data.length >= 4 && depth.data.length <= 14);
    }
  });

  it("publishes its folders with manifests and leaves nothing else", async () => {
    assert.deepEqual(readdirSync(output()).sort(), ["figures", "phy", "preprocessing", "sorting"]);
    for (const part of readdirSync(output())) {
      const manifest = JSON.parse(readFileSync(join(output(), part, "manifest.json"), "utf8"));
      assert.match(manifest.process, /^ephys_(sorter|report)\./);
      assert.deepEqual(manifest.key, {
        subject: "mouse1",
        session_datetime: "2026-01-05 10:00:00",
        insertion_number: 0,
        paramset_idx: 0,
      });
      assert.match(manifest.token, /^\d+$/);
      assert.ok(manifest.inputs.length > 0 && manifest.host !== "" && manifest.madeBy.tenon !== "");
    }
    const names = readdirSync(lab.processed, { recursive: true }) as string[];
    assert.deepEqual(
      names.filter((name) => /\.attempt-|\.draft|tenon-whitened/.test(name)),
      [],
    );
    const figures = names.filter((name) => name.includes("/figures/"));
    assert.ok(figures.some((name) => name.endsWith("drift_map_shank0.svg")));
    const pngs = figures.filter((name) => name.endsWith(".png"));
    assert.equal(pngs.length, figures.filter((name) => name.endsWith(".svg")).length);
    assert.ok(pngs.length >= 3 + 7);
  });

  it("loads the Phy folder that it wrote as the same units", async () => {
    await addParamset(lab.connection, { method: "tenon", description: "loaded", params: { seed: 1 } });
    const [{ clustering_output_dir, ...task }] = (await ephys.ClusteringTask.restrict(triggered).fetch()) as [
      Awaited<ReturnType<typeof ephys.ClusteringTask.fetch1>>,
    ];
    await ephys.ClusteringTask.insert([
      { ...task, ...loaded, task_mode: "load", clustering_output_dir: `${clustering_output_dir}/phy` },
    ]);
    await lab.run();
    const [first, second] = await Promise.all(
      [triggered, loaded].map((key) =>
        ephys.CuratedClusteringUnit.restrict(key).fetch({ orderBy: ["unit"] }),
      ),
    );
    assert.ok(first!.length >= 7);
    assert.deepEqual(
      second!.map(({ paramset_idx, ...unit }) => unit),
      first!.map(({ paramset_idx, ...unit }) => unit),
    );
    const metrics = async (key: object) =>
      (await ephys.QualityMetricsCluster.restrict(key as never).fetch({ orderBy: ["unit"] })).map(
        (row) => row.snr,
      );
    const [own, again] = [await metrics(triggered), await metrics(loaded)];
    for (const [i, snr] of own.entries()) assert.ok(Math.abs(again[i]! / snr! - 1) < 1e-6);
    assert.equal(await PreProcessing.restrict(loaded).count(), 0);
    const phy = await readPhyFolder(join(output(), "phy"));
    assert.deepEqual(
      Array.from(phy.sorting.unitIds),
      first!.map(({ unit }) => unit),
    );
  });

  it("asks which of several sortings is meant", async () => {
    await assert.rejects(databaseSorting({ subject: "mouse1" }), (error: SortingChoiceError) => {
      assert.ok(error instanceof SortingChoiceError);
      return /2 sortings match .*add paramset_idx/.test(error.message);
    });
    await assert.rejects(databaseSorting({ subject: "nobody" }), /No sorting in the database matches/);
  });

  it("writes the report once, and again only when something changed", async () => {
    const lines: string[] = [];
    const write = () =>
      writeSessionReports({
        lab: lab.lab,
        signal: new AbortController().signal,
        log: (line) => lines.push(line),
      });
    const path = join(lab.processed, session, "report.html");
    assert.equal(await write(), 1);
    const page = readFileSync(path, "utf8");
    assert.match(page, /^<!doctype html>/);
    assert.ok(page.includes(session) && page.includes("tenon, parameter set 0: defaults"));
    assert.ok(existsSync(join(output(), "manifest.json")));
    assert.ok(existsSync(join(lab.processed, session, "probe_0/figures/lfp_spectrogram.png")));
    assert.equal(await write(), 0);
    assert.equal(readFileSync(path, "utf8"), page);
    const key = (await ephys.CuratedClusteringUnit.restrict(loaded).keys())[0]!;
    const { deleteFrom } = await import("@tenon/datajoint");
    await deleteFrom(UnitLevelReport.restrict(key));
    assert.equal(await write(), 1);
    assert.equal(lines.length, 2);
  });
});

describe("recordings that give little", () => {
  it("pass through all steps when they hold no spikes or are short", async (t) => {
    const lab = await makePipelineLab();
    t.after(() => lab.close());
    const { SUITES } = await import("@tenon/ephys");
    const tiny = SUITES.get("tiny")!;
    await generateRecording(
      { ...tiny, name: "silent", unitCount: 0, farNeuronsPerMm: 0, durationS: 3 },
      1,
      lab.raw,
    );
    await generateRecording({ ...tiny, name: "short", durationS: 1 }, 2, lab.raw);
    for (const name of readdirSync(lab.raw)) await lab.register(name, name.slice(0, 5));
    await addParamset(lab.connection, { method: "tenon", description: "defaults", params: {} });
    assert.deepEqual(await lab.runToErrors(), []);
    assert.equal(await ephys.CuratedClustering.count(), 2);
    assert.equal(await ephys.QualityMetrics.count(), 2);
    assert.equal(await ProbeLevelReport.count(), 2);
    assert.equal(await ephys.CuratedClusteringUnit.restrict({ subject: "silen" }).count(), 0);
    const written = await writeSessionReports({
      lab: lab.lab,
      signal: new AbortController().signal,
      log: () => undefined,
    });
    assert.equal(written, 2);
    const silent = readdirSync(lab.processed).find((name) => name.startsWith("silent"))!;
    assert.match(readFileSync(join(lab.processed, silent, "report.html"), "utf8"), /found no units/);
  });
});

describe("tasks that cannot be done", () => {
  it("fail with a sentence that says what to do, and leave no files", async (t) => {
    const lab = await makePipelineLab();
    t.after(() => lab.close());
    const { SUITES } = await import("@tenon/ephys");
    await generateRecording({ ...SUITES.get("tiny")!, name: "brief", durationS: 1 }, 1, lab.raw);
    const [name] = readdirSync(lab.raw) as [string];
    await lab.register(name, "m1");
    assert.deepEqual(await lab.runToErrors(), []);
    const [key] = (await ephys.EphysRecording.keys()) as [
      Awaited<ReturnType<typeof ephys.EphysRecording.keys>>[number],
    ];
    const add = async (method: string, params: Record<string, number>, mode: "load" | "trigger") => {
      const { paramset_idx } = await addParamset(lab.connection, {
        method,
        description: mode,
        params,
        index: undefined,
      });
      await ephys.ClusteringTask.insert([
        { ...key, paramset_idx, task_mode: mode, clustering_output_dir: `out/${paramset_idx}` },
      ]);
    };
    await add("kilosort2.5", { nblocks: 1 }, "trigger");
    await add("kilosort2.5", { nblocks: 0 }, "load");
    await add("tenon", { seedTreshold: 5 }, "trigger");
    const errors = (await lab.runToErrors()).sort();
    // paramset 0 is the first of these; its task was there before the rule for it could act
    assert.equal(errors.length, 3, errors.join("\n"));
    assert.match(
      errors[0]!,
      /ephys\.Clustering: MissingResultsError: No results of a sorter in .*out\/1: looked for params\.py/,
    );
    assert.match(
      errors[1]!,
      /ephys_sorter\.PreProcessing: MethodError: The clustering method 'kilosort2\.5' cannot be triggered.*task_mode to 'load'/,
    );
    assert.match(errors[2]!, /SorterParametersError: .*'seedTreshold'\. Did you mean 'seedThreshold'\?/);
    assert.deepEqual(readdirSync(lab.processed), []);
  });
});
