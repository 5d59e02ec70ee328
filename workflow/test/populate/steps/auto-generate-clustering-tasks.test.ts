import assert from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { populate } from "@tenon/datajoint";
import { generateRecording, SUITES } from "@tenon/ephys";
import { addParamset, planTasks } from "../../../src/ingest/paramsets.ts";
import { ClusteringTask, EphysRecording, ProbeInsertion } from "../../../src/pipeline/ephys.ts";
import { Session, SessionDirectory } from "../../../src/pipeline/session.ts";
import { Subject } from "../../../src/pipeline/subject.ts";
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
    for (const time of ["first", "second"]) {
      assert.equal(await generate(), 0, `there is no parameter set 0 the ${time} time`);
      assert.match(
        lines.join("\n"),
        /^no parameter set 0, so recordings get no task: tenon paramset add [^\n]*$/,
      );
    }
    lines.length = 0;
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

  it("gives no two sessions of one folder one output directory, and says so once", async (t) => {
    const lab = await makePipelineLab();
    t.after(() => lab.close());
    await generateRecording("tiny", 1, lab.raw, { name: "one", durationS: 0.1 });
    await lab.register("one_g0", "m1");
    // as another program may have registered it: Tenon refuses
    await Subject.insert([{ subject: "m2", sex: "U", subject_birth_date: "2026-01-01" }]);
    const key = { subject: "m2", session_datetime: "2026-01-05 10:00:00" };
    await Session.insert([key]);
    await SessionDirectory.insert([{ ...key, session_dir: "one_g0" }]);
    await ProbeInsertion.insert([{ ...key, insertion_number: 0, probe: "99900000001" }]);
    await populate(EphysRecording);
    assert.equal(await EphysRecording.count(), 2);
    await addParamset(lab.connection, { method: "tenon", description: "defaults", params: {} });
    const generate = () =>
      autoGenerateClusteringTasks({
        lab: lab.lab,
        signal: new AbortController().signal,
        log: () => undefined,
      });
    const message =
      /No task for (m\d) .* go into 'one_g0\/probe_0\/tenon_0', where those of (?!\1)m\d .* are/;
    await assert.rejects(generate(), message);
    assert.equal(await ClusteringTask.count(), 1);
    assert.equal(await generate(), 0);
    await addParamset(lab.connection, {
      method: "tenon",
      description: "other",
      params: { seedThreshold: 6 },
    });
    await assert.rejects(planTasks({ paramset: 1 }), /No task for m2 .* where those of m1 .* are/);
    await assert.rejects(planTasks({ paramset: 0 }), message);
  });
});
