/** `tenon sort` and `tenon score` on a generated recording, without any database. */
import assert from "node:assert/strict";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { generateRecording, readPhyFolder } from "@tenon/ephys";
import { makeTestLab } from "../support/test-lab.ts";

const lab = makeTestLab();
after(() => lab.remove());
let truth = "";

interface Sorted {
  readonly dir: string;
  readonly recording: string;
  readonly unitCount: number;
  readonly spikeCount: number;
  readonly durationS: number;
  readonly seconds: number;
  readonly figures: readonly string[];
}

describe("tenon sort", () => {
  let sorted: Sorted;
  before(async () => {
    const { truthPath } = await generateRecording("tiny", 2, join(lab.folder, "raw"), {
      durationS: 10,
      name: "sorted",
    });
    truth = truthPath;
    sorted = await lab.json<Sorted>("sort", "raw/sorted_g0", "--out", "results/one", "--threads", "1");
  });

  it("prints the promised fields", () => {
    assert.deepEqual(Object.keys(sorted), [
      "dir",
      "recording",
      "unitCount",
      "spikeCount",
      "durationS",
      "seconds",
      "figures",
    ]);
    assert.equal(sorted.dir, join(lab.folder, "results/one"));
    assert.equal(sorted.durationS, 10);
  });

  it("leaves a Phy folder with figures, no database, and nothing beside it", async () => {
    for (const name of [
      "spike_times.npy",
      "spike_clusters.npy",
      "templates.npy",
      "params.py",
      "cluster_info.tsv",
    ])
      assert.ok(existsSync(join(sorted.dir, name)), name);
    const { sorting, params } = await readPhyFolder(sorted.dir);
    assert.equal(sorting.unitIds.length, sorted.unitCount);
    assert.equal(sorting.spikeSamples.length, sorted.spikeCount);
    assert.ok(existsSync(String(params.get("dat_path"))));
    // the workers' names, each as SVG and PNG, and the list of them
    const { unitIds } = sorting;
    const names = ["drift_map_shank0", "probe_map", "quality_histograms"];
    for (const unit of unitIds) names.push(`units/unit_${`${unit}`.padStart(4, "0")}`);
    assert.deepEqual(
      sorted.figures.map((path) => path.slice(join(sorted.dir, "figures").length + 1)),
      names.flatMap((name) => [`${name}.svg`, `${name}.png`]),
    );
    const files = readdirSync(join(sorted.dir, "figures"), { recursive: true, encoding: "utf8" });
    assert.deepEqual(
      files.filter((name) => name !== "units").sort(),
      [...names.flatMap((name) => [`${name}.svg`, `${name}.png`]), "figures.json"].sort(),
    );
    for (const path of sorted.figures.filter((name) => name.endsWith(".png")))
      assert.deepEqual([...readFileSync(path).subarray(1, 4)], [...Buffer.from("PNG")]);
    for (const path of sorted.figures.filter((name) => name.endsWith(".svg")))
      assert.match(readFileSync(path, "utf8"), /^<svg /);
    assert.deepEqual(readdirSync(join(lab.folder, "results")), ["one"]);
    assert.ok(!existsSync(join(lab.folder, "tenon.sqlite")));
  });

  it("gives the same spikes with two threads, into an empty folder that is there", async () => {
    const again = await lab.json<Sorted>("sort", "raw/sorted_g0", "--out", "results/two", "--threads", "2");
    for (const name of ["spike_times.npy", "spike_clusters.npy", "templates.npy", "cluster_info.tsv"])
      assert.deepEqual(readFileSync(join(again.dir, name)), readFileSync(join(sorted.dir, name)), name);
  });
});

describe("tenon score", () => {
  it("says how many of the true units were found, with the promised fields", async () => {
    const score = await lab.json<Record<string, unknown>>("score", "results/one", truth);
    assert.deepEqual(Object.keys(score), [
      "trueUnits",
      "detectableUnits",
      "wellDetected",
      "wellDetectedOfAll",
      "found",
      "falsePositives",
      "redundant",
      "overmerged",
      "meanAccuracySnr8",
      "units",
    ]);
    assert.equal(score["trueUnits"], 8);
    assert.ok(Number(score["wellDetected"]) >= 0.8 * Number(score["detectableUnits"]), JSON.stringify(score));
    assert.equal((score["units"] as unknown[]).length, 8);
  });

  it("refuses a sorting at another rate than the truth's", async () => {
    const folder = join(lab.folder, "other-rate");
    cpSync(join(lab.folder, "results/one"), folder, { recursive: true });
    const params = join(folder, "params.py");
    writeFileSync(params, readFileSync(params, "utf8").replace(/^sample_rate.*$/m, "sample_rate = 20000.0"));
    const { code, out, err } = await lab.tenon("score", "other-rate", truth);
    assert.deepEqual([code, out], [1, ""]);
    assert.match(err, /other-rate was sorted at 20000 Hz \(params\.py\), but the truth .* is at 30000 Hz/);
    rmSync(params);
    const bare = await lab.json<{ wellDetected: number }>("score", "other-rate", truth);
    assert.ok(bare.wellDetected > 0, "bare arrays are taken to be at the truth's");
  });

  it("prints a table for people", async () => {
    const { code, out } = await lab.tenon("score", "results/one", join(truth, ".."));
    assert.equal(code, 0);
    assert.match(out, /well detected +\d of \d \(accuracy >= 0\.8\)/);
    assert.equal(out.split("\n").filter((line) => /^ +\d+ +\d+\.\d +\d+ +\d\.\d\d/.test(line)).length, 8);
  });
});
