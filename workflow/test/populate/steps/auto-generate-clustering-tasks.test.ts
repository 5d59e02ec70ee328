import assert from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { populate } from "@tenon/datajoint";
import { generateRecording, SUITES } from "@tenon/ephys";
import { addParamset } from "../../../src/ingest/paramsets.ts";
import { ClusteringTask, EphysRecording } from "../../../src/pipeline/ephys.ts";
import { autoGenerateClusteringTasks } from "../../../src/populate/steps/auto-generate-clustering-tasks.ts";
import { makePipelineLab } from "./support/pipeline-lab.ts";

/** The files by which a folder counts as a sorter's whole output (pipeline contract 3.5). */
const coreFiles = [
  "params.py",
  "spike_times.npy",
  "spike_templates.npy",
  "spike_clusters.npy",
  "amplitudes.npy",
  "templates.npy",
  "similar_templates.npy",
  "channel_map.npy",
  "channel_positions.npy",
  "pc_features.npy",
  "pc_feature_ind.npy",
  "cluster_group.tsv",
];

describe("autoGenerateClusteringTasks", () => {
  it("triggers what is not sorted and loads what is, once, and only with a parameter set 0", async (t) => {
    const lab = await makePipelineLab();
    t.after(() => lab.close());
    const suite = { ...SUITES.get("tiny")!, durationS: 0.5 };
    for (const name of ["alpha", "beta", "gamma"]) await generateRecording({ ...suite, name }, 1, lab.raw);
    const names = readdirSync(lab.raw).sort();
    for (const name of names) await lab.register(name, name.slice(0, 4));
    const folderOf = (name: string) => join(lab.processed, name, "probe_0/tenon_0");
    for (const [name, files] of [
      [names[1]!, coreFiles],
      [names[2]!, coreFiles.slice(1)],
    ] as const) {
      mkdirSync(folderOf(name), { recursive: true });
      for (const file of files) writeFileSync(join(folderOf(name), file), "");
    }
    const lines: string[] = [];
    const generate = () =>
      autoGenerateClusteringTasks({
        lab: lab.lab,
        signal: new AbortController().signal,
        log: (line) => lines.push(line),
      });

    assert.equal(await generate(), 0, "nothing is ingested");
    await populate(EphysRecording);
    assert.equal(await EphysRecording.count(), 3);
    assert.equal(await generate(), 0, "there is no parameter set 0");
    await addParamset(lab.connection, { method: "tenon", description: "defaults", params: {} });
    assert.equal(await generate(), 3);
    const tasks = await ClusteringTask.fetch({ orderBy: ["subject"] });
    assert.deepEqual(
      tasks.map(({ subject, task_mode, clustering_output_dir }) => [
        subject,
        task_mode,
        clustering_output_dir,
      ]),
      [
        ["alph", "trigger", `${names[0]}/probe_0/tenon_0`],
        ["beta", "load", `${names[1]}/probe_0/tenon_0`],
        // without params.py the folder is no whole output
        ["gamm", "trigger", `${names[2]}/probe_0/tenon_0`],
      ],
    );
    assert.equal(await generate(), 0, "every recording has its task");
    assert.equal(lines.length, 3);
  });
});
